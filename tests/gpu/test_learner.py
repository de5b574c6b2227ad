"""The measuring script's parts against values known otherwise, and the whole of it on a small model without a GPU."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch.nn.attention.flex_attention import flex_attention
from torch.nn.functional import scaled_dot_product_attention

from tests.gpu.attention import block_mask, dense_mask, segments_of
from tests.gpu.report import Report
from tests.gpu.shapes import Shape, model_config
from tests.gpu.stopwatch import Stopwatch
from train.learner.batching import TrainSample, collate

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("size", "weights"), [("3B", 3_754_622_976), ("7B", 8_292_166_656)])
def test_models_have_as_many_weights_as_the_published_ones(size: str, weights: int) -> None:
    """The published files hold twice as many bytes (model.safetensors.index.json, total_size)."""
    from transformers import Qwen2_5_VLForConditionalGeneration

    with torch.device("meta"):
        model = Qwen2_5_VLForConditionalGeneration(model_config(size))
    assert sum(parameter.numel() for parameter in model.parameters()) == weights


@pytest.mark.parametrize("prompt", [740, 3000])
def test_samples_have_the_lengths_that_are_said(prompt: int) -> None:
    samples = Shape(prompt, 600, 2, 3).make(1000)
    assert [(len(s.prompt_ids), len(s.response_ids), s.group) for s in samples] == [
        (prompt, 600, group) for group in (0, 0, 1, 1, 2, 2)
    ]
    collate([[sample] for sample in samples], image_token=0, pad_token=3)  # refuses pictures that do not fit


def test_the_block_mask_is_the_learner_s_mask() -> None:
    """Rows of one, two and three responses, padded: the dense mask that `collate` makes, and attention through both."""
    rows = []
    for prompt, responses in ((5, (3, 1, 4)), (2, (6,)), (70, (40, 30))):
        rows.append([TrainSample([7] * prompt, [8] * n, [0.0] * n, 1.0) for n in responses])
    attends = collate(rows, image_token=0, pad_token=3).attends
    segments = segments_of(rows)
    assert torch.equal(dense_mask(segments), attends)
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(3, heads, 140, 16, generator=generator) for heads in (4, 2, 2))
    through_blocks = flex_attention(query, key, value, block_mask=block_mask(segments), enable_gqa=True)
    dense = scaled_dot_product_attention(query, key, value, attn_mask=attends, enable_gqa=True)
    torch.testing.assert_close(through_blocks, dense)


def test_a_region_s_time_is_its_own_without_what_runs_inside_it() -> None:
    watch = Stopwatch()
    attention, inner = ("projections", 1, "forward"), ("attention", 2, "forward")
    backward, recomputed = ("mlp", 3, "backward"), ("projections", 4, "forward")
    watch.marks = [
        (0.0, ("pass", 0, "start"), False),
        (1.0, attention, True),
        (3.0, inner, True),
        (7.0, inner, False),
        (8.0, attention, False),
        (10.0, backward, True),
        (11.0, recomputed, True),  # ends without a mark
        (15.0, backward, False),
        (16.0, ("pass", 0, "end"), False),
    ]
    if torch.cuda.is_available():
        pytest.skip("on a GPU the marks are events")
    assert watch.seconds() == {"other": 1 + 2 + 1, "projections": 2 + 1 + 4, "attention": 4, "mlp": 1}


def test_what_fails_or_takes_too_long_is_a_line_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUT", str(tmp_path))
    report = Report(60)
    with report.section("slow", 1.5):
        report.line("slow", figure=1 / 3)
        time.sleep(30)
    with report.section("broken", 30):
        with report.case("broken", shape=1):
            raise RuntimeError("no room")
        report.line("broken", shape=2)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [json.loads(line) for line in (tmp_path / "learner.jsonl").read_text().splitlines()]
    assert [(line["section"], line.get("error", "").split(" after")[0]) for line in lines] == [
        ("slow", ""),
        ("slow", "time is up"),
        ("slow", ""),
        ("broken", "RuntimeError: no room"),
        ("broken", ""),
        ("broken", ""),
    ]
    assert lines[0]["figure"] == 0.3333


@pytest.mark.slow
def test_every_section_gives_figures_on_a_small_model(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.gpu.learner", "--small"],
        cwd=ROOT,
        env=os.environ | {"OUT": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in (tmp_path / "learner.jsonl").read_text().splitlines()]
    assert [line for line in lines if "error" in line or "left_out" in line] == []
    counts = {name: sum(line["section"] == name for line in lines) for name in {line["section"] for line in lines}}
    assert counts == {"machine": 2, "learner": 8, "attention": 11, "flex": 4, "checkpointing": 5, "zero": 2}
    shares = [line["shares"] for line in lines if "shares" in line]
    assert len(shares) == 6
    for each in shares:
        assert set(each) == {"vision", "attention", "projections", "mlp", "head", "other"}
        assert sum(each.values()) == pytest.approx(1, abs=1e-3)
    rounding, wrong, flex = (line for line in lines if line["section"] == "flex" and "max" in line)
    assert max(rounding["max"], flex["max"]) < 1e-5 < 1e-2 < wrong["max"]
