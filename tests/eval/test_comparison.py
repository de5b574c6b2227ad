"""Comparison of two models, against McNemar's and the paired interval's textbook values."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from eval.comparison import compare
from workbench.errors import UserError
from workbench.schema import SCORES
from workbench.workspace import Workspace, write_table


def _scores(workspace: Workspace, model: str, verdicts: list[bool | None], name: str = "x", **settings: Any) -> None:
    rows = [
        {
            "benchmark": "dataset:held",
            "model": model,
            "item_id": f"{i:03d}",
            "sample_index": 0,
            "response": "",
            "extracted": None,
            "verdict": "unscorable" if right is None else "correct" if right else "wrong",
            "scorer": "rules:default",
            "meta": json.dumps({"n_tokens": 5, "finish_reason": "stop", "reflective": False, "settings": settings}),
        }
        for i, right in enumerate(verdicts)
    ]
    write_table(workspace.evals("dataset--held", model) / f"{name}.parquet", rows, SCORES)


def test_difference_interval_and_mcnemar(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    # 40 items: 10 right for both, 2 only for the first, 8 only for the second, 20 for none; one more is unscorable.
    _scores(workspace, "base", [True] * 10 + [True] * 2 + [False] * 8 + [False] * 20 + [None])
    _scores(workspace, "runs/x@best", [True] * 10 + [False] * 2 + [True] * 8 + [False] * 20 + [True])
    (found,) = compare(workspace, "base", "runs/x@best")
    assert (found.benchmark, found.n_items, found.gained, found.lost) == ("dataset:held", 40, 8, 2)
    assert (found.accuracy_a, found.accuracy_b) == (12 / 40, 18 / 40)
    # Exact two-sided binomial test of 2 against 8: 2·(1 + 10 + 45)/2¹⁰.
    assert found.p_value == pytest.approx(0.109375)
    assert found.difference.value == pytest.approx(0.15)
    # The differences are +1 (8 times), −1 (twice), 0: standard error sqrt((10/40 − 0.15²)/40) ≈ 0.0754.
    half = 1.96 * math.sqrt((10 / 40 - 0.15**2) / 40)
    assert (found.difference.low, found.difference.high) == pytest.approx((0.15 - half, 0.15 + half), abs=0.012)
    assert found.same_settings


def test_files_of_equal_settings_are_paired(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    _scores(workspace, "a", [True, True], "same", seed=0)
    _scores(workspace, "b", [True, False], "same", seed=0)
    _scores(workspace, "b", [False, False], "other", seed=1)
    (found,) = compare(workspace, "a", "b", "dataset:held")
    assert found.accuracy_b == 0.5 and found.same_settings


def test_what_cannot_be_compared_is_one_line(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    _scores(workspace, "a", [True])
    _scores(workspace, "b", [True])
    with pytest.raises(UserError, match=r"no scores of model 'c'.*a, b"):
        compare(workspace, "a", "c")
    with pytest.raises(UserError, match="no benchmark is called 'k13'"):
        compare(workspace, "a", "b", "k13")
    with pytest.raises(UserError, match=r"no scores for benchmark 'k12' in common.*dataset:held"):
        compare(workspace, "a", "b", "k12")
    assert len(compare(workspace, "a", "b", "dataset")) == 1
