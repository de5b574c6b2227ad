"""Configs: overrides, errors that help, the bundled recipes."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from train.config import RECIPES, load_config, parse_config
from train.forecast import implications
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
        (
            "algorithm.loss=ppo",
            "config key 'algorithm.loss': no loss is called 'ppo'; there are cispo, cpgd, gspo, ppo_clip",
        ),
        (
            "algorithm.advantage=x",
            "config key 'algorithm.advantage': no advantage is called 'x'; there are dr_grpo, grpo",
        ),
        (
            "reward.len=1",
            "config key 'reward': no reward is called 'len'; there are accuracy, format, overlong, repetition",
        ),
        ("reward={accuracy: 0}", "config key 'reward': reward has no weight other than 0"),
        ("prompt=none", "config key 'prompt': no prompt template is called 'none'"),
        ("filter.name=x", "config key 'filter.name': no filter is called 'x'; there are accuracy_bounds"),
        ("deepspeed.stage=4", "config key 'deepspeed.stage': Input should be 0, 1, 2 or 3"),
    ],
)
def test_bad_overrides_are_one_clear_line(override: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load_config("demo", [override])
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_missing_keys_and_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="config lacks 'dataset'"):
        parse_config({"run": "r", "steps": 1})
    with pytest.raises(UserError, match=r"no config file absent.yaml; the bundled recipes are demo, mm-eureka"):
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


def test_the_published_recipe_has_the_published_numbers() -> None:
    config = load_config("mm-eureka-qwen-7b")
    assert (config.rollout.prompts_per_step, config.rollout.samples_per_prompt) == (128, 8)
    assert config.optimizer.lr == 1e-6 and config.optimizer.betas == (0.9, 0.95)
    assert config.filter is not None and (config.filter.low, config.filter.high) == (0.1, 0.9)
    assert "1024 samples a step (128 prompts x 8), 128 an update" in implications(config)[0]


def test_configs_import_without_torch() -> None:
    code = "import sys, train.config, train.commands; assert not {'torch', 'vllm', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
