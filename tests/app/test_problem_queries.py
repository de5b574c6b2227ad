"""The Curate page's queries against the same questions asked of the tables with Polars."""

import polars as pl
import pytest

from app.queries import problems
from app.queries.problems import ProblemFilter
from workbench.store import Store

REF = "train@v001"


@pytest.fixture(scope="module")
def joined(store: Store) -> pl.DataFrame:
    """Every problem of the raw version with its fate in the curated one and its pass rate."""
    raw = pl.read_parquet(store.workspace.dataset("raw@v001").problems)
    decisions = pl.read_parquet(store.workspace.dataset(REF).decisions)
    fates = decisions.filter(pl.col("verdict") != "flag").select("problem_id", decision="verdict", reason="reason")
    flags = decisions.filter(pl.col("verdict") == "flag").select("problem_id", flag="reason")
    responses = pl.concat([pl.read_parquet(path) for path in store.responses()])
    scored = responses.filter(pl.col("verdict") != "unscorable")
    rates = scored.group_by("problem_id").agg(rate=(pl.col("verdict") == "correct").mean())
    return raw.join(fates, "problem_id").join(flags, "problem_id", how="left").join(rates, "problem_id", how="left")


FILTERS = [
    (ProblemFilter(), pl.lit(True)),
    (ProblemFilter(decision=("drop",)), pl.col("decision") == "drop"),
    (ProblemFilter(decision=("flag",)), pl.col("flag").is_not_null()),
    (
        ProblemFilter(reason=("too_easy", "small_image")),
        (pl.col("reason") == "too_easy") | pl.col("flag").is_not_null(),
    ),
    (ProblemFilter(subject=("biology", "physics")), pl.col("subject").is_in(["biology", "physics"])),
    (
        ProblemFilter(grade=("3",), answer_type=("number",)),
        (pl.col("grade") == "3") & (pl.col("answer_type") == "number"),
    ),
    (ProblemFilter(model="tiny", low=0.25, high=0.5), pl.col("rate").is_between(0.25, 0.5)),
    (ProblemFilter(text="HOW MANY"), pl.col("question").str.to_lowercase().str.contains("how many", literal=True)),
    (ProblemFilter(text="7-000003"), pl.col("source_id") == "7-000003"),
    (ProblemFilter(source=("' OR 1=1 --",)), pl.lit(False)),
]


@pytest.mark.parametrize(("chosen", "expected"), FILTERS)
def test_filters_choose_the_rows_polars_chooses(
    store: Store, joined: pl.DataFrame, chosen: ProblemFilter, expected: pl.Expr
) -> None:
    wanted = joined.filter(expected)
    found = problems.problems(store, REF, chosen, 0, 100)
    assert sorted(found["problem_id"]) == sorted(wanted["problem_id"])
    counts = problems.counts(store, REF, chosen)
    assert counts["total"] == wanted.height
    assert counts["drop"] == (wanted["decision"] == "drop").sum()
    assert counts["flag"] == wanted["flag"].count()


def test_pages_follow_each_other_without_gap(store: Store) -> None:
    pages = [problems.problems(store, REF, ProblemFilter(), offset, 7) for offset in range(0, 42, 7)]
    ids = pl.concat(pages)["problem_id"]
    assert ids.n_unique() == len(ids) == 40


def test_facets_count_values(store: Store, joined: pl.DataFrame) -> None:
    found = problems.facets(store, REF)
    for name in ("source", "subject", "grade", "answer_type"):
        assert found[name] == dict(joined[name].value_counts().iter_rows())
    assert found["decision"] == {"keep": 32, "drop": 8, "flag": 6}
    assert found["reason"] == {"kept": 32, "too_easy": 8, "small_image": 6}


def test_a_dropped_problem_is_found_with_its_decisions(store: Store, joined: pl.DataFrame) -> None:
    dropped = joined.filter(pl.col("decision") == "drop").row(0, named=True)
    found = problems.problem(store, dropped["problem_id"], (REF,))
    assert found is not None
    assert (found["dataset"], found["question"]) == ("raw@v001", dropped["question"])
    chain = problems.chain(store, dropped["problem_id"])
    assert chain.select("dataset_version", "step", "verdict", "reason").row(-1) == (
        REF,
        "difficulty",
        "drop",
        "too_easy",
    )
    assert problems.problem(store, "no such id") is None


def test_flags_come_before_the_decision(store: Store, joined: pl.DataFrame) -> None:
    flagged = joined.filter(pl.col("flag").is_not_null()).row(0, named=True)
    assert problems.chain(store, flagged["problem_id"])["verdict"].to_list() == ["flag", flagged["decision"]]


def test_pass_rates_leave_unscorable_answers_out(store: Store, joined: pl.DataFrame) -> None:
    for row in joined.head(6).iter_rows(named=True):
        [rate] = problems.pass_rates(store, row["problem_id"]).to_dicts()
        assert (rate["model"], rate["n"], rate["rate"]) == ("tiny", 4, row["rate"])
        assert problems.count_unscorable(store, row["problem_id"], "tiny") == 1
