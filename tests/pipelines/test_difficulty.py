"""Measuring pass rates: what is stored, what is counted, and what is never sampled twice."""

import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.difficulty import MeasureConfig, measure
from pipelines.importing import import_synth
from tests.pipelines.scripted_engine import Scripted
from workbench.errors import UserError
from workbench.schema import RESPONSES
from workbench.store import Store
from workbench.workspace import Workspace


def test_pass_rates_are_stored_and_not_sampled_twice(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    import_synth(workspace, "synth", 7, 0)
    problems = pl.read_parquet(workspace.dataset("synth").problems)
    engine = Scripted(problems["answer"].to_list())
    config = MeasureConfig(samples=4, prompt="plain", batch=3)
    report = measure(workspace, "synth", "tiny", config, engine)
    assert [(count, n) for count, n, _ in engine.calls] == [(3, 4), (3, 4), (1, 4)]
    assert len({seed for *_, seed in engine.calls}) == 3
    # By hand: problem k has min(k, 4) right answers of 4; the fifth was too long to be sampled.
    assert report.rates["k"].to_list() == [0, 1, 2, 3, 4, 4]
    assert report.rates["rate"].to_list() == [0, 0.25, 0.5, 0.75, 1, 1]
    assert report.between == 3 and report.unusable == {"prompt_too_long": [problems["problem_id"][4]]}
    stored = pl.read_parquet(report.path)
    assert stored.columns == RESPONSES.names and stored.height == 24
    assert report.path.parent == workspace.responses("synth", "tiny")
    assert json.loads(stored["sampling"][0])["temperature"] == 1.0
    rates = Store(workspace).pass_rates("synth", "tiny")
    assert sorted(rates["k"].to_list()) == [0, 1, 2, 3, 4, 4] and set(rates["n"]) == {4}
    again = measure(workspace, "synth", "tiny", config, engine)
    assert again.reused and again.rates.equals(report.rates) and again.unusable == report.unusable
    assert len(engine.calls) == 3
    other = measure(workspace, "synth", "tiny", MeasureConfig(samples=4, prompt="plain", limit=2), Scripted(["1"] * 7))
    assert other.path != report.path and other.rates.height == 2


def test_an_unknown_prompt_or_model_is_said_before_an_engine_starts(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    import_synth(workspace, "synth", 1, 0)
    with pytest.raises(UserError, match="plane"):
        measure(workspace, "synth", "tiny", MeasureConfig(prompt="plane"))
    with pytest.raises(UserError, match="no run 'nope'"):
        measure(workspace, "synth", "nope@last")
