"""A small, whole workspace: two dataset versions, decisions, stored responses, two runs, scores of two models.

Its texts carry HTML and script, which no page may run."""

import json
import random
from pathlib import Path
from typing import Any

import yaml

from workbench.images import ImageStore
from workbench.schema import DECISIONS, PROBLEMS, RESPONSES, ROLLOUTS, SCORES, Problem
from workbench.synth import generate
from workbench.workspace import Workspace, write_json, write_jsonl, write_table, write_text

PROBLEMS_MADE = 40
STEPS = 6
GROUPS, SAMPLES = 4, 4
# `SCRIPT` would set this variable of the page, so that a test can look for it.
PAYLOAD_FLAG = "eurekaPayloadRan"
SCRIPT = f"<script>window.{PAYLOAD_FLAG}=1</script>"
IMAGE = f'<img src=x onerror="window.{PAYLOAD_FLAG}=1">'
REMOTE = "![x](https://remote.invalid/x.png)"


def build(root: Path) -> Workspace:
    """Write the workspace; the same texts and numbers every time."""
    workspace = Workspace(root)
    problems = _problems(workspace)
    _datasets(workspace, problems)
    _responses(workspace, problems)
    for number, run in enumerate(("first-run", "second-run")):
        _run(workspace, problems[:20], run, random.Random(number))
    for model, skill in (("base", 0.3), ("trained", 0.6)):
        _scores(workspace, problems, model, random.Random(skill), skill)
    return workspace


def _problems(workspace: Workspace) -> list[Problem]:
    store = ImageStore(workspace.images)
    problems = []
    for number, made in enumerate(generate(PROBLEMS_MADE, seed=7)):
        hostile = number == 0
        problems.append(
            Problem(
                source="synth",
                source_id=made.source_id,
                question=f"{made.question} {SCRIPT}{IMAGE}{REMOTE}" if hostile else made.question,
                images=(store.put(made.image),),
                answer=f"<b>{made.answer}</b>" if hostile else made.answer,
                choices=tuple(made.choices) if made.choices else None,
                answer_type=made.answer_type,
                solution=made.solution,
                subject=made.subject,
                topic=made.topic,
                grade=made.grade,
                level=made.level,
                language="en",
                extra=json.dumps(made.extra | ({"note": SCRIPT} if hostile else {})),
            )
        )
    return problems


def _datasets(workspace: Workspace, problems: list[Problem]) -> None:
    """`raw` holds all; `train` was curated from it: every fifth problem dropped, every seventh flagged."""
    with workspace.new_version("raw") as version:
        write_table(version.problems, [p.row() for p in problems], PROBLEMS)
        write_jsonl(version.rejected, [{"source_id": "17", "row": SCRIPT, "reason": "image_missing"}])
        write_json(version.path / "manifest.json", {"inputs": [{"path": "problems.jsonl", "sha256": "0" * 64}]})
    with workspace.new_version("train") as version:
        decisions: list[dict[str, Any]] = []
        for number, problem in enumerate(problems):
            row = {"problem_id": problem.problem_id, "dataset_version": version.ref}
            if number % 7 == 0:
                decisions.append(row | _decision("images", "flag", "small_image", {"width": 12}))
            if number % 5 == 1:
                decisions.append(row | _decision("difficulty", "drop", "too_easy", {"rate": 1.0, "model": "tiny"}))
            else:
                decisions.append(row | _decision("end", "keep", "kept", {}))
        write_table(version.problems, [p.row() for n, p in enumerate(problems) if n % 5 != 1], PROBLEMS)
        write_table(version.decisions, decisions, DECISIONS)
        write_json(version.path / "manifest.json", {"inputs": [{"dataset": "raw@v001", "sha256": "0" * 64}]})


def _decision(step: str, verdict: str, reason: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {"step": step, "verdict": verdict, "reason": reason, "detail": json.dumps(detail)}


def _answer(problem: Problem, correct: bool, reflects: bool) -> str:
    """A response in think and answer tags; one that reflects first says another number."""
    gold = problem.answer if correct else "1000"
    second = f"Wait, let me check again. It is 999, no, so it is {gold}." if reflects else f"So it is {gold}."
    first = "999" if reflects else gold
    return f"<think> I read the figure. The total is {first}. {second} </think><answer> {gold} </answer>"


def _span(response: str) -> list[int]:
    start = response.index("<answer> ") + len("<answer> ")
    return [start, response.index(" </answer>")]


def _responses(workspace: Workspace, problems: list[Problem]) -> None:
    """Five answers of `tiny` to each problem; number n has n mod 5 right ones, the last answer is unscorable."""
    rows = []
    for number, problem in enumerate(problems):
        for index in range(5):
            correct = index < number % 5
            response = _answer(problem, correct, reflects=index == 1) + (SCRIPT if number == 0 else "")
            rows.append(
                {
                    "problem_id": problem.problem_id,
                    "content_hash": problem.content_hash,
                    "model": "tiny",
                    "sample_index": index,
                    "response": response,
                    "n_tokens": len(response.split()),
                    "finish_reason": "stop",
                    "verdict": "unscorable" if index == 4 else "correct" if correct else "wrong",
                    "extracted": response[slice(*_span(response))],
                    "rule": "answer_tag",
                    "span": _span(response),
                    "sampling": json.dumps({"temperature": 1.0}),
                }
            )
    write_table(workspace.responses("raw", "tiny") / "v001.parquet", rows, RESPONSES)


def _run(workspace: Workspace, problems: list[Problem], run: str, rng: random.Random) -> None:
    folder = workspace.run(run)
    config = {"run": run, "dataset": "train@v001", "model": "tiny", "steps": STEPS, "seed": 0, "note": SCRIPT}
    write_text(folder / "config.yaml", yaml.safe_dump(config))
    metrics = []
    for step in range(1, STEPS + 1):
        rows = [
            row
            for group in range(GROUPS)
            for row in _group(problems[(step * GROUPS + group) % len(problems)], run, step, group, rng)
        ]
        write_table(folder / "rollouts" / f"step={step:06d}" / "rank=0.parquet", rows, ROLLOUTS)
        metrics.append(
            {
                "step": step,
                "reward/total": sum(r["reward"] for r in rows) / len(rows),
                "accuracy/sampled": sum(r["verdict"] == "correct" for r in rows) / len(rows),
                "length/mean": sum(r["n_tokens"] for r in rows) / len(rows),
                "reflection/rate": sum("Wait" in r["response"] for r in rows) / len(rows),
                "eval/accuracy": 0.2 + 0.05 * step if step % 2 == 0 else None,
                "gap/max": 1e-6 * step,
                "policy/entropy": 1.0 / step,
                "policy/grad_norm": 0.5 + 0.1 * step,
                "time/step": 3.0,
            }
        )
    lines = "".join(json.dumps(row) + "\n" for row in metrics)
    # As a run leaves it that is writing its next step right now.
    write_text(folder / "metrics.jsonl", lines + '{"step": 7, "reward/tot')


def _group(problem: Problem, run: str, step: int, group: int, rng: random.Random) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for index in range(SAMPLES):
        correct = rng.random() < 0.3 + 0.08 * step
        reflects = rng.random() < 0.2 + 0.08 * step
        response = _answer(problem, correct, reflects) + (f" {SCRIPT}{IMAGE}{REMOTE}" if index == 0 else "")
        reward = float(correct) + 0.5
        rows.append(
            {
                "rollout_id": f"{run}/{step:06d}/{group:04d}/{index}",
                "run_id": run,
                "step": step,
                "group_id": f"{run}/{step:06d}/{group:04d}",
                "problem_id": problem.problem_id,
                "sample_index": index,
                "weight_version": step - 1,
                "prompt": f"<|im_start|>user\n{problem.question}<|im_end|>",
                "response": response,
                "token_ids": list(range(len(response.split()))),
                "logprobs": [-0.5] * len(response.split()),
                "finish_reason": "stop",
                "reward": reward,
                "rewards": {"accuracy": float(correct), "format": 1.0},
                "reward_reasons": {"accuracy": "equal" if correct else "different", "format": "think and answer"},
                "verdict": "correct" if correct else "wrong",
                "extracted": response[slice(*_span(response))],
                "rule": "answer_tag",
                "span": _span(response),
                "advantage": 0.0,
                "used": True,
                "unused_reason": None,
                "n_tokens": len(response.split()),
            }
        )
    mean = sum(r["reward"] for r in rows) / SAMPLES
    for row in rows:
        row["advantage"] = row["reward"] - mean
        if len({r["reward"] for r in rows}) == 1:
            row |= {"used": False, "unused_reason": "accuracy_bounds"}
    return rows


def _scores(workspace: Workspace, problems: list[Problem], model: str, rng: random.Random, skill: float) -> None:
    rows = []
    for problem in problems:
        correct = rng.random() < skill
        response = _answer(problem, correct, reflects=rng.random() < 0.3) + SCRIPT
        meta = {
            "gold": problem.answer,
            "reason": "equal" if correct else "different",
            "n_tokens": len(response.split()),
            "finish_reason": "stop",
            "reflective": "Wait" in response,
            "question": problem.question,
            "choices": problem.choices,
            "images": problem.images,
            "span": _span(response),
            "subject": problem.subject,
            "settings": {"temperature": 0.0},
        }
        rows.append(
            {
                "benchmark": "mathvision",
                "model": model,
                "item_id": problem.source_id,
                "sample_index": 0,
                "response": response,
                "extracted": response[slice(*_span(response))],
                "verdict": "correct" if correct else "wrong",
                "scorer": "rules:mathvision",
                "meta": json.dumps(meta),
            }
        )
    write_table(workspace.evals("mathvision", model) / "0000000000-0000000000.parquet", rows, SCORES)
