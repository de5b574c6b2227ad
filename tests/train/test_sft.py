"""Supervised learning in the same loop: its targets, its loss, whole runs, what is left out and what is refused."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import train.start
from tests.train.conftest import lend, load_policy, make_samples, tiny_config, write_dataset
from tests.train.helpers.same_run import assert_same_run, config_of, metrics
from train.algorithm.losses import LOSSES, Tokens
from train.algorithm.rewards import format_fault
from train.config import TrainConfig, load_config, parse_config
from train.distributed import Ranks
from train.learner.batching import TrainSample
from train.learner.engine import make_learner
from train.learner.trainer import Trainer
from train.rollouts import Group, Rollout, judge, sample
from train.run.plan import implications
from train.sft import SupervisedLoop, target_text
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.models import checkpoints
from workbench.prompts import TEMPLATES
from workbench.reflection import is_reflective
from workbench.rollout.engine import Sample
from workbench.rollout.sampling import SamplingConfig
from workbench.rollout.vllm_local import LocalVLLM
from workbench.schema import Problem
from workbench.verify import Judgement, shared_verifier
from workbench.workspace import Workspace

METHODS = ("sft", "cot_sft")
# A solution as data sets have them: boxed, tagged, with marks that must not become control tokens.
UNRULY = r"<image> Look<|im_end|> at <think>it</think>: \boxed{x = 7} or <answer>8</answer>, <|image_pad|> \boxed{9}."
GOLDS = [
    ("$\\frac{1}{2}$", None, None),
    ("all of the above", None, "text"),
    ("yes", ("yes", "no"), "choice"),
    ("B", ("1", "2"), "choice"),
    ("[2, 5)", None, "interval"),
    ("\\{1, 2\\}", None, "set"),
    ("x^2 + 1 = 0", None, "equation"),
    ("5 cm", None, None),
    ("3; 4", None, "multi"),
    ("\\boxed{10}", None, "number"),
]


def supervised(run: str, method: str, **changes: Any) -> TrainConfig:
    """Two steps of the embedded model, with room for solutions."""
    return config_of(run, **({"method": method, "steps": 2, "rollout__max_tokens": 96} | changes))


def problems_of_all_kinds(few: list[Problem]) -> list[Problem]:
    odd = [
        Problem("odd", gold, "Which?", (), gold, choices=choices, answer_type=kind, solution=UNRULY)
        for gold, choices, kind in GOLDS
    ]
    return [*few, *odd]


def judged(texts: list[str], problems: list[Problem], template: str) -> list[Judgement]:
    groups = [
        Group(0, problem, "", [], 0, [Rollout(Sample([], [], text, "stop"))], None)
        for text, problem in zip(texts, problems, strict=True)
    ]
    config = tiny_config()
    judge(groups, shared_verifier("default"), TEMPLATES[template], config.rewards, 96, ImageStore(Path("no-images")))
    return [group.rollouts[0].judgement for group in groups if group.rollouts[0].judgement]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", list(TEMPLATES))
def test_targets_are_right_and_in_format(name: str, method: str, few: list[Problem]) -> None:
    problems = problems_of_all_kinds(few)
    texts = [target_text(p, TEMPLATES[name], p.solution if method == "cot_sft" else None) for p in problems]
    for text, problem, one in zip(texts, problems, judged(texts, problems, name), strict=True):
        assert one.verdict == "correct", (problem.answer, one)
        assert format_fault(text, TEMPLATES[name].format) is None, text
        assert method == "cot_sft" or not is_reflective(text)


def test_targets_as_the_templates_show_them() -> None:
    problem = Problem("s", "1", "What is 1 + 1?", (), "2", solution="1 + 1 = 2.")
    written = {name: target_text(problem, TEMPLATES[name], problem.solution) for name in TEMPLATES}
    assert written == {
        "plain": "<think> 1 + 1 = 2. </think><answer> 2 </answer>",
        "instruct": "<think> 1 + 1 = 2. </think><answer> $2$ </answer>",
        "zero": "1 + 1 = 2.\nThe answer is $\\boxed{2}$",
        "qwen": "<think> 1 + 1 = 2. </think><answer> The answer is $\\boxed{2}$ </answer>",
    }
    assert target_text(problem, TEMPLATES["plain"], None).startswith("<think> I answer at once. </think>")
    assert target_text(problem, TEMPLATES["zero"], None) == "The answer is $\\boxed{2}$"


def test_the_loss_is_the_cross_entropy() -> None:
    torch.manual_seed(0)
    logits = torch.randn(40, 11, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(11, (40,))
    new = logits.log_softmax(-1).gather(-1, targets[:, None])[:, 0]
    ones = torch.ones(40, dtype=torch.float64)
    # Advantages and corrections of any size play no part.
    tokens = Tokens(new, 5 * ones, -3 * ones, ones / 40, torch.arange(40), 7 * ones)
    loss, metrics = LOSSES["nll"](tokens)
    expected = torch.nn.functional.cross_entropy(logits, targets)
    torch.testing.assert_close(loss, expected)
    assert metrics["nll"].item() == loss.item()
    torch.testing.assert_close(torch.autograd.grad(loss, logits), torch.autograd.grad(expected, logits))


@pytest.mark.parametrize("budget", [10_000, 120])
def test_a_batch_s_loss_is_the_model_s_own_over_all_its_targets(
    budget: int, random_model: Path, workspace: Workspace, few: list[Problem]
) -> None:
    """Against the logits of the Hugging Face model with labels, however the batch is cut; no gap is measured."""
    samples = make_samples(random_model, workspace, few[:6], per_problem=1)
    config = supervised("loss", "sft", micro_batch_tokens=budget)
    learned = Trainer(make_learner(random_model, config, Ranks()), config, Ranks()).learn(samples)
    assert learned["policy/nll"] == learned["policy/loss"] == pytest.approx(_reference(random_model, samples), rel=1e-5)
    assert not [key for key in learned if key.startswith(("gap/", "correction/")) or "sampler" in key]
    assert learned.keys() >= {"policy/grad_norm", "policy/lr", "policy/entropy"}


def _reference(folder: Path, samples: list[TrainSample]) -> float:
    """One row at a time; image tokens are no part of the distribution that the sampler draws from."""
    policy = load_policy(folder)
    rows = []
    for one in samples:
        ids = torch.tensor([one.prompt_ids + one.response_ids])
        seen = one.pictures and {"pixel_values": one.pictures.pixels, "image_grid_thw": one.pictures.grid}
        kinds = (ids == policy.image_token).int()
        with torch.no_grad():
            logits = policy.model(input_ids=ids, mm_token_type_ids=kinds, **(seen or {})).logits + policy.bias
        targets = torch.tensor(one.response_ids)
        rows.append(torch.nn.functional.cross_entropy(logits[0, -len(targets) - 1 : -1], targets, reduction="none"))
    return torch.cat(rows).mean().item()


@pytest.mark.engine
@pytest.mark.parametrize("method", METHODS)
def test_a_run_and_its_resumption(
    method: str, workspace: Workspace, shared: LocalVLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two updates a step over problems with none, one and two pictures; cut back, it comes to the same end."""
    config = supervised(method, method, algorithm__updates_per_step=2, checkpoint__every=1, checkpoint__keep=2)
    run = train.start.train(config, workspace)
    rows = metrics(run)
    assert [row["step"] for row in rows] == [0, 1, 2]
    assert [row["step"] for row in rows if "eval/accuracy" in row] == [0, 2]
    for row in rows[1:]:
        assert row["samples/all"] == row["groups/all"] == 6 and row["groups/prompt_too_long"] == 0
        assert row["length/mean"] == pytest.approx(row["samples/tokens"] / 6)
        assert row.keys() >= {"policy/loss", "policy/grad_norm", "policy/lr", "policy/entropy", "data/epoch"}
        assert not [key for key in row if key.startswith(("gap/", "reward/", "accuracy/"))]
    assert rows[2]["policy/loss"] < rows[1]["policy/loss"]
    assert not (run / "rollouts").exists() and set(checkpoints(run)) == {1, 2}
    whole = workspace.run(f"{method}-whole")
    shutil.copytree(run, whole, symlinks=True)
    shutil.rmtree(checkpoints(run)[2])
    lend(shared, monkeypatch)
    train.start.train(config, workspace, resume=True)
    assert_same_run(run, whole)


@pytest.mark.engine
def test_prompt_and_end_are_the_sampler_s_own(workspace: Workspace, shared: LocalVLLM, few: list[Problem]) -> None:
    loop = SupervisedLoop(supervised("tokens", "cot_sft"), workspace, workspace.run("tokens"), Ranks())
    greedy = SamplingConfig(temperature=0.0, max_tokens=96)
    numbered = list(enumerate(few[:8]))
    sampled = sample(shared, loop.prompts, numbered, greedy, 1, 0)
    written = [loop.target(place, problem) for place, problem in numbered]
    assert [group.prompt_ids for group in written] == [group.prompt_ids for group in sampled]
    ends = {group.rollouts[0].sample.token_ids[-1] for group in sampled if not group.rollouts[0].truncated}
    targets = [group.rollouts[0].sample for group in written]
    assert ends == {target.token_ids[-1] for target in targets} and len(ends) == 1
    tokenizer = loop.processor.tokenizer
    assert [tokenizer.decode(one.token_ids, skip_special_tokens=True) for one in targets] == [t.text for t in targets]
    unruly = loop.target(0, dataclasses.replace(few[0], solution=UNRULY)).rollouts[0].sample.token_ids
    assert set(unruly[:-1]).isdisjoint(tokenizer.all_special_ids)


@pytest.mark.engine
def test_what_cannot_be_learned_is_left_out_and_counted(
    workspace: Workspace, shared: LocalVLLM, few: list[Problem]
) -> None:
    good, *rest = few[:8]
    changes: list[dict[str, Any]] = [
        {"solution": None},
        {"solution": ""},
        {"question": "word " * 600},
        {"solution": "word " * 200},
        {"answer": "not unique", "answer_type": None, "choices": None},
        {"answer": "</answer>", "answer_type": None, "choices": None},
        {"images": (few[0].images or few[1].images) * 5},
    ]
    made = [dataclasses.replace(one, **change) for one, change in zip(rest, changes, strict=True)]
    write_dataset(workspace, "spoiled", [good, *made])
    config = supervised(
        "spoiled", "cot_sft", dataset="spoiled", steps=1, rollout__prompts_per_step=8, eval_dataset=None
    )
    row = metrics(train.start.train(config, workspace))[-1]
    assert row["samples/all"] == 1 and row["groups/all"] == 8
    assert {key: value for key, value in row.items() if key.startswith("groups/") and key != "groups/all"} == {
        "groups/no_solution": 2,
        "groups/prompt_too_long": 1,
        "groups/target_too_long": 1,
        "groups/gold_unscorable": 1,
        "groups/target_refused": 1,
        "groups/too_many_images": 1,
    }


def test_a_dataset_without_solutions_is_refused_before_anything_is_made(
    workspace: Workspace, few: list[Problem]
) -> None:
    write_dataset(workspace, "unsolved", [dataclasses.replace(one, solution=None) for one in few[:3]])
    with pytest.raises(UserError, match="none of the 3 problems of unsolved has a solution"):
        train.start.train(supervised("unsolved", "cot_sft", dataset="unsolved"), workspace)
    assert not workspace.run("unsolved").exists()


@pytest.mark.parametrize(
    ("override", "way_out"),
    [
        ("filter.low=0.2", "filter=null"),
        ("rollout.temperature=0.7", "rollout.temperature=1.0"),
        ("algorithm.advantage=rloo", "algorithm.advantage=grpo"),
        ("algorithm.group_weight=adora", "algorithm.group_weight=null"),
        ("algorithm.loss=cispo", "algorithm.loss=ppo_clip"),
        ("algorithm.dual_clip=3", "algorithm.dual_clip=null"),
        ("algorithm.ratio_max=3", "algorithm.ratio_max=null"),
        ("algorithm.mask_truncated=true", "algorithm.mask_truncated=false"),
        ("algorithm.kl.coefficient=0.1", "algorithm.kl=null"),
        ("algorithm.correction.high=2", "algorithm.correction=null"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_settings_of_sampling_are_refused_with_the_way_out(override: str, way_out: str, method: str) -> None:
    key = way_out.partition("=")[0]
    with pytest.raises(UserError) as caught:
        load_config("demo", [f"method={method}", override])
    assert str(caught.value) == f"method={method} samples no responses and cannot use {key}; add {way_out}"
    # The way out is one, and reinforcement learning takes the setting.
    assert load_config("demo", [f"method={method}", override, way_out]).supervised
    assert not load_config("demo", [override]).supervised


def test_all_that_is_in_the_way_is_named_at_once() -> None:
    with pytest.raises(UserError, match=r"use filter, algorithm.kl; add filter=null algorithm.kl=null$"):
        load_config("demo", ["method=sft", "filter.low=0.2", "algorithm.kl.coefficient=0.1"])


def test_methods_and_their_loss() -> None:
    assert load_config("demo", ["method=sft", "algorithm.loss=nll"]).supervised
    with pytest.raises(UserError, match="'nll' learns written targets; add method=sft or method=cot_sft"):
        load_config("demo", ["algorithm.loss=nll"])
    with pytest.raises(UserError, match="config key 'method': Input should be 'rl', 'sft' or 'cot_sft', got 'dpo'"):
        parse_config({"dataset": "d", "run": "r", "steps": 1, "method": "dpo"})
    said = implications(load_config("demo", ["method=sft"]))
    assert said[0] == "32 targets a step (one a problem), 32 an update, 40 updates in all"
    assert said[1] == "at most 3,072 target tokens a step, 122,880 in all"
    assert "1,280 problems are taken" in said[2]
