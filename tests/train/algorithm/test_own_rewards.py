"""Rewards that look at the problem, and prompts and rewards that stand in the config itself."""

from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.small_datasets import png
from train.algorithm.patterns import PatternReward
from train.algorithm.rewards import REWARDS, Response, Reward
from train.algorithm.weighted import weighted_rewards
from train.config import TrainConfig, load_config, parse_config
from train.rollouts import Group, Rollout, judge
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.prompts import TEMPLATES, build_messages
from workbench.rollout.engine import Sample
from workbench.schema import Problem
from workbench.verify import shared_verifier

GOOD = "<think> the figure shows 3 + 4 = 7 </think><answer> 7 </answer>"


def judged(rewards: list[Any], problem: Problem, text: str, template: str, store: ImageStore) -> Rollout:
    rollout = Rollout(Sample([1], [0.0], text, "stop"))
    judge(
        [Group(0, problem, "", [], 0, [rollout], None)],
        shared_verifier("default"),
        TEMPLATES[template],
        rewards,
        8,
        store,
    )
    return rollout


def test_a_reward_sees_the_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ImageStore(tmp_path / "images")
    sha = store.put(png("red"))
    choices, extra = ("6", "7"), '{"kind": "sum", "unit": null}'
    problem = Problem("s", "1", "3 + 4?", (sha,), "B", choices, language="de", solution="3 + 4 = 7", extra=extra)
    seen: list[Response] = []

    def look(response: Response) -> Reward:
        seen.append(response)
        return Reward(1.0, "seen")

    monkeypatch.setitem(REWARDS._items, "look", look)
    judged(weighted_rewards({"look": 1.0}, {}), problem, GOOD, "plain", store)
    (response,) = seen
    assert response.problem == problem and response.problem.language == "de"
    assert response.extra == {"kind": "sum", "unit": None}
    assert [path.read_bytes() for path in response.images] == [png("red")]


@pytest.mark.parametrize(
    ("reward", "text", "template", "value"),
    [
        ({"pattern": "figure"}, GOOD, "plain", 1.0),
        ({"pattern": "(?i)FIGURE"}, GOOD, "plain", 1.0),
        ({"pattern": "Figure"}, GOOD, "plain", 0.0),
        ({"pattern": "figure", "absent": True}, GOOD, "plain", 0.0),
        ({"pattern": "7", "part": "answer"}, GOOD, "plain", 1.0),
        ({"pattern": "figure", "part": "answer"}, GOOD, "plain", 0.0),
        ({"pattern": "figure", "part": "thought"}, GOOD, "plain", 1.0),
        ({"pattern": "answer", "part": "thought"}, GOOD, "plain", 0.0),
        ({"pattern": "7", "part": "answer"}, r"7 of them, so \boxed{8}", "zero", 0.0),
        ({"pattern": "7", "part": "thought"}, r"7 of them, so \boxed{8}", "zero", 1.0),
    ],
)
def test_a_pattern_is_looked_for_where_it_is_asked(
    reward: dict[str, Any], text: str, template: str, value: float, tmp_path: Path
) -> None:
    rewards = weighted_rewards({"own": PatternReward(weight=0.5, **reward), "accuracy": 1.0}, {})
    rollout = judged(rewards, Problem("s", "1", "q", (), "7"), text, template, ImageStore(tmp_path))
    assert rollout.rewards["own"] == value and rollout.reasons["own"] in ("pattern_found", "pattern_absent")
    assert rollout.reward == rollout.rewards["accuracy"] + 0.5 * value  # type: ignore[operator]


def test_a_prompt_and_a_reward_stand_in_the_config() -> None:
    prompt = "prompt={system: Think., before: 'Q: ', after: ' A:', format: boxed}"
    config = load_config("demo", [prompt, "reward.names_figure={weight: 0.25, pattern: figure}"])
    messages = build_messages(config.template, "1 + 1?", None, 0)
    assert messages[0]["content"] == "Think."
    assert messages[1]["content"][0]["text"] == "Q: 1 + 1? A:" and config.template.format == "boxed"
    assert [(r.name, r.weight) for r in config.rewards][-1] == ("names_figure", 0.25)
    # As the run stores it, and as a checkpoint compares it.
    assert parse_config(config.model_dump(mode="json")) == config
    # Its name follows from what it says.
    again: TrainConfig = load_config("demo", [prompt.replace("Think.", "Think!")])
    assert again.template.name != config.template.name and config.template.name.startswith("own-")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("prompt={befor: x, format: boxed}", "config has no key 'prompt.befor'; the nearest is 'prompt.before'"),
        ("prompt={before: x}", "config lacks 'prompt.format'"),
        ("prompt={format: box}", "config key 'prompt.format': Input should be 'think_answer', "),
        ("prompt={format: boxed, answer: x}", "config key 'prompt.answer': Value error, must have {} where the answer"),
        ("prompt=[1]", "config key 'prompt': Input should be a valid string, got [1]"),
        ("prompt=r1", "config key 'prompt': no prompt template is called 'r1'; there are"),
        ("reward.x={weight: 1}", "config lacks 'reward.x.pattern'"),
        (
            "reward.x={weight: 1, pattern: a, prt: answer}",
            "config has no key 'reward.x.prt'; the nearest is 'reward.NAME.part'",
        ),
        (
            "reward.x={weight: 1, pattern: '('}",
            "config key 'reward.x.pattern': Value error, is not a regular expression",
        ),
        ("reward.accuracy={weight: 1, pattern: a}", "config key 'reward': reward 'accuracy' is there already"),
        ("reward.accuracy=high", "config key 'reward.accuracy': Input should be a valid number"),
        ("reward={x: {weight: 0, pattern: a}}", "config key 'reward': reward has no weight other than 0"),
    ],
)
def test_mistakes_in_them_are_one_line(change: str, message: str) -> None:
    with pytest.raises(UserError) as refused:
        load_config("demo", [change])
    assert str(refused.value).startswith(message)
