"""Sums over a scores file, against numbers worked out by hand."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from eval.summary import newest, summaries, summarize
from eval.tables import percent
from workbench.schema import SCORES
from workbench.statistics import wilson
from workbench.workspace import Workspace, write_table


def _row(item: str, verdict: str, sample: int = 0, scorer: str = "rules:k12", **meta: Any) -> dict[str, Any]:
    facts = {"n_tokens": 10, "finish_reason": "stop", "reflective": False, "settings": {"seed": 0}, **meta}
    return {
        "benchmark": "k12",
        "model": "m",
        "item_id": item,
        "sample_index": sample,
        "response": "",
        "extracted": None,
        "verdict": verdict,
        "scorer": scorer,
        "meta": json.dumps(facts),
    }


def test_one_sample_an_item(tmp_path: Path) -> None:
    rows = [
        _row("a", "correct", n_tokens=4, reflective=True, subject="algebra", level=1),
        _row("b", "wrong", n_tokens=8, subject="algebra", level=2),
        _row("c", "correct", n_tokens=12, subject="logic", level=10),
        _row("d", "wrong", n_tokens=16, finish_reason="length", reflective=True),
        _row("e", "unscorable", reason="gold_unknown", n_tokens=20),
        _row("f", "unscorable", scorer="none", reason="prompt_too_long", n_tokens=None, finish_reason=None),
    ]
    path = tmp_path / "evals/k12/m/x.parquet"
    write_table(path, rows, SCORES)
    summary = summarize(Workspace(tmp_path), path)
    assert (summary.n_items, summary.samples, summary.accuracy.n) == (6, 1, 4)
    # Wilson's interval for 2 of 4 (z = 1.959964): centre 1/2, half-width z·sqrt(1/16 + z²/64)/(1 + z²/4) = 0.35004.
    assert (summary.accuracy.low, summary.accuracy.value, summary.accuracy.high) == pytest.approx(
        (0.14996, 0.5, 0.85004), abs=1e-4
    )
    assert summary.mean_tokens == 12.0  # (4 + 8 + 12 + 16 + 20) / 5: an unscorable gold has an answer all the same
    assert summary.reflection.value == pytest.approx(2 / 5) and summary.truncated.value == pytest.approx(1 / 5)
    assert summary.unscored == {"gold_unknown": ["e"], "prompt_too_long": ["f"]}
    assert {k: (v.value, v.n) for k, v in summary.groups["subject"].items()} == {"algebra": (0.5, 2), "logic": (1.0, 1)}
    assert list(summary.groups["level"]) == ["1", "2", "10"] and "grade" not in summary.groups


def test_samples_of_one_item_are_one_observation(tmp_path: Path) -> None:
    rows = [
        _row(item, "correct" if k < right else "wrong", k) for item, right in (("a", 4), ("b", 0)) for k in range(4)
    ]
    path = tmp_path / "evals/k12/m/x.parquet"
    write_table(path, rows, SCORES)
    accuracy = summarize(Workspace(tmp_path), path).accuracy
    # Pass rates 1 and 0: as much as one right item of two says; 4 of 8 would claim more.
    assert (accuracy.value, accuracy.n) == (0.5, 2)
    assert (accuracy.low, accuracy.high) == pytest.approx((wilson(1, 2).low, wilson(1, 2).high))


def test_all_right_in_every_sample_is_not_certain(tmp_path: Path) -> None:
    path = tmp_path / "evals/k12/m/x.parquet"
    write_table(path, [_row(item, "correct", k, level=1) for item in "abcde" for k in range(4)], SCORES)
    summary = summarize(Workspace(tmp_path), path)
    # Wilson's lower end for n of n is n/(n + z²): 5/(5 + 3.8415).
    for accuracy in (summary.accuracy, summary.groups["level"]["1"]):
        assert (accuracy.low, accuracy.value, accuracy.high) == pytest.approx((0.56552, 1.0, 1.0), abs=1e-5)


def test_nothing_scored_is_a_dash_not_a_zero(tmp_path: Path) -> None:
    path = tmp_path / "evals/k12/m/x.parquet"
    write_table(path, [_row("a", "unscorable", scorer="none", reason="image_missing", n_tokens=None)], SCORES)
    summary = summarize(Workspace(tmp_path), path)
    assert summary.accuracy.n == 0 and percent(summary.accuracy) == "–" and summary.mean_tokens is None


def test_percent() -> None:
    assert percent(wilson(3, 10)) == "30.0% [10.8%, 60.3%]"


def test_newest_file_of_each_model_counts(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    old, new = (workspace.evals("k12", "m") / name for name in ("z.parquet", "a.parquet"))
    write_table(old, [_row("a", "wrong")], SCORES)
    write_table(new, [_row("a", "correct")], SCORES)
    os.utime(old, ns=(1, 1))
    assert newest(workspace) == [new]
    assert [s.accuracy.value for s in summaries(workspace)] == [1.0]
