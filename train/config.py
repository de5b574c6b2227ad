"""What a training run is asked to do: pydantic models that import without torch, read from YAML plus `key=value`."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator, model_validator

from train.algorithm.config import AlgorithmConfig
from train.algorithm.correction import CorrectionConfig
from train.algorithm.filters import FilterConfig
from train.algorithm.losses import ClipSettings
from train.algorithm.patterns import PatternReward
from train.algorithm.rewards import REWARDS
from train.algorithm.settings import ComponentSection, Section, setting_names, validated, without_unread_settings
from train.algorithm.weighted import Given, WeightedReward, check_names, read_reward, weighted_rewards
from train.trackers import TRACKERS, checked_trackers
from workbench.errors import UserError
from workbench.plugins import find_source, load_plugins, not_loaded
from workbench.prompts import TEMPLATES, OwnPrompt, PromptTemplate
from workbench.rollout.sampling import EngineConfig

RECIPES = Path(__file__).parent / "recipes"


Method = Literal["rl", "sft", "cot_sft"]
# What only sampled responses can be asked for.
RL_ONLY = (
    "filter",
    "rollout.temperature",
    *(f"algorithm.{name}" for name in ("advantage", "group_weight", "loss", "dual_clip", "ratio_max")),
    *(f"algorithm.{name}" for name in ("mask_truncated", "kl", "correction")),
)


class RolloutConfig(Section):
    """What is sampled each step, over all ranks. `max_tokens` bounds a response; `temperature` is the learner's too."""

    prompts_per_step: int = Field(32, ge=1)
    samples_per_prompt: int = Field(8, ge=1)
    temperature: float = Field(1.0, gt=0)
    max_tokens: int = Field(1024, ge=1)
    engine: EngineConfig = EngineConfig()


class OptimizerConfig(Section):
    """AdamW, a linear warm-up over `warmup_ratio` of all updates, then a cosine down to `min_lr_ratio` of `lr`.

    A trained vision tower may have a rate of its own, `vision_lr`, on the same schedule.
    """

    lr: float = Field(1e-6, gt=0)
    vision_lr: float | None = Field(None, gt=0)
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = Field(0.0, ge=0)
    warmup_ratio: float = Field(0.03, ge=0, lt=1)
    min_lr_ratio: float = Field(0.1, ge=0, le=1)
    grad_clip: float = Field(1.0, gt=0)


class LoRAConfig(Section):
    """Low-rank pairs on every linear layer of the language model, scaled by `alpha` / `rank`; they alone are trained.

    A vision tower that is not frozen is trained beside them, whole, with the projector behind it.
    """

    rank: int = Field(16, ge=1)
    alpha: float = Field(32, gt=0)


class DeepSpeedConfig(Section):
    """ZeRO stage: 0 nothing is split over the ranks, 1 the optimizer's state, 2 gradients too, 3 also weights."""

    stage: Literal[0, 1, 2, 3] = 2


class EvaluateConfig(Section):
    """Greedy answers to `problems` of `eval_dataset`, before the first step, every `every` steps and at the end."""

    every: int = Field(20, ge=1)
    problems: int = Field(200, ge=1)


class CheckpointConfig(Section):
    """A checkpoint every `every` steps and at the end; the newest `keep` stay, the best one stays apart."""

    every: int = Field(20, ge=1)
    keep: int = Field(2, ge=1)


class TrainConfig(Section):
    """One training run. `steps` counts sampling steps; `micro_batch_tokens` counts padding and prompts too.

    `method` is reinforcement learning, or supervised learning of written targets: the gold answer alone (`sft`), or
    after the problem's solution as its thought (`cot_sft`). A supervised step takes `prompts_per_step` problems with
    one target each, of at most `max_tokens`, so `samples_per_prompt` and the clip bounds do not apply; other settings
    that need sampled responses are refused.

    Problems of a benchmark or a test split are refused as training data unless `allow_benchmarks`.
    """

    plugins: list[str] = Field(default=[])
    """Files and modules that register components of your own; a file's path starts at the config's folder."""
    method: Method = "rl"
    dataset: str | list[str]
    allow_benchmarks: bool = False
    eval_dataset: str | None = None
    model: str = "tiny"
    run: str
    steps: int = Field(ge=1)
    seed: int = 42
    prompt: str | OwnPrompt = "plain"
    """A template's name, or a template of your own: `system`, `before`, `after`, `format`, `answer`."""
    rollout: RolloutConfig = RolloutConfig()
    reward: dict[str, float | PatternReward] = Field(default={"accuracy": 1.0, "format": 0.5})
    """Rewards and their weights; in a weight's place may stand `{weight: …, pattern: …}`, a reward of your own."""
    shaping: dict[str, Any] = Field(default={}, validate_default=True)
    """The settings of the rewards that `reward` names."""
    filter: FilterConfig | None = None
    algorithm: AlgorithmConfig = AlgorithmConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    lora: LoRAConfig | None = None
    deepspeed: DeepSpeedConfig | None = None
    freeze_vision: bool = True
    gradient_checkpointing: bool = False
    dtype: Literal["float32", "bfloat16"] = "float32"
    micro_batch_tokens: int = Field(16384, ge=1)
    evaluate: EvaluateConfig = EvaluateConfig()
    checkpoint: CheckpointConfig = CheckpointConfig()
    trackers: dict[str, Any] = Field(default={}, validate_default=True)
    """Where numbers go besides metrics.jsonl and TensorBoard: each tracker with its settings, null to leave it out."""

    @model_validator(mode="before")
    @classmethod
    def _plugins_come_first(cls, values: Any) -> Any:
        """What the other keys name may be a plug-in's."""
        names = values.get("plugins") if isinstance(values, dict) else None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            return values
        load_plugins(names)
        return values | {"plugins": [find_source(name).text for name in names]}

    @field_validator("prompt", mode="before")
    @classmethod
    def _prompt(cls, given: Any) -> Any:
        if isinstance(given, str):
            TEMPLATES[given]
        return (
            given if isinstance(given, OwnPrompt) else validated(OwnPrompt if isinstance(given, dict) else str, given)
        )

    @field_validator("reward", mode="before")
    @classmethod
    def _own_rewards(cls, given: Any) -> Any:
        return {k: read_reward(k, v) for k, v in given.items()} if isinstance(given, dict) else given

    @field_validator("reward")
    @classmethod
    def _reward(cls, rewards: dict[str, Given]) -> dict[str, Given]:
        check_names(rewards)
        return rewards

    @field_validator("trackers")
    @classmethod
    def _trackers(cls, given: dict[str, Any]) -> dict[str, Any]:
        return checked_trackers(given)

    @field_validator("shaping")
    @classmethod
    def _shaping(cls, settings: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        # Where the rewards themselves are wrong, that is said alone.
        rewards = weighted_rewards(info.data.get("reward", {}), settings if "reward" in info.data else {})
        return {key: value for reward in rewards for key, value in dict(reward.settings or ()).items()}

    @model_validator(mode="after")
    def _one_engine_a_rank(self) -> "TrainConfig":
        if self.rollout.engine.tensor_parallel_size > 1:
            raise UserError(
                "rollout.engine.tensor_parallel_size is for evaluation; in training each rank has an engine of its own "
                "and prompts of its own, so it must be 1"
            )
        return self

    @model_validator(mode="after")
    def _gradients_add_up_in_fp32(self) -> "TrainConfig":
        if self.dtype == "bfloat16" and self.deepspeed is not None and self.deepspeed.stage == 0:
            raise UserError(
                "deepspeed.stage=0 would add up gradients in bfloat16, where small ones are lost; take stage=1"
            )
        return self

    @model_validator(mode="after")
    def _tower_learns(self) -> "TrainConfig":
        if self.freeze_vision and self.optimizer.vision_lr is not None:
            raise UserError("optimizer.vision_lr is set but the vision tower is frozen; add freeze_vision=false")
        return self

    @model_validator(mode="before")
    @classmethod
    def _written_targets_are_not_clipped(cls, values: Any) -> Any:
        """A recipe's clip bounds are left out where its loss is replaced by `nll`, which has none."""
        algorithm = values.get("algorithm") if isinstance(values, dict) else None
        if not isinstance(algorithm, dict) or algorithm.get("loss") != "nll":
            return values
        return values | {"algorithm": {k: v for k, v in algorithm.items() if k not in ClipSettings.model_fields}}

    @model_validator(mode="after")
    def _method_uses_its_settings(self) -> "TrainConfig":
        if not self.supervised:
            if self.algorithm.loss == "nll":
                raise UserError("algorithm.loss 'nll' learns written targets; add method=sft or method=cot_sft")
            return self
        plain = TrainConfig(dataset="", run="", steps=1)
        defaults = {key: _value(plain, key) for key in RL_ONLY}
        # The loss is `nll` whether it is named or not.
        asked = [key for key, default in defaults.items() if _value(self, key) not in (default, "nll")]
        if asked:
            ways = (f"{key}={'null' if defaults[key] is None else str(defaults[key]).lower()}" for key in asked)
            raise UserError(
                f"method={self.method} samples no responses and cannot use {', '.join(asked)}; add {' '.join(ways)}"
            )
        return self

    @property
    def template(self) -> PromptTemplate:
        """How a problem is asked."""
        return self.prompt.template if isinstance(self.prompt, OwnPrompt) else TEMPLATES[self.prompt]

    @property
    def rewards(self) -> list[WeightedReward]:
        """What a response earns, with the settings of `shaping`."""
        return weighted_rewards(self.reward, self.shaping)

    @property
    def supervised(self) -> bool:
        """Whether the run learns written targets instead of sampled responses."""
        return self.method != "rl"

    @property
    def datasets(self) -> list[str]:
        return [self.dataset] if isinstance(self.dataset, str) else self.dataset


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a YAML file (or a bundled recipe's name) and apply dotted `key=value` overrides, values being YAML too.

    Raises UserError with one line for a missing file, bad YAML, a bad value, or an unknown key (with the nearest one).
    """
    file = Path(path)
    if not file.exists():
        file = RECIPES / f"{str(path).removesuffix('.yaml')}.yaml"
    if not file.exists():
        names = ", ".join(sorted(p.stem for p in RECIPES.glob("*.yaml")))
        raise UserError(f"no config file {path}; the bundled recipes are {names}")
    values = _yaml(file.read_text(encoding="utf-8"), str(file))
    if not isinstance(values, dict):
        raise UserError(f"{file} holds {type(values).__name__}, not keys and values")
    # A run's own config.yaml says what it was made with; as a config it is the same without.
    made_with = values.pop("made_with", None)
    plugins = values.get("plugins")
    if isinstance(plugins, list) and all(isinstance(name, str) for name in plugins):
        records = (made_with or {}).get("plugins", [])
        values["plugins"] = plugins = [find_source(name, file.parent).text for name in not_loaded(plugins, records)]
        load_plugins(plugins)
    else:
        load_plugins()
    if made_with is not None:
        values = without_unread(values)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise UserError(f"override {override!r} is not key=value, as in optimizer.lr=1e-6")
        _set(values, key, _yaml(text, override))
    return parse_config(values)


def parse_config(values: dict[str, Any]) -> TrainConfig:
    """Validate keys and values; UserError names the first bad one."""
    try:
        return TrainConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise UserError(f"config has no key {key!r}; the nearest is {_nearest(key)!r}") from error
        if first["type"] == "missing":
            raise UserError(f"config lacks {key!r}; give it in the file or as {key}=…") from error
        if isinstance(own := first.get("ctx", {}).get("error"), UserError):
            raise UserError(f"config key {key!r}: {own}" if key else str(own)) from error
        raise UserError(f"config key {key!r}: {first['msg']}, got {first['input']!r}") from error


def without_unread(values: dict[str, Any]) -> dict[str, Any]:
    """A stored config without what its components do not read: older versions stored every component's settings."""
    algorithm = values.get("algorithm") or {}
    if algorithm.get("correction"):
        algorithm = algorithm | {"correction": CorrectionConfig.without_unread(algorithm["correction"])}
    kept = values | {"algorithm": AlgorithmConfig.without_unread(algorithm)}
    if values.get("filter"):
        kept["filter"] = FilterConfig.without_unread(values["filter"])
    if "reward" in values and values.get("shaping"):
        chosen = [(REWARDS, name) for name, given in values["reward"].items() if not isinstance(given, dict)]
        kept["shaping"] = without_unread_settings(values["shaping"], chosen)
    return kept


def known_keys(model: type[BaseModel] = TrainConfig, prefix: str = "") -> list[str]:
    """Every dotted key of the config, with the settings of all components that are registered."""
    keys = []
    for name, field in model.model_fields.items():
        keys.append(prefix + name)
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(part, type) and issubclass(part, BaseModel):
                keys += known_keys(part, f"{prefix}{name}.")
    registries = model.COMPONENTS.values() if issubclass(model, ComponentSection) else ()
    keys += [prefix + key for registry in registries for name in registry for key in setting_names(registry, name)]
    if model is TrainConfig:
        keys += [f"shaping.{key}" for name in REWARDS for key in setting_names(REWARDS, name)]
        keys += [f"reward.NAME.{key}" for key in PatternReward.model_fields]
        keys += [f"trackers.{name}" for name in TRACKERS]
        keys += [f"trackers.{name}.{key}" for name in TRACKERS for key in setting_names(TRACKERS, name)]
    return keys


def _value(config: TrainConfig, key: str) -> Any:
    """The value of a dotted key, None if its section is not there or has no such setting."""
    value: Any = config
    for name in key.split("."):
        value = getattr(value, name, None)
    return value


def _nearest(key: str) -> str:
    """The known key most like `key`, as a whole or by its last part (`lr` means `optimizer.lr`)."""

    def likeness(known: str) -> float:
        whole = difflib.SequenceMatcher(None, key, known).ratio()
        return max(whole, difflib.SequenceMatcher(None, key.split(".")[-1], known.split(".")[-1]).ratio())

    return max(known_keys(), key=likeness)


def _yaml(text: str, where: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"{where} is not YAML: {' '.join(str(error).split())}") from error
    return _numbers(value)


def _numbers(value: Any) -> Any:
    # YAML 1.1 reads 1e-6 as a string; everyone who writes it means the number.
    if isinstance(value, dict):
        return {k: _numbers(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_numbers(v) for v in value]
    if isinstance(value, str) and value[:1] in "+-.0123456789" and value[:1]:
        try:
            return float(value) if "e" in value.lower() else value
        except ValueError:
            return value
    return value


def _set(values: dict[str, Any], key: str, value: Any) -> None:
    *sections, last = key.split(".")
    for section in sections:
        child = values.get(section)
        values[section] = child if isinstance(child, dict) else {}
        values = values[section]
    values[last] = value
