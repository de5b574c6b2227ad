"""An evaluation from the items to the stored scores, with an engine that says what it is told."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest

import eval.run
from eval.run import evaluate
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.rollout.engine import Sample, SampleGroup
from workbench.rollout.requests import RolloutRequest
from workbench.rollout.sampling import SamplingConfig
from workbench.schema import PROBLEMS, Problem
from workbench.synth import generate
from workbench.workspace import Workspace, write_json, write_table

GOLDS = ("7", "12", "5", "9")
ANSWERS = {
    "Q0": "<answer> $7$ </answer>",
    "Q1": "<answer> 11 </answer>",
    "Q3": "Wait, let me check again. <answer> 9 </answer>",
}


class ToldEngine:
    """Answers by the question's name; refuses the question `Q2` as too long."""

    def __init__(self) -> None:
        self.requests: list[RolloutRequest] = []
        self.closed = False

    def generate(
        self, requests: Sequence[RolloutRequest], sampling: SamplingConfig, n: int, seed: int
    ) -> list[SampleGroup]:
        self.requests += requests
        return [self._group(request.prompt, n) for request in requests]

    def _group(self, prompt: str, n: int) -> SampleGroup:
        name = next(f"Q{i}" for i in range(4) if f"Q{i}" in prompt)
        if name == "Q2":
            return SampleGroup([], [], 0, "prompt_too_long")
        ids = list(range(int(name[1]) + 1))
        return SampleGroup([1], [Sample(ids, [0.0] * len(ids), ANSWERS[name], "stop") for _ in range(n)], 0)

    def close(self) -> None:
        self.closed = True


def _template(messages: list[dict[str, Any]], **_: Any) -> str:
    return "\n".join(part["text"] for m in messages if m["role"] == "user" for part in m["content"] if "text" in part)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Four problems, `held`, and one more whose picture is gone; a processor that shows the bare prompt."""
    workspace = Workspace(tmp_path)
    picture = ImageStore(workspace.images).put(next(generate(1, seed=0)).image)
    problems = [
        Problem("s", str(i), f"Q{i}?", (picture,), gold, answer_type="number", grade=str(1 + i % 2))
        for i, gold in enumerate(GOLDS)
    ]
    problems.append(Problem("s", "5", "Q5?", ("0" * 64,), "3", answer_type="number", grade="2"))
    with workspace.new_version("held") as version:
        write_table(version.problems, [p.row() for p in problems], PROBLEMS)
        write_json(version.path / "manifest.json", {})
    monkeypatch.setattr(eval.run, "resolve_model", lambda name, _: Path(name))
    monkeypatch.setattr(eval.run, "check_model_folder", lambda _: None)
    monkeypatch.setattr(eval.run, "load_processor", lambda _: SimpleNamespace(apply_chat_template=_template))
    return workspace


def test_evaluation_of_a_dataset(workspace: Workspace) -> None:
    engine: Any = ToldEngine()
    summary = evaluate(workspace, "dataset", "org/model", "held", engine=engine, batch=2, progress=False)
    assert [request.prompt for request in engine.requests[:2]] == ["Question: Q0?", "Question: Q1?"]
    assert not engine.closed and summary.path.parent == workspace.root / "evals/dataset--held/org--model"
    assert (summary.benchmark, summary.n_items, summary.accuracy.n) == ("dataset:held", 5, 3)
    assert summary.accuracy.value == pytest.approx(2 / 3)
    assert summary.mean_tokens == pytest.approx((1 + 2 + 4) / 3)
    assert summary.reflection.value == pytest.approx(1 / 3)
    assert {reason: len(ids) for reason, ids in summary.unscored.items()} == {"prompt_too_long": 1, "image_missing": 1}
    rows = {row["item_id"]: row for row in pq.read_table(summary.path).to_pylist()}
    metas = {json.loads(row["meta"])["question"]: json.loads(row["meta"]) for row in rows.values()}
    assert metas["Q0?"]["gold"] == "7" and metas["Q0?"]["data"] == "held@v001" and metas["Q0?"]["grade"] == "1"
    assert metas["Q0?"]["settings"]["prompt"] == "instruct" and metas["Q0?"]["n_tokens"] == 1
    scorers = sorted(row["scorer"] for row in rows.values())
    assert scorers == ["none", "none", "rules:default", "rules:default", "rules:default"]


def test_other_settings_go_to_another_file_and_equal_ones_to_the_same(workspace: Workspace) -> None:
    def path(**settings: Any) -> Path:
        engine: Any = ToldEngine()
        return evaluate(workspace, "dataset:held", "m", engine=engine, progress=False, **settings).path

    first = path()
    assert path() == first
    others = {path(seed=1), path(limit=2), path(prompt="plain"), path(samples=2, temperature=1.0)}
    assert len(others | {first}) == 5


def test_bad_requests_are_one_line(workspace: Workspace) -> None:
    engine: Any = ToldEngine()
    with pytest.raises(UserError, match="no benchmark is called 'nope'"):
        evaluate(workspace, "nope", "m", engine=engine)
    with pytest.raises(UserError, match="no prompt template is called 'nope'"):
        evaluate(workspace, "dataset", "m", "held", prompt="nope", engine=engine)
    with pytest.raises(UserError, match="set --temperature 1"):
        evaluate(workspace, "dataset", "m", "held", samples=4, engine=engine)


def test_the_official_prompt_of_each_item_is_asked_unless_another_is_named(
    workspace: Workspace, tmp_path: Path
) -> None:
    facts = {"choices": None, "unit": None, "precision": None, "metadata": {}, "question_type": "free_form"}
    rows = [
        {**facts, "pid": "0", "question": "Q0?", "answer": "7", "answer_type": "integer"},
        {**facts, "pid": "1", "question": "Q1?", "answer": "11", "answer_type": "text", "choices": ["12", "11"]},
    ]
    for row in rows:
        (tmp_path / f"{row['pid']}.png").write_bytes(next(generate(1, seed=0)).image)
        row["image"] = f"{row['pid']}.png"
    write_json(tmp_path / "testmini.json", rows)

    def prompts(**settings: Any) -> list[str]:
        engine: Any = ToldEngine()
        summary = evaluate(workspace, "mathvista", "m", str(tmp_path), engine=engine, progress=False, **settings)
        assert summary.accuracy.value == 1 and summary.benchmark == "mathvista"
        return [request.prompt for request in engine.requests]

    hints = ("requiring an integer answer and provide the final value, e.g., 1, 2, 3", "and provide the correct option")
    official = prompts()
    assert official[0] == f"Hint: Please answer the question {hints[0]}, at the end.\nQuestion: Q0?"
    assert hints[1] in official[1] and official[1].endswith("Question: Q1?\nChoices:\n(A) 12\n(B) 11")
    assert prompts(prompt="plain") == ["Q0?", "Q1?\n(A) 12\n(B) 11"]
