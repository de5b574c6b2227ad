"""Near duplicates, contamination and splits on planted cases: precision and recall, printed and held to a bar."""

import io
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from pipelines.similarity.features import picture_features
from pipelines.similarity.minhash import candidates, jaccard
from pipelines.similarity.pictures import leaders, picture_groups, within
from pipelines.similarity.wording import gold, read
from pipelines.steps import STEPS, Context
from pipelines.steps.near_duplicate_images import NearDuplicateImagesParams, near_duplicate_images
from pipelines.steps.near_duplicate_text import NearDuplicateTextParams, near_duplicate_text
from tests.pipelines.similarity.planted import COPIES, HARMLESS, PARAPHRASES, RENAMED, SIBLINGS, drawing, encoded
from tests.pipelines.small_datasets import problem, publish
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.schema import PROBLEMS, Problem
from workbench.synth import problem_at
from workbench.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ws")


def frame(problems: list[Problem]) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(_table(problems)))


def _table(problems: list[Problem]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist([item.row() for item in problems], schema=PROBLEMS)


def found(step: str, problems: list[Problem], workspace: Workspace, **params: Any) -> dict[str, dict[str, Any]]:
    """source_id → {reason, and the detail with the twin's source_id} of each problem that the step drops."""
    rows = STEPS[step].run(frame(problems), STEPS[step].params(**params), Context(workspace))
    names = {item.problem_id: item.source_id for item in problems}
    drops = rows.filter(pl.col("verdict") == "drop")
    assert drops["problem_id"].n_unique() >= drops.height - drops["problem_id"].is_duplicated().sum()
    result: dict[str, dict[str, Any]] = {}
    for row in drops.to_dicts():
        detail = json.loads(row["detail"])
        if "twin" in detail:
            detail["twin"] = names[detail["twin"]]
        result.setdefault(names[row["problem_id"]], {"reason": row["reason"], **detail})
    return result


def report(what: str, hits: int, planted: int, wrong: int) -> None:
    precision = hits / (hits + wrong) if hits + wrong else 1.0
    print(f"\n{what}: recall {hits}/{planted} = {hits / planted:.3f}, precision {precision:.3f} ({wrong} wrong)")


def test_paraphrases_are_found_and_template_siblings_spared(workspace: Workspace) -> None:
    problems = []
    for number, (one, other, answer) in enumerate(PARAPHRASES):
        problems += [problem(f"p{number}a", one, answer), problem(f"p{number}b", other, answer)]
    for number, (one, answer, other, other_answer) in enumerate(SIBLINGS):
        problems += [problem(f"s{number}a", one, answer), problem(f"s{number}b", other, other_answer)]
    dropped = found("near_duplicate_text", problems, workspace)
    hits = [name for name in dropped if name[0] == "p" and dropped[name]["twin"] == name[:-1] + "a"]
    wrong = set(dropped) - set(hits)
    report("paraphrases", len(hits), len(PARAPHRASES), len(wrong))
    assert not wrong
    assert {name[1:-1] for name in hits} == {str(n) for n in range(len(PARAPHRASES))}


def test_an_equal_question_with_another_picture_or_answer_is_no_duplicate(workspace: Workspace) -> None:
    store = ImageStore(workspace.images)
    one, other = (store.put(problem_at(index, 0).image) for index in (0, 1))
    again = store.put(encoded(Image.open(io.BytesIO(problem_at(0, 0).image)).convert("RGB"), "JPEG", quality=80))
    question = "How many apples do the 3 children in the picture have together?"
    problems = [
        problem("first", question, "9", images=(one,)),
        problem("other picture", question, "9", images=(other,)),
        problem("other answer", question, "8", images=(one,)),
        problem("no picture", question, "9"),
        problem("same picture again", question + " ", "9.0", images=(again,)),
        problem("other options", question, "A", images=(one,), choices=("9", "10")),
        problem("shuffled options", question, "B", images=(one,), choices=("10", "9")),
    ]
    dropped = found("near_duplicate_text", problems, workspace)
    assert {name: row["twin"] for name, row in dropped.items()} == {
        "same picture again": "first",
        "other options": "first",
        "shuffled options": "first",
    }
    rows = near_duplicate_text(frame(problems), NearDuplicateTextParams(), Context(workspace))
    flags = rows.filter(pl.col("verdict") == "flag")
    assert flags["problem_id"].to_list() == [problems[2].problem_id]
    assert json.loads(flags["detail"][0]) == {"twin": problems[0].problem_id, "answer": "8", "twins_answer": "9"}


@pytest.mark.slow
def test_copies_of_pictures_are_found_and_look_alikes_spared(workspace: Workspace) -> None:
    """240 figures of two styles with one question each way; 160 copies, 40 figures asked twice."""
    rng = random.Random(7)
    store = ImageStore(workspace.images)
    figures = [drawing(rng) for _ in range(120)]
    figures += [Image.open(io.BytesIO(problem_at(index, 11).image)).convert("RGB") for index in range(120)]
    # Only a few questions and answers, so that words and gold hardly help to tell the figures apart.
    asked = [(f"Find the length of side {'AB'[n % 2]} in the figure.", str(n % 3)) for n in range(len(figures))]
    problems = [
        problem(f"f{n}", question, answer, images=(store.put(encoded(figure, "PNG")),))
        for n, (figure, (question, answer)) in enumerate(zip(figures, asked, strict=True))
    ]
    planted: dict[str, str] = {}
    for number, target in enumerate(rng.sample(range(len(figures)), 160)):
        way = list(COPIES)[number % len(COPIES)]
        question, answer = asked[target]
        sha = store.put(COPIES[way](figures[target], rng))
        problems.append(problem(f"{way} {target}", question.replace("Find", "Calculate"), answer, images=(sha,)))
        planted[f"{way} {target}"] = f"f{target}"
    for target in range(40):
        sha = problems[target].images[0]
        problems.append(
            problem(f"asked {target}", "How many right angles does it have?", asked[target][1], images=(sha,))
        )
    dropped = found("near_duplicate_images", problems, workspace)
    hits = {name for name, twin in planted.items() if dropped.get(name, {}).get("twin") == twin}
    wrong = {name for name, row in dropped.items() if planted.get(name) != row["twin"]}
    report("copied pictures", len(hits), len(planted), len(wrong))
    by_way = {way: sum(name.startswith(f"{way} ") for name in hits) for way in COPIES}
    print("found of 20 each:", by_way, "missed:", sorted(set(planted) - hits))
    assert not wrong
    assert len(hits) / len(planted) >= 0.97 and min(by_way.values()) >= 18
    rows = near_duplicate_images(frame(problems), NearDuplicateImagesParams(), Context(workspace))
    shared = rows.filter(pl.col("reason") == "shared_picture")
    names = {item.problem_id: item.source_id for item in problems}
    # Every second question to a figure is flagged, and only those.
    assert {names[row] for row in shared["problem_id"]} == {f"asked {n}" for n in range(40)}
    again = near_duplicate_images(frame(problems), NearDuplicateImagesParams(), Context(workspace))
    assert rows.equals(again)
    # Without what is remembered the result is the same.
    for path in sorted(workspace.cache.rglob("*.parquet")):
        path.unlink()
    assert rows.equals(near_duplicate_images(frame(problems), NearDuplicateImagesParams(), Context(workspace)))


def test_groups_of_identical_pictures_are_found_whatever_is_asked(workspace: Workspace) -> None:
    store = ImageStore(workspace.images)
    originals = [problem_at(index, 5).image for index in range(30)]
    shas, expected = [], {}
    for number, data in enumerate(originals):
        image = Image.open(io.BytesIO(data)).convert("RGB")
        for compress in range(1 + number % 3):
            sha = store.put(data if compress == 0 else encoded(image, "PNG", compress_level=compress))
            shas.append(sha)
            expected[sha] = number
    groups = picture_groups(workspace, pl.Series(shas))
    got: dict[str, set[int]] = {}
    for sha, group in groups.iter_rows():
        got.setdefault(group, set()).add(expected[sha])
    assert len(got) == len({expected[sha] for sha in shas}) and all(len(members) == 1 for members in got.values())


def test_benchmark_items_are_found_and_named_and_harmless_phrases_spared(workspace: Workspace, tmp_path: Path) -> None:
    bench = [problem(f"r{n}", item, str(n + 1)) for n, (item, _) in enumerate(RENAMED)]
    bench += [problem(f"h{n}", item, str(n + 1)) for n, (item, _) in enumerate(HARMLESS)]
    publish(workspace, "bench", bench)
    problems = [problem(f"r{n}", text, str(n + 1)) for n, (_, text) in enumerate(RENAMED)]
    problems += [problem(f"h{n}", text, str(50 + n)) for n, (_, text) in enumerate(HARMLESS)]
    dropped = found("decontaminate", problems, workspace, benchmarks=["bench"])
    hits = {name for name, row in dropped.items() if name[0] == "r" and row["item"] == name}
    report("renamed benchmark items", len(hits), len(RENAMED), len(dropped) - len(hits))
    assert hits == {f"r{n}" for n in range(len(RENAMED))} and set(dropped) == hits
    assert {row["benchmark"] for row in dropped.values()} == {"bench@v001"}
    file = tmp_path / "other.jsonl"
    file.write_text("".join(json.dumps({"id": n, "question": item}) + "\n" for n, (item, _) in enumerate(RENAMED)))
    from_file = found("decontaminate", problems, workspace, benchmarks=[str(file)])
    assert set(from_file) == hits and {row["benchmark"] for row in from_file.values()} == {"other"}
    with pytest.raises(UserError, match="no benchmark file"):
        found("decontaminate", problems, workspace, benchmarks=["nowhere.jsonl"])


def test_a_benchmarks_picture_and_formula_are_found(workspace: Workspace) -> None:
    store = ImageStore(workspace.images)
    rng = random.Random(3)
    figures = [drawing(rng) for _ in range(12)]
    bench = [
        problem(f"b{n}", "Find the marked length.", str(n), images=(store.put(encoded(figure, "PNG")),))
        for n, figure in enumerate(figures)
    ]
    bench.append(problem("formula", r"Solve $\frac{2x+1}{3} - \frac{x-4}{5} = 7$ for $x$.", "11"))
    publish(workspace, "bench", bench)
    ways = [*COPIES.values()]
    problems = [
        problem(f"b{n}", "Calculate the marked length.", str(n), images=(store.put(ways[n % len(ways)](figure, rng)),))
        for n, figure in enumerate(figures)
    ]
    problems.append(problem("same figure", "Which angle is the widest one?", "B", images=bench[0].images))
    problems.append(
        problem("other figure", "Find the marked length.", "0", images=(store.put(encoded(drawing(rng), "PNG")),))
    )
    problems.append(problem("formula", "What value of t fulfils (2t+1)/3 - (t-4)/5 = 7, please?", "11"))
    dropped = found("decontaminate", problems, workspace, benchmarks=["bench"])
    assert {name: row["item"] for name, row in dropped.items()} == {
        name: name for name in [*(f"b{n}" for n in range(12)), "formula"]
    }
    assert dropped["formula"]["reason"] in ("contaminated_formula", "contaminated_text")
    assert dropped["b1"] | {"score": 1.0} == {
        "reason": "contaminated_image", "benchmark": "bench@v001", "item": "b1", "how": "picture", "score": 1.0,
    }  # fmt: skip


@pytest.mark.slow
def test_real_benchmarks_are_found_in_themselves_and_not_in_other_data(workspace: Workspace, shared_data: Path) -> None:
    from pipelines.importing import import_dataset

    for name, path in (("mathv", "mathv/testmini.jsonl"), ("k12", "k12"), ("tabmwp", "tabmwp")):
        import_dataset(workspace, str(shared_data / path), name, name)
    table = pl.read_parquet(workspace.dataset("tabmwp").problems)
    step = STEPS["decontaminate"]
    assert step.run(table, step.params(benchmarks=["mathv", "k12"]), Context(workspace)).is_empty()
    bench = pl.read_parquet(workspace.dataset("mathv").problems)
    context = Context(workspace)
    rows = step.run(bench, step.params(benchmarks=["mathv", "k12"]), context)
    assert rows.filter(pl.col("verdict") == "drop")["problem_id"].n_unique() == bench.height
    assert context.read == [workspace.dataset(name).problems for name in ("mathv", "k12")]


def test_no_near_duplicate_leaks_across_splits(workspace: Workspace) -> None:
    store = ImageStore(workspace.images)
    problems, family = [], {}
    for number in range(200):
        data = problem_at(number, 21).image
        image = Image.open(io.BytesIO(data)).convert("RGB")
        question = f"A box number {number} holds {number + 5} pens. How many pens are in it?"
        members = [problem(f"{number}a", question, str(number), images=(store.put(data),))]
        if number % 4 == 0:
            sha = store.put(encoded(image, "JPEG", quality=75))
            members.append(problem(f"{number}b", question.replace("holds", "contains"), str(number), images=(sha,)))
            members.append(problem(f"{number}c", "What colour is it?", "red", images=(sha,)))
        problems += members
        family |= {item.problem_id: number for item in members}
    step = STEPS["split"]

    def run(**params: Any) -> pl.DataFrame:
        found, columns = step.run(frame(problems), step.params(**params), Context(workspace))
        assert found.is_empty() and columns.columns == ["problem_id", "split"]
        return columns

    columns = run(fractions={"train": 0.8, "validation": 0.1, "test": 0.1}, seed=1)
    sides = (
        columns.with_columns(family=pl.col("problem_id").replace_strict(family))
        .group_by("family")
        .agg(pl.col("split").n_unique())
    )
    assert sides["split"].max() == 1 and columns.height == len(problems)
    counts = dict(columns["split"].value_counts().iter_rows())
    assert counts["train"] == pytest.approx(240, abs=3) and counts["test"] == pytest.approx(30, abs=3)
    assert columns.equals(run(fractions={"train": 0.8, "validation": 0.1, "test": 0.1}, seed=1))
    assert not columns.equals(run(fractions={"train": 0.8, "validation": 0.1, "test": 0.1}, seed=2))
    with pytest.raises(ValueError, match="sum to 1"):
        step.params(fractions={"train": 0.8, "test": 0.1})


def test_the_images_step_names_each_fault_of_a_picture(workspace: Workspace) -> None:
    store = ImageStore(workspace.images)
    good = store.put(encoded(drawing(random.Random(0)), "PNG"))
    blank = store.put(encoded(Image.new("RGB", (50, 60), (250, 250, 240)), "PNG"))
    broken = "ab" + "0" * 62
    (store.root / "ab").mkdir(parents=True, exist_ok=True)
    (store.root / "ab" / f"{broken}.png").write_bytes(encoded(drawing(random.Random(1)), "PNG")[:300])
    problems = [
        problem(n, n, images=(s,))
        for n, s in (("good", good), ("blank", blank), ("broken", broken), ("gone", "f" * 64))
    ]
    dropped = found("images", problems, workspace)
    assert {name: row["reason"] for name, row in dropped.items()} == {
        "blank": "image_blank", "broken": "image_undecodable", "gone": "image_missing",
    }  # fmt: skip
    assert set(found("images", problems, workspace, allow_blank=True)) == {"broken", "gone"}
    side = Image.open(store.path(good)).size[0]
    assert found("images", problems[:1], workspace, max_side=side - 1)["good"]["reason"] == "image_too_large"
    assert found("images", problems[:1], workspace, min_pixels=10**6)["good"]["reason"] == "image_too_small"
    assert picture_features(workspace, pl.Series([good]))["mode"].to_list() == ["RGB"]


def test_questions_are_read_apart() -> None:
    _, words, numbers, quantities, formulas, symbols = read("A box has 3 red and five blue balls; $2x+1=7$. Find $x$.")
    assert (numbers, formulas, symbols) == ("3 5 2 1 7", "2x+1=7", "x")
    assert words == "1 2 3 5 7 bal blu box red" and quantities == "1;2;3 red;5 blu;7"
    assert read("7 = 2x + 1")[4] == read(r"\(2x+1=7\)")[4]
    assert gold("5 cm", None)[0] == gold("5.0", None)[0] == gold("B", ["4", "5"])[0] == "5"
    assert gold("0.5", None)[0] == gold(r"\frac{1}{2}", None)[0] == "1/2"


def test_the_search_agrees_with_comparing_all_with_all() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, (300, 32), dtype=np.uint8)
    codes[200:] = codes[:100]
    codes[200:, 0] ^= rng.integers(0, 256, 100, dtype=np.uint8)
    bits = np.unpackbits(codes, axis=1).astype(int)
    far = (bits[:, None] != bits[None]).sum(-1)
    for most in (0, 3, 8, 110):
        expected = {(int(a), int(b), int(far[a, b])) for a, b in np.argwhere(far <= most)}
        assert set(within(codes, codes, most).iter_rows()) == expected
    words = [f"w{n}" for n in range(40)]
    sets = pl.Series([list(rng.choice(words, 12, replace=False)) for _ in range(200)])
    sets = pl.concat([sets, pl.Series([[*row[:10], "x", "y"] for row in sets.to_list()])])
    block = pl.Series([n % 2 for n in range(400)])
    pairs = set(candidates(sets, block).iter_rows())
    plain = [set(row) for row in sets]
    close = {
        (a, b) for a in range(400) for b in range(a + 1, 400)
        if a % 2 == b % 2 and len(plain[a] & plain[b]) / len(plain[a] | plain[b]) >= 0.5
    }  # fmt: skip
    assert len(close & pairs) / len(close) > 0.95 and all(a % 2 == b % 2 for a, b in pairs)
    one = jaccard(sets, pl.Series([0]), sets, pl.Series([200]))[0]
    assert one == pytest.approx(10 / 14)


def test_followers_follow_someone_who_stays() -> None:
    order = pl.Series(["a", "b", "c", "d"])
    edges = pl.DataFrame({"a": ["b", "c", "d"], "b": ["a", "b", "c"]})
    # c is near b only, and b goes with a; so c stays, and d follows it.
    assert leaders(order, edges) == {"b": "a", "d": "c"}
