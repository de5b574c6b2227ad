"""Rewards: the shape a prompt asks for, and the holes of the published reward that must stay shut."""

from pathlib import Path

import pytest

from train.algorithm.rewards import REWARDS, Response, Reward, format_fault
from train.algorithm.weighted import weighted_rewards
from train.rollouts import Group, Rollout, judge
from workbench.images import ImageStore
from workbench.prompts import TEMPLATES
from workbench.rollout.engine import Sample
from workbench.schema import Problem
from workbench.verify import Judgement, Verdict, shared_verifier

PROBLEM, NO_IMAGES = Problem("s", "1", "q", (), "7"), ImageStore(Path("no-images"))
GOOD = "<think> 3 + 4 = 7 </think>\n<answer> 7 </answer>"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD, None),
        (f"  {GOOD}\n", None),
        ("7", "no_think"),
        ("", "no_think"),
        ("<answer> 7 </answer>", "missing_<think>"),
        ("<think> a </think> 7", "missing_<answer>"),
        ("<think> a <answer> 7 </answer>", "missing_</think>"),
        ("<think> a </think><answer> 7", "missing_</answer>"),
        ("<think></think><answer> 7 </answer>", "empty_think"),
        (f"<think>{'. ' * 400}</think><answer> 7 </answer>", "empty_think"),
        ("<think> a </think><answer> \n</answer>", "empty_answer"),
        (f"so {GOOD}", "text_before_think"),
        (f"{GOOD} done", "text_after_answer"),
        ("<think> a </think> so <answer> 7 </answer>", "text_between_parts"),
        (f"{GOOD}<answer> 8 </answer>", "tags_repeated"),
        (f"<think> b </think>{GOOD}", "tags_repeated"),
        ("<answer> 7 </answer><think> a </think>", "tags_out_of_order"),
        ("<think> a <answer> 7 </answer> </think>", "tags_out_of_order"),
    ],
)
def test_think_answer_format(text: str, fault: str | None) -> None:
    assert format_fault(text, "think_answer") == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (r"3 + 4 = 7, so \boxed{7}", None),
        (r"two of four, so \boxed{\frac{1}{2}}.", None),
        (r"\boxed{7}", "no_reasoning"),
        ("it is 7", "no_box"),
        (r"so \boxed{7} or \boxed{8}", "several_boxes"),
        (r"so \boxed{ }", "empty_box"),
        ("." * 400 + r"\boxed{7}", "no_reasoning"),
        ("so " * 200 + r"\boxed{7}", "no_reasoning"),
        (r"so \boxed{7", "box_not_closed"),
    ],
)
def test_boxed_format(text: str, fault: str | None) -> None:
    assert format_fault(text, "boxed") == fault


def test_boxed_inside_the_answer() -> None:
    assert format_fault(r"<think> a </think><answer> \boxed{7} </answer>", "think_answer_boxed") is None
    assert format_fault(GOOD, "think_answer_boxed") == "no_box"
    assert format_fault(r"<think> \boxed{7} </think><answer> 7 </answer>", "think_answer_boxed") == "no_box"


def _judged(
    text: str, answer: str, template: str = "plain", choices: tuple[str, ...] | None = None, extra: str = "{}"
) -> Rollout:
    rollout = Rollout(Sample([1], [0.0], text, "stop"))
    group = Group(0, Problem("s", "1", "q", (), answer, choices, extra=extra), "", [], 0, [rollout], None)
    rewards = weighted_rewards({"accuracy": 1.0, "format": 0.5}, {})
    judge([group], shared_verifier("default"), TEMPLATES[template], rewards, 8, NO_IMAGES)
    return rollout


@pytest.mark.parametrize(
    ("text", "answer", "template", "reward"),
    [
        (GOOD, "7", "plain", 1.5),
        (GOOD, "8", "plain", 0.5),
        ("<think> 7 </think><answer> 7 </answer> done", "7", "plain", 1.0),
        ("7", "7", "plain", 0.0),
        ("<think> it is <answer> 7 </answer>", "7", "plain", 0.0),
        ("<think> <answer> 7 </answer> </think>", "7", "plain", 0.0),
        ("<think> a </think><answer> 7 </answer><answer> 8 </answer>", "7", "plain", 0.0),
        ("<think></think><answer></answer>", "7", "plain", 0.0),
        ("<think> a </think><answer> maths </answer>", "A", "plain", 0.5),
        (r"so \boxed{8} or \boxed{7}", "7", "zero", 0.0),
        ("." * 400, "7", "zero", 0.0),
        (r"3 + 4 = 7, so \boxed{7}", "7", "zero", 1.5),
        ("<think> a </think><answer> 24 cm </answer>", "24", "plain", 1.5),
    ],
)
def test_total_rewards(text: str, answer: str, template: str, reward: float) -> None:
    assert _judged(text, answer, template).reward == pytest.approx(reward)


@pytest.mark.parametrize(("answer", "accuracy"), [("3", 1.0), ("3 hours", 1.0), ("3 dollars", 0.0)])
def test_a_unit_beside_the_gold_counts(answer: str, accuracy: float) -> None:
    text = f"<think> a </think><answer> {answer} </answer>"
    assert _judged(text, "3", extra='{"unit": "hours"}').rewards["accuracy"] == accuracy


def test_an_unscorable_gold_earns_nothing_and_leaves_the_group() -> None:
    rollout = _judged(GOOD, "")
    assert rollout.judgement is not None and rollout.judgement.verdict == Verdict.UNSCORABLE
    assert rollout.reward is None and rollout.unused_reason == "unscorable"
    assert rollout.rewards["accuracy"] is None and rollout.reasons["accuracy"] == rollout.judgement.reason


def test_a_reward_that_raises_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Response) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(REWARDS._items, "format", broken)
    with pytest.raises(RuntimeError, match="reward 'format' raised on an answer to problem"):
        _judged(GOOD, "7")


def test_each_reward_says_why() -> None:
    judgement = Judgement(Verdict.WRONG, "different", "8", "answer_tag", (1, 2), "number", 0.0)
    response = Response("8", judgement, "think_answer", 1, 8, PROBLEM, NO_IMAGES)
    reasons = {
        "accuracy": "different",
        "format": "no_think",
        "overlong": "within_length",
        "repetition": "0_of_0_4-grams_repeated",
    }
    rewards = weighted_rewards(dict.fromkeys(reasons, 1.0), {})
    assert {reward.name: reward(response).reason for reward in rewards} == reasons


def _reward(name: str, text: str, n_tokens: int = 1, max_tokens: int = 100, **settings: int) -> Reward:
    judgement = Judgement(Verdict.CORRECT, "equal", None, None, None, "number", 0.0)
    [reward] = weighted_rewards({name: 1.0}, settings)
    return reward(Response(text, judgement, "think_answer", n_tokens, max_tokens, PROBLEM, NO_IMAGES))


@pytest.mark.parametrize(
    ("text", "ngram", "value", "reason"),
    [
        ("one two three four five", 2, 0.0, "0_of_4_2-grams_repeated"),
        # a b | b a | a b | b a: two of four are new.
        ("a b A, b a", 2, -0.5, "2_of_4_2-grams_repeated"),
        ("wait " * 101, 1, -100 / 101, "100_of_101_1-grams_repeated"),
        ("too short", 4, 0.0, "0_of_0_4-grams_repeated"),
    ],
)
def test_repetition(text: str, ngram: int, value: float, reason: str) -> None:
    found = _reward("repetition", text, ngram=ngram)
    assert found.value == pytest.approx(value) and found.reason == reason


@pytest.mark.parametrize(
    ("length", "buffer", "value", "reason"),
    [
        # DAPO, equation 13, with L = 100: no cost up to L - B, then a straight line down to -1 at L.
        (80, 20, 0.0, "within_length"),
        (85, 20, -0.25, "5_tokens_into_the_last_20"),
        (100, 20, -1.0, "20_tokens_into_the_last_20"),
        (60, 50, -0.2, "10_tokens_into_the_last_50"),
        (100, 500, -1.0, "100_tokens_into_the_last_100"),
    ],
)
def test_overlong(length: int, buffer: int, value: float, reason: str) -> None:
    found = _reward("overlong", "x", length, overlong_buffer=buffer)
    assert found.value == pytest.approx(value) and found.reason == reason


def test_the_buffer_is_a_fifth_where_none_is_given() -> None:
    assert _reward("overlong", "x", 90).value == pytest.approx(-0.5)
