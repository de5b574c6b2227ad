"""Configs: overrides, errors that help, the bundled recipes."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from train.config import RECIPES, load_config, parse_config
from workbench.errors import UserError


def test_overrides_reach_nested_keys_and_keep_their_types() -> None:
    config = load_config("demo", ["optimizer.lr=1e-6", "dataset=[a, b]", "deepspeed.stage=2", "filter=null", "steps=7"])
    assert config.optimizer.lr == 1e-6
    assert config.datasets == ["a", "b"]
    assert config.deepspeed is not None and config.deepspeed.stage == 2
    assert config.filter is None and config.steps == 7


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimzer.lr=1", "config has no key 'optimzer'; the nearest is 'optimizer'"),
        ("rollout.temprature=1", "config has no key 'rollout.temprature'; the nearest is 'rollout.temperature'"),
        ("learning_rate=1", "config has no key 'learning_rate'; the nearest is "),
        ("lr=1", "config has no key 'lr'; the nearest is 'optimizer.lr'"),
        ("rollout.engine.max_len=1", "the nearest is 'rollout.engine.max_model_len'"),
        ("steps=0", "config key 'steps': Input should be greater than or equal to 1"),
        ("steps", "override 'steps' is not key=value"),
        ("steps=[", "steps=[ is not YAML"),
        ("reward={accuracy: 0}", "config key 'reward': reward has no weight other than 0"),
        ("prompt=none", "config key 'prompt': no prompt template is called 'none'"),
        (
            "algorithm={loss: cispo, dual_clip: 3}",
            "dual_clip is set, but only the losses gspo and ppo_clip read it, not cispo",
        ),
        ("algorithm.correction={low: 0.5}", "low is set, but only the correction mask reads it, not truncate"),
        ("filter={name: dynamic_sampling, low: 0.2}", "only the filter accuracy_bounds reads it, not dynamic_sampling"),
        ("algorithm.drift=0.1", "drift is set, but only the loss cpgd reads it, not ppo_clip; leave it out or set it"),
        ("algorithm.adora_weight=0.1", "'algorithm': adora_weight is set, but only the group weight adora reads it;"),
        ("algorithm.drfit=0.1", "config has no key 'algorithm.drfit'; the nearest is 'algorithm.drift'"),
        ("algorithm.clip_low=2", "config key 'algorithm.clip_low': Input should be less than 1, got 2"),
        ("shaping.ngram=3", "ngram is set, but only the reward repetition reads it, not accuracy or format"),
        ("shaping.gram=3", "config has no key 'shaping.gram'; the nearest is 'shaping.ngram'"),
        ("rollout.engine.tensor_parallel_size=2", "so it must be 1"),
        ("deepspeed.stage=4", "config key 'deepspeed.stage': Input should be 0, 1, 2 or 3"),
    ],
)
def test_bad_overrides_are_one_clear_line(override: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load_config("demo", [override])
    assert message in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message", "known"),
    [
        ("algorithm.loss=ppo", "key 'algorithm.loss': no loss is called 'ppo'", "cispo cpgd gspo nll ppo_clip"),
        ("algorithm.advantage=x", "key 'algorithm.advantage': no advantage is called 'x'", "dr_grpo grpo rloo"),
        ("reward.len=1", "key 'reward': no reward is called 'len'", "accuracy format overlong repetition"),
        ("filter.name=x", "key 'filter.name': no filter is called 'x'", "accuracy_bounds dynamic_sampling"),
        ("algorithm.group_weight=x", "no group weight is called 'x'", "adora inverse_std rebalance"),
        ("algorithm.kl={coefficient: 1, estimator: k4}", "no KL estimator is called 'k4'", "k1 k2 k3"),
        ("algorithm.correction.kind=x", "no correction is called 'x'", "mask truncate"),
        ("prompt=x", "key 'prompt': no prompt template is called 'x'", "instruct plain qwen zero"),
    ],
)
def test_an_unknown_component_lists_the_known(override: str, message: str, known: str) -> None:
    with pytest.raises(UserError) as caught:
        load_config("demo", [override])
    said, _, listed = str(caught.value).partition("; there are ")
    names = listed.split(", ")
    assert said.endswith(message) and names == sorted(names) and set(names) >= set(known.split())


def test_bf16_gradients_are_never_added_up_in_bf16() -> None:
    with pytest.raises(UserError, match=r"stage=0 would add up gradients in bfloat16, .*; take stage=1"):
        load_config("demo", ["dtype=bfloat16", "deepspeed.stage=0"])


def test_missing_keys_and_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="config lacks 'dataset'"):
        parse_config({"run": "r", "steps": 1})
    with pytest.raises(UserError, match=r"no config file absent.yaml; the bundled recipes are aha, demo, mm-eureka-8b"):
        load_config("absent.yaml")
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(UserError, match="holds list, not keys and values"):
        load_config(tmp_path / "list.yaml")


@pytest.mark.parametrize("recipe", sorted(p.stem for p in RECIPES.glob("*.yaml")))
def test_every_recipe_dry_runs(recipe: str) -> None:
    import typer

    from train.commands import train

    app = typer.Typer()
    app.command()(train)
    made = CliRunner().invoke(app, [recipe, "seed=7", "--dry-run"])
    assert made.exit_code == 0, made.output
    assert "seed: 7" in made.output and "samples a step" in made.output


# From the papers' tables: prompt, format weight, advantage, loss, learning rate, samples an update, tokens of prompt
# and response together, tower frozen, online filter, KL coefficient.
PUBLISHED = {
    "mm-eureka-8b": ("instruct", 0.5, "rloo", "ppo_clip", 3e-7, 64, 6144, False, False, None),
    "mm-eureka-zero-38b": ("zero", 1.0, "rloo", "ppo_clip", 3e-7, 64, 6144, False, False, None),
    "mm-eureka-qwen-7b": ("qwen", 0.5, "grpo", "ppo_clip", 1e-6, 128, 7096, True, True, None),
    "mm-eureka-qwen-32b": ("qwen", 0.5, "grpo", "ppo_clip", 1e-6, 128, 7096, True, True, None),
    "mm-eureka-qwen-32b-stage-2": ("qwen", 0.5, "grpo", "ppo_clip", 1e-6, 128, 7096, True, True, 1e-3),
    "mm-eureka-cpgd-7b": ("qwen", 0.5, "dr_grpo", "cpgd", 1e-6, 128, 7096, True, False, None),
}


@pytest.mark.parametrize("recipe", PUBLISHED)
def test_the_published_recipes_have_the_published_numbers(recipe: str) -> None:
    config = load_config(recipe)
    rollout, algorithm, optimizer = config.rollout, config.algorithm, config.optimizer
    assert PUBLISHED[recipe] == (
        config.prompt,
        config.reward["format"],
        algorithm.advantage,
        algorithm.loss,
        optimizer.lr,
        rollout.prompts_per_step * rollout.samples_per_prompt // algorithm.updates_per_step,
        rollout.engine.max_model_len,
        config.freeze_vision,
        config.filter is not None,
        algorithm.kl.coefficient if algorithm.kl else None,
    )
    assert (rollout.prompts_per_step, rollout.samples_per_prompt, rollout.temperature) == (128, 8, 1.0)
    assert (rollout.max_tokens, config.seed, config.dtype) == (4096, 42, "bfloat16")
    assert config.reward["accuracy"] == 1.0 and config.gradient_checkpointing
    assert (optimizer.betas, optimizer.weight_decay, optimizer.grad_clip) == ((0.9, 0.95), 0.0, 1.0)
    assert (optimizer.warmup_ratio, optimizer.min_lr_ratio) == (0.03, 0.1)
    assert (algorithm.clip_low, algorithm.clip_high) == (0.2, 0.2)
    if config.filter is not None:
        assert (config.filter.low, config.filter.high) == (0.1, 0.9) and config.filter.rounds > 1
    if "32b" in recipe or "qwen-7b" in recipe:
        assert algorithm.ratio_max == 3
    if algorithm.loss == "cpgd":
        assert (algorithm.drift, algorithm.drift_clip) == (0.01, 0.2)
    if "qwen" in recipe or "cpgd" in recipe:
        assert (rollout.engine.min_pixels, rollout.engine.max_pixels) == (3136, 501760)


# What the papers trained; the second stage goes on from the first one's result.
PUBLISHED_BASES = {
    "mm-eureka-8b": "InternVL2.5-8B-Instruct",
    "mm-eureka-zero-38b": "InternVL2.5-38B",
    "mm-eureka-qwen-7b": "Qwen2.5-VL-7B-Instruct",
    "mm-eureka-qwen-32b": "Qwen2.5-VL-32B-Instruct",
    "mm-eureka-qwen-32b-stage-2": "mm-eureka-qwen-32b@last",
    "mm-eureka-cpgd-7b": "Qwen2.5-VL-7B-Instruct",
}


@pytest.mark.parametrize("recipe", PUBLISHED)
def test_a_recipe_says_where_it_is_not_the_published_run(recipe: str) -> None:
    config = load_config(recipe)
    said = (RECIPES / f"{recipe}.yaml").read_text()
    base = PUBLISHED_BASES[recipe]
    assert config.model.endswith(base) or base in said
    assert config.deepspeed is not None
    if config.deepspeed.stage != 1:  # as all published runs have it
        assert "published run has ZeRO-1" in said


def test_the_second_stage_starts_from_the_first() -> None:
    assert load_config("mm-eureka-qwen-32b-stage-2").model == load_config("mm-eureka-qwen-32b").run + "@last"


def test_the_resolved_config_has_the_settings_that_are_read_and_no_others() -> None:
    plain = load_config("demo").model_dump(mode="json")
    assert plain["algorithm"]["dual_clip"] is None and plain["algorithm"]["clip_high"] == 0.28
    assert "drift" not in plain["algorithm"] and plain["shaping"] == {}
    changes = ["algorithm.loss=cpgd", "algorithm.group_weight=rebalance", "reward.overlong=1", "filter.rounds=2"]
    changed = load_config("demo", changes).model_dump(mode="json")
    assert changed["algorithm"].items() >= {"drift": 0.01, "drift_clip": 0.2, "rebalance_max": 3.0}.items()
    assert "dual_clip" not in changed["algorithm"] and "adora_weight" not in changed["algorithm"]
    assert changed["shaping"] == {"overlong_buffer": None}
    assert changed["filter"] == {"name": "accuracy_bounds", "rounds": 2, "low": 0.1, "high": 0.9}
    assert parse_config(changed) == load_config("demo", changes)


def test_null_takes_a_recipe_s_setting_out() -> None:
    algorithm = load_config("mm-eureka-qwen-7b", ["algorithm.loss=cispo", "algorithm.ratio_max=null"]).algorithm
    assert algorithm.loss == "cispo" and not hasattr(algorithm, "ratio_max")


def test_a_run_s_config_of_an_older_version_is_read(tmp_path: Path) -> None:
    """It held every component's settings, read or not."""
    old = {
        "dataset": "demo-train@v001",
        "run": "old",
        "steps": 40,
        "reward": {"accuracy": 1.0, "repetition": 0.5},
        "shaping": {"ngram": 3, "overlong_buffer": None},
        "filter": {"name": "dynamic_sampling", "low": 0.1, "high": 0.9, "rounds": 1},
        "algorithm": {
            "group_weight": None,
            "adora_weight": 0.1,
            "rebalance_max": 3.0,
            "loss": "cispo",
            "clip_low": 0.3,
            "dual_clip": None,
            "drift": 0.05,
            "correction": {"kind": "truncate", "level": "token", "low": 0.0, "high": 3.0},
        },
    }
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(old | {"made_with": {"commit": "abc"}}))
    config = load_config(file)
    assert config.algorithm.component("loss").keywords["settings"].clip_low == 0.3
    assert config.shaping == {"ngram": 3} and config.filter is not None and config.filter.name == "dynamic_sampling"
    assert config.algorithm.correction is not None and config.algorithm.correction.high == 3.0
    # A key that no version knew is an error all the same.
    file.write_text(yaml.safe_dump(old | {"made_with": {}, "algorithm": {"drfit": 1}}))
    with pytest.raises(UserError, match=r"config has no key 'algorithm.drfit'"):
        load_config(file)


def test_configs_import_without_torch() -> None:
    code = "import sys, train.config, train.commands; assert not {'torch', 'vllm', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
