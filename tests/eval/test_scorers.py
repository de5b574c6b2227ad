"""A scorer of one's own: it decides, its name and its hash stand with the scores, and a change is another file."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from eval.listing import listing
from eval.score import Scored, score_file
from eval.scorers import SCORERS
from workbench.benchmarks import BENCHMARKS, Benchmark, Item, ItemSet
from workbench.draft import Draft
from workbench.errors import UserError
from workbench.plugins import load_plugins
from workbench.workspace import Workspace, write_jsonl

SCORER = """
from eval.scorers import SCORERS, right_or_wrong


@SCORERS.register("letter_for_letter")
def letter_for_letter(benchmark, items, responses):
    return [
        right_or_wrong(None if not item.gold else item.gold == response, f"asked_by_{benchmark.name}", response)
        for item, response in zip(items, responses)
    ]
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "scorer.py").write_text(SCORER)
    rows = [{"id": str(i), "question": f"{i}?", "answer": gold, "image_path": "x"} for i, gold in enumerate(["6", "8"])]
    (tmp_path / "k12.json").write_text(json.dumps(rows))
    answers = [{"id": "0", "response": "6"}, {"id": "1", "response": "\\boxed{8}"}, {"id": "1", "response": None}]
    write_jsonl(tmp_path / "me.jsonl", answers)
    return tmp_path


def score(folder: Path, **more: Any) -> tuple[Scored, list[dict[str, Any]]]:
    scored = score_file(Workspace(folder / "ws"), folder / "me.jsonl", "k12", str(folder), progress=False, **more)
    return scored, pq.read_table(scored.summary.path).to_pylist()


def test_it_decides_and_is_recorded(data: Path) -> None:
    load_plugins(str(data / "scorer.py"))
    scored, rows = score(data, scorer="letter_for_letter")
    assert [row["verdict"] for row in rows] == ["correct", "wrong", "wrong"]
    assert [row["scorer"] for row in rows] == ["letter_for_letter"] * 3 and rows[1]["extracted"] == "\\boxed{8}"
    metas = [json.loads(row["meta"]) for row in rows]
    assert [meta["reason"] for meta in metas] == ["asked_by_k12", "asked_by_k12", "no_response"]
    sha256 = hashlib.sha256((data / "scorer.py").read_bytes()).hexdigest()
    assert metas[0]["settings"]["plugins"] == [{"name": "scorer", "sha256": sha256}]
    assert metas[0]["settings"]["scorer"] == "letter_for_letter" and scored.summary.accuracy.value == 0.5
    by_rules, rows = score(data)
    assert [row["verdict"] for row in rows] == ["correct", "correct", "wrong"] and rows[0]["scorer"] == "rules:k12"
    # It had no part in these.
    assert not {"plugins", "scorer"} & set(json.loads(rows[0]["meta"])["settings"])
    (data / "scorer.py").write_text(SCORER + "\n# changed")
    load_plugins(str(data / "scorer.py"))
    changed, _ = score(data, scorer="letter_for_letter")
    assert len({scored.summary.path, by_rules.summary.path, changed.summary.path}) == 3


def test_a_benchmark_names_its_own(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_plugins(str(data / "scorer.py"))

    class Own(Benchmark):
        layout = ("k12.json",)
        picture_columns = ()
        scorer = "letter_for_letter"

        def draft(self, row: dict[str, Any], file: Path, number: int) -> Draft:
            return Draft(row["id"], row["question"], row["answer"], row=row)

    monkeypatch.setitem(BENCHMARKS._items, "own", Own)
    args = (Workspace(data / "ws"), data / "me.jsonl", "own", str(data))
    assert pq.read_table(score_file(*args, progress=False).summary.path)["scorer"][0].as_py() == "letter_for_letter"
    given = score_file(*args, scorer="rules", progress=False)
    assert pq.read_table(given.summary.path)["scorer"][0].as_py() == "rules:default"
    (facts,) = [row for row in listing() if row["name"] == "own"]
    assert facts["scorings"] == ["letter_for_letter"]


def test_bad_scorers_are_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"no scorer is called 'exact'; there are .*rules"):
        score(data, scorer="exact")

    def short(benchmark: ItemSet, items: Sequence[Item], responses: Sequence[str]) -> Any:
        return [True]

    monkeypatch.setitem(SCORERS._items, "short", short)
    with pytest.raises(UserError, match=r"scorer short gave 1 results for 2 answers; it must give a Judgement of each"):
        score(data, scorer="short")
