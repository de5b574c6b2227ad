"""The Curate page's queries against the same questions asked of the tables with Polars."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from app.queries import listing, problems, reviews
from app.queries.facets import Facet
from app.queries.listing import Index, Narrowed, ProblemFilter
from workbench.annotations import DECISION, EDIT, NOTE, TAGS, Annotations
from workbench.schema import content_hash
from workbench.store import Store
from workbench.workspace import Workspace

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


def narrow(store: Store, chosen: ProblemFilter) -> tuple[Index, Narrowed, list[str]]:
    """The list under a filter, as the page asks for it, and the ids that it shows."""
    index = listing.index(store, REF)
    rates = listing.rates(store, index, chosen.model) if chosen.model else None
    words = reviews.reviews(store, index.frame["problem_id"])
    found = problems.search(store, REF, chosen.text) if chosen.text else None
    hits = None if found is None else words.searched(index.frame["problem_id"], found, chosen.text)
    left = listing.narrowed(index, rates, words, hits, chosen)
    return index, left, index.frame["problem_id"][left.rows.tolist()].to_list()


@pytest.mark.parametrize(("chosen", "expected"), FILTERS)
def test_filters_choose_the_rows_polars_chooses(
    store: Store, joined: pl.DataFrame, chosen: ProblemFilter, expected: pl.Expr
) -> None:
    wanted = joined.filter(expected)
    _, left, ids = narrow(store, chosen)
    assert sorted(ids) == sorted(wanted["problem_id"])
    assert left.total == wanted.height
    assert left.decided["drop"] == (wanted["decision"] == "drop").sum()
    assert left.decided["flag"] == wanted["flag"].count()


def test_the_list_has_every_problem_once_with_its_texts(store: Store, joined: pl.DataFrame) -> None:
    index, _, ids = narrow(store, ProblemFilter())
    assert index.height == len(set(ids)) == 40
    found = problems.texts(store, REF, tuple(ids))
    assert {name: row["question"] for name, row in found.items()} == dict(
        joined.select("problem_id", "question").iter_rows()
    )


def test_facets_count_values(store: Store, joined: pl.DataFrame) -> None:
    _, left, _ = narrow(store, ProblemFilter())
    for name in ("source", "subject", "topic", "grade", "answer_type", "language"):
        assert left.counts[name] == dict(joined[name].value_counts().iter_rows())
    assert left.counts["decision"] == {"keep": 32, "drop": 8, "flag": 6}
    assert left.counts["reason"] == {"kept": 32, "too_easy": 8, "small_image": 6}


def test_a_facet_counts_under_all_filters_but_its_own(store: Store, joined: pl.DataFrame) -> None:
    chosen = ProblemFilter(subject=("physics",), decision=("keep",), model="tiny", low=0.5)
    _, left, _ = narrow(store, chosen)
    kept, rated = pl.col("decision") == "keep", pl.col("rate") >= 0.5
    subjects = joined.filter(kept & rated)["subject"].value_counts().iter_rows()
    assert {value: n for value, n in left.counts["subject"].items() if n} == dict(subjects)
    physics = joined.filter((pl.col("subject") == "physics") & kept)
    bins = [physics.filter((pl.col("rate") * 10).floor().clip(0, 9) == number).height for number in range(10)]
    assert list(left.histogram) == bins


def test_a_facet_of_lists_counts_a_value_once_a_row() -> None:
    facet = Facet.of(pl.Series([["a", "b", "a"], [], ["b", None], ["b"]]))
    assert facet.counts(np.array([True, True, True, True])) == {"b": 3, "a": 1}
    assert facet.having(["a"]).tolist() == [True, False, False, False]
    assert facet.having(["no such"]).tolist() == [False] * 4


def test_words_of_people_narrow_and_show(workspace: Workspace) -> None:
    store = Store(workspace)
    ids = narrow(store, ProblemFilter())[2]
    said = Annotations(workspace)
    said.add_many(DECISION, ids[:3], {"verdict": "reject", "reason": "unclear"}, "ann")
    said.add(DECISION, ids[0], {"verdict": "accept", "reason": None}, "bob")
    said.add(TAGS, ids[4], ["hard", "nice"], "bob")
    said.add(NOTE, ids[5], "look again", "bob")
    said.add(EDIT, ids[6], {"question": "A zebra?", "choices": ["1", "2"]}, "bob")
    for chosen, wanted in (
        (ProblemFilter(review=("reject",)), ids[1:3]),
        (ProblemFilter(review=("accept",)), ids[:1]),
        (ProblemFilter(why=("unclear",)), ids[1:3]),
        (ProblemFilter(tag=("nice",)), ids[4:5]),
        (ProblemFilter(annotated="yes"), [*ids[:3], *ids[4:7]]),
        (ProblemFilter(annotated="no"), [ids[3], *ids[7:]]),
        (ProblemFilter(text="zebra"), ids[6:7]),
    ):
        assert narrow(store, chosen)[2] == wanted
    words = reviews.reviews(store, pl.Series(ids)).of(ids)
    assert (words[ids[1]]["review"], words[ids[1]]["why"], words[ids[1]]["who"]) == ("reject", "unclear", "ann")
    assert words[ids[4]]["tags"] == ["hard", "nice"] and words[ids[5]]["note"] == "look again"
    before = problems.problem(store, ids[6])
    assert before is not None
    after = reviews.edited(before, words[ids[6]]["edit"])
    assert (after["question"], after["choices"], after["answer"]) == ("A zebra?", ["1", "2"], before["answer"])
    assert after["content_hash"] == content_hash("A zebra?", before["images"], ["1", "2"], before["answer"])
    # The answers were to the older content.
    assert ids[6] not in narrow(store, ProblemFilter(model="tiny", high=0.99))[2]


def test_a_word_that_an_edit_removed_is_no_hit(workspace: Workspace) -> None:
    store = Store(workspace)
    [hit, *_] = narrow(store, ProblemFilter(text="how many"))[2]
    Annotations(workspace).add(EDIT, hit, {"question": "What is it?"}, "ann")
    assert hit not in narrow(store, ProblemFilter(text="how many"))[2]


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
    official: dict[str, Any] = {row["problem_id"]: row for row in store.pass_rates().to_dicts()}
    for row in joined.head(6).iter_rows(named=True):
        answered = problems.answers(store, row["problem_id"])
        assert answered.height == 5
        [rate] = problems.pass_rates(answered)
        assert (rate["model"], rate["n"], rate["k"] / rate["n"]) == ("tiny", 4, row["rate"])
        assert rate["interval"].low == pytest.approx(official[row["problem_id"]]["low"], abs=1e-12)
