"""The researcher's example plug-ins, outside the repository: their numbers, their settings, and a run of two ranks."""

import csv
import json
import math
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import yaml
from streamlit.testing.v1 import AppTest

from tests.plugins.outside import EXAMPLES, ROOT, Outside, copied
from tests.train.helpers.same_run import metrics
from train import ADVANTAGES, GROUP_WEIGHTS, LOSSES, REWARDS, GroupFacts, Response, Tokens, load_config
from workbench import Judgement, UserError, Verdict, load_plugins
from workbench.images import ImageStore
from workbench.schema import Problem

ALGORITHM = ("reward", "loss", "advantage", "filter", "group_weight", "prompt")
# Every kind of plug-in that a run's algorithm has, each with a setting of its own where it has some.
CONFIG = """
plugins: [reward.py, loss.py, advantage.py, filter.py, group_weight.py, prompt.py]
dataset: few
model: tiny
run: two
steps: 2
prompt: teacher
rollout: {prompts_per_step: 6, samples_per_prompt: 4, max_tokens: 40, engine: {max_model_len: 512}}
reward: {accuracy: 1.0, format: 0.5, same_language: 0.25}
filter: {name: finished, share: 0.0}
algorithm: {loss: sapo, tau_negative: 1.1, advantage: median, group_weight: hard, sharpness: 0.5}
optimizer: {lr: 1.0e-3}
deepspeed: {stage: 2}
"""


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    (tmp_path / "my.yaml").write_text(CONFIG)
    return copied(tmp_path)


def respond(text: str, language: str | None) -> Response:
    judgement = Judgement(Verdict.CORRECT, "equal", None, None, None, "number", 0.0)
    problem = Problem("s", "1", "1 + 1?", (), "2", language=language)
    return Response(text, judgement, "think_answer", 1, 8, problem, ImageStore(Path("none")))


def test_the_reward_reads_the_question_s_language() -> None:
    load_plugins(str(EXAMPLES / "reward.py"))
    reward = REWARDS["same_language"]
    assert reward(respond("<think>one and one</think><answer>2</answer>", "en")).value == 1.0
    assert reward(respond("<think>one and one</think><answer>2</answer>", "zh")).value == 0.0
    # By hand: four Han characters and four letters; tags, formulas and commands count for neither.
    assert reward(respond("<think>一加一是 abcd $xyz$ \\frac</think>", "zh")).value == 0.5
    assert reward(respond("<think>一加一是 abcd</think>", None)).value == 0.5
    assert reward(respond("2", "en")).reason == "no_words"


def test_the_loss_is_the_published_formula() -> None:
    load_plugins(str(EXAMPLES / "loss.py"))
    new, old = [0.3, -0.2, -1.0, 0.0], [0.0, 0.1, -1.2, 0.0]
    advantages, weights = [1.0, -1.0, -0.5, 2.0], [0.1, 0.2, 0.3, 0.4]
    tokens = Tokens(
        *(torch.tensor(values) for values in (new, old, advantages, weights)), torch.arange(4), torch.ones(4)
    )
    settings = LOSSES.settings("sapo")
    assert settings is not None
    loss, drawn = LOSSES["sapo"](tokens, settings(tau_positive=1.0, tau_negative=2.0))
    expected = gates = 0.0
    for n, o, a, w in zip(new, old, advantages, weights, strict=True):
        tau = 1.0 if a > 0 else 2.0
        gate = 4 / tau / (1 + math.exp(-tau * (math.exp(n - o) - 1)))
        expected, gates = expected - w * gate * a, gates + w * gate
    assert loss.item() == pytest.approx(expected) and drawn["gate"].item() == pytest.approx(gates)


def test_the_advantage_and_the_group_weight() -> None:
    load_plugins([str(EXAMPLES / "advantage.py"), str(EXAMPLES / "group_weight.py")])
    groups = [np.array([0.0, 1.0, 5.0]), np.array([2.0, 2.0])]
    assert [list(values) for values in ADVANTAGES["median"](groups)] == [[-1, 0, 4], [0, 0]]
    correct = np.array([True, False, False, False])
    facts = GroupFacts(np.zeros(4), np.zeros(4), ~correct, correct, Problem("s", "1", "q", (), "1"))
    config = load_config("demo", ["algorithm={group_weight: hard, sharpness: 2}"])
    assert config.algorithm.component("group_weight")([facts]) == [0.75**2]
    assert GROUP_WEIGHTS["hard"]
    load_plugins(str(EXAMPLES / "filter.py"))
    config = load_config("demo", ["filter={name: finished, share: 0.25}"])
    assert config.filter and config.filter.component("name")(facts) is None
    config = load_config("demo", ["filter={name: finished, share: 0.3}"])
    assert config.filter and config.filter.component("name")(facts) == "mostly_cut_off"


def test_a_dry_run_shows_their_settings(outside: Outside) -> None:
    said = outside.eureka("train", "my.yaml", "trackers.csv.every=5", "--plugin", "tracker.py", "--dry-run")
    shown = yaml.safe_load(said)
    assert shown["plugins"] == [outside.path(f"{name}.py") for name in ("tracker", *ALGORITHM)]
    assert shown["algorithm"]["tau_positive"] == 1.0 and shown["algorithm"]["tau_negative"] == 1.1
    assert shown["algorithm"]["sharpness"] == 0.5 and shown["filter"]["share"] == 0.0
    assert shown["trackers"]["csv"] == {"keys": ["reward/total", "eval/accuracy"], "every": 5}
    assert f"# plug-in loss, sha256 {outside.sha256('loss.py')}" in said
    wrong = outside.eureka("train", "my.yaml", "algorithm.tau_negative=-1", "--dry-run", code=2)
    assert wrong.startswith("eureka: config key 'algorithm.tau_negative': Input should be greater than 0, got -1")
    (outside.folder / "loss.py").write_text("import no_such_library\n")
    broken = outside.eureka("train", "my.yaml", "--dry-run", code=2)
    assert broken.splitlines() == [
        f"eureka: plug-in {outside.path('loss.py')}, line 1: ModuleNotFoundError: No module named 'no_such_library'"
    ]


@pytest.mark.engine
def test_two_ranks_train_with_all_of_them(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    outside.eureka("data", "synth", "--name", "few", "--count", "24", "--seed", "3")
    words = ["train", "my.yaml", "trackers.csv={keys: [reward/total]}", "--plugin", "tracker.py"]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--no-python", "--nproc-per-node", "2"]
    outside.process(*words, launcher=launcher)
    run = outside.folder / "ws" / "runs" / "two"

    stored = yaml.safe_load((run / "config.yaml").read_text())
    records = {record["name"]: record for record in stored["made_with"]["plugins"]}
    assert set(records) == {"tracker", *ALGORITHM}
    for name, record in records.items():
        assert record == {"name": name, "path": outside.path(f"{name}.py"), "sha256": outside.sha256(f"{name}.py")}
    assert stored["algorithm"]["tau_positive"] == 1.0

    steps = metrics(run)
    assert [row["step"] for row in steps] == [1, 2]
    assert all(row["policy/gate"] > 0 and 0 <= row["reward/same_language"] <= 1 for row in steps)
    # Before the first update old and new log-probs are the same ones, where the gate is σ(0)·4/τ.
    assert 2 / 1.1 - 1e-3 <= steps[0]["policy/gate"] <= 2 + 1e-3
    with (run / "numbers.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows == [["step", "reward/total"], *([str(s["step"]), str(s["reward/total"])] for s in steps)]
    rollouts = [row for file in run.glob("rollouts/*/*.parquet") for row in pq.read_table(file).to_pylist()]
    assert len(rollouts) == 48 and all("A pupil asks: " in row["prompt"] for row in rollouts)
    reasons = [dict(row["reward_reasons"])["same_language"] for row in rollouts]
    assert all(reason == "no_words" or reason.endswith("_en") for reason in reasons)

    monkeypatch.setenv("EUREKA_WORKSPACE", outside.path("ws"))
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=300)
    page.switch_page("views/runs.py")
    page.query_params = {"run": "two", "group": "policy"}
    page.run()
    assert not page.exception and any(outside.sha256("loss.py") in code.value for code in page.code)

    (outside.folder / "reward.py").write_text("# another\n")
    refused = outside.eureka("train", "--resume", "two", code=2)
    assert refused.startswith("eureka: run 'two' was made with the plug-in reward (") and "has changed" in refused
    assert len(refused.splitlines()) == 1


@pytest.mark.engine
def test_a_model_family_trains_as_its_sampler_samples(outside: Outside) -> None:
    build_qwen2_vl(outside.folder / "model")
    outside.eureka("data", "synth", "--name", "few", "--count", "8", "--seed", "3")
    words = ["train", "demo", "model=./model", "dataset=few", "eval_dataset=null", "run=q", "steps=1", "prompt=plain"]
    words += ["rollout={prompts_per_step: 4, samples_per_prompt: 4, max_tokens: 12, engine: {max_model_len: 512}}"]
    words += ["reward={with_e: {weight: 1, pattern: e}}", "freeze_vision=false"]
    refused = outside.eureka(*words, code=2)
    assert "model_type 'qwen2_vl', which the trainer cannot train; it knows internvl, qwen2_5_vl" in refused
    outside.process(*words, "--plugin", "model_family.py")
    # vLLM and the learner agree on what the model is; a wrong use of its pictures would show here.
    (step,) = metrics(outside.folder / "ws" / "runs" / "q")
    assert step["gap/max"] <= 1e-4 and step["samples/used"] > 0 and step["policy/grad_norm"] > 0


def build_qwen2_vl(folder: Path) -> None:
    """A random Qwen2-VL of two layers."""
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration, Qwen2VLProcessor

    from tests.train.helpers.tiny_families import tokenizer_for
    from train.tiny.model import SPECIAL_TOKENS, VOCABULARY, build_processor

    tokenizer = tokenizer_for(SPECIAL_TOKENS)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    torch.manual_seed(0)
    config = Qwen2VLConfig(
        text_config={
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 4096,
            "rope_parameters": {"rope_type": "default", "rope_theta": 100.0, "mrope_section": [4, 6, 6]},
            "initializer_range": 0.1,
            "tie_word_embeddings": False,
            "bos_token_id": None,
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
        },
        vision_config={
            "depth": 2,
            "embed_dim": 64,
            "hidden_size": 64,
            "num_heads": 2,
            "mlp_ratio": 2,
            "patch_size": 14,
            "initializer_range": 0.1,
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=False,
    )
    model = Qwen2VLForConditionalGeneration(config)
    given = build_processor(tokenizer)
    processor = Qwen2VLProcessor(given.image_processor, tokenizer, given.video_processor, given.chat_template)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["model_type"] == "qwen2_vl"


def test_what_the_documentation_shows_works(outside: Outside) -> None:
    text = (ROOT / "docs" / "extending.md").read_text()
    (outside.folder / "my_reward.py").write_text(text.partition("```python\n")[2].partition("```")[0])
    command = text.partition("```\neureka ")[2].partition("\n")[0].split()
    shown = yaml.safe_load(outside.process(*command, "--dry-run"))
    assert shown["reward"]["short"] == 0.2 and shown["plugins"] == [outside.path("my_reward.py")]
    config = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    (outside.folder / "own.yaml").write_text(yaml.safe_dump({"dataset": "d", "run": "r", "steps": 1, **config}))
    own = load_config(outside.folder / "own.yaml")
    assert own.template.before == "A pupil asks: " and own.rewards[-1].name == "names_the_unit"
    example = respond("<think>in m</think><answer>3 kg</answer>", "en")
    assert own.rewards[-1](example).value == 1.0 and own.rewards[-1](respond("<think>3 kg</think>4", "en")).value == 0.0
    # Each kind has a row in the table, and the row names its example.
    assert all(f"../examples/plugins/{file.name}" in text for file in EXAMPLES.glob("*.py"))


def test_every_example_is_tried_here() -> None:
    """Each file registers something, and nothing else is asked of a plug-in."""
    from workbench.plugins import loaded_plugins

    files = sorted(EXAMPLES.glob("*.py"))
    load_plugins([str(file) for file in files])
    kinds = {kind.kind for plugin in loaded_plugins() for kind, _ in plugin.components}
    assert len(files) == len(kinds) == 13 and all(plugin.components for plugin in loaded_plugins())
    with pytest.raises(UserError, match="registered twice"):
        ADVANTAGES.register("median")(lambda groups: [])
