"""Components that bring settings of their own: checked, shown, given to them, and refused where nothing reads them."""

from typing import Any

import pytest
from pydantic import BaseModel, Field

from train.algorithm.advantages import ADVANTAGES
from train.algorithm.losses import LOSSES
from train.algorithm.rewards import REWARDS, Response, Reward
from train.config import load_config
from workbench.errors import UserError
from workbench.registry import Registry


class TemperedSettings(BaseModel):
    tempering: float = Field(0.5, gt=0)


@pytest.fixture(autouse=True)
def own_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    for registry in (LOSSES, ADVANTAGES, REWARDS):
        for table in ("_items", "_settings", "_origins"):
            monkeypatch.setattr(registry, table, dict(getattr(registry, table)))


def add_tempered(registry: Registry[Any]) -> None:
    registry.register("tempered", settings=TemperedSettings)(lambda values, settings: (values, settings.tempering))


def test_a_loss_s_own_settings_are_checked_shown_and_given_to_it() -> None:
    add_tempered(LOSSES)
    config = load_config("demo", ["algorithm={loss: tempered}"])
    assert config.algorithm.model_dump()["tempering"] == 0.5
    config = load_config("demo", ["algorithm={loss: tempered, tempering: 2}"])
    assert config.algorithm.component("loss")("tokens") == ("tokens", 2.0)
    with pytest.raises(UserError, match=r"config key 'algorithm.tempering': Input should be greater than 0, got -1"):
        load_config("demo", ["algorithm={loss: tempered, tempering: -1}"])
    with pytest.raises(UserError, match=r"no key 'algorithm.temperin'; the nearest is 'algorithm.tempering'"):
        load_config("demo", ["algorithm={loss: tempered, temperin: 1}"])
    with pytest.raises(UserError, match=r"tempering is set, but only the loss tempered reads it, not ppo_clip"):
        load_config("demo", ["algorithm.tempering=1"])


def test_two_components_do_not_share_a_setting() -> None:
    add_tempered(LOSSES)
    add_tempered(ADVANTAGES)
    changes = ["algorithm={loss: tempered, advantage: tempered}"]
    with pytest.raises(UserError, match=r"tempering is a setting of the advantage tempered and of the loss tempered"):
        load_config("demo", changes)


def test_a_setting_has_no_name_of_the_section() -> None:
    class Settings(BaseModel):
        aggregation: int = 1

    LOSSES.register("clashing", settings=Settings)(lambda tokens, settings: None)
    with pytest.raises(UserError, match=r"aggregation is a setting of the section itself and of the loss clashing"):
        load_config("demo", ["algorithm={loss: clashing}"])


def test_a_reward_s_own_settings_stand_in_shaping() -> None:
    class Settings(BaseModel):
        tau: float = 2.0

    @REWARDS.register("doubled", settings=Settings)
    def doubled(response: Response, settings: Settings) -> Reward:
        return Reward(settings.tau, "tau")

    assert load_config("demo", ["reward.doubled=1"]).shaping == {"tau": 2.0}
    config = load_config("demo", ["reward.doubled=1", "shaping.tau=3"])
    reward = config.rewards[-1]
    assert (reward.name, reward.weight) == ("doubled", 1.0) and reward(None).value == 3.0  # type: ignore[arg-type]


def test_a_name_is_taken_once() -> None:
    with pytest.raises(UserError, match=r"the loss 'gspo' is registered twice, by train.algorithm.losses and by "):
        add_under = LOSSES.register("gspo")
        add_under(add_tempered)  # type: ignore[arg-type]
