"""The committed checkpoint: small, lossless in text, right now and then, and led by what it sees."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CHECKPOINT = Path(__file__).parents[3] / "workbench" / "tiny"
HELD_OUT_SEED = 909


@cache
def _tokenizer() -> Any:
    """Loaded once for all tests; hypothesis runs its examples outside of fixtures."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(CHECKPOINT)


@pytest.fixture(scope="module")
def processor() -> Any:
    from transformers import AutoProcessor

    return AutoProcessor.from_pretrained(CHECKPOINT)


@pytest.fixture(scope="module")
def model() -> Any:
    import torch
    from transformers import Qwen2_5_VLForConditionalGeneration

    return Qwen2_5_VLForConditionalGeneration.from_pretrained(CHECKPOINT, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def pictures() -> Any:
    from train.tiny.data import render

    return render(64, HELD_OUT_SEED, workers=1)


@pytest.fixture(scope="module")
def greedy(model: Any, processor: Any, pictures: Any) -> list[str]:
    from train.tiny.data import Encoder
    from train.tiny.pretrain import answer

    return answer(model, Encoder(processor), pictures, sample=False)


def test_the_checkpoint_is_small(model: Any) -> None:
    assert sum(file.stat().st_size for file in CHECKPOINT.iterdir()) <= 10 * 2**20
    assert sum(parameter.numel() for parameter in model.parameters()) <= 5_000_000


def test_weights_lie_in_bf16() -> None:
    from safetensors import safe_open

    with safe_open(CHECKPOINT / "model.safetensors", "pt") as file:
        assert {file.get_slice(name).get_dtype() for name in file.keys()} == {"BF16"}  # noqa: SIM118


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_the_tokenizer_loses_nothing(text: str) -> None:
    tokenizer = _tokenizer()
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


NASTY = [
    "",
    " ",
    "\n\n \t",
    "三角形ABC的面积",
    "🎉👩‍🔬",
    "\x00\x1f\x7f",
    "e\u0301 é ﬁ",
    " ,  .",
    "1,234.50 ½ ²",
    "<think> 7 </think>",
]


@pytest.mark.parametrize("text", NASTY)
def test_the_tokenizer_keeps_nasty_text(text: str) -> None:
    tokenizer = _tokenizer()
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_every_digit_is_a_token_of_its_own() -> None:
    tokenizer = _tokenizer()
    pieces = [tokenizer.decode([token]) for token in tokenizer("12 + 345")["input_ids"]]
    assert pieces == ["1", "2", " +", " 3", "4", "5"]


def test_special_tokens_are_single_and_named_in_the_config(model: Any) -> None:
    tokenizer = _tokenizer()
    for token in ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|vision_start|>", "<|vision_end|>"):
        assert len(tokenizer(token)["input_ids"]) == 1
    assert model.config.image_token_id == tokenizer("<|image_pad|>")["input_ids"][0]
    assert model.config.video_token_id == tokenizer("<|video_pad|>")["input_ids"][0]


def test_our_inputs_are_the_processors(processor: Any, pictures: Any) -> None:
    """Patches and prompt ids that the pre-training made itself equal those of the Hugging Face processor."""
    import io

    import torch
    from PIL import Image

    from train.tiny.data import Encoder
    from workbench.prompts import TEMPLATES, build_messages

    encoder = Encoder(processor)
    for picture in pictures[:8]:
        problem = picture.problem
        messages = build_messages(TEMPLATES["instruct"], problem.question, problem.choices, 1)
        text = processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        inputs = processor(text=[text], images=[Image.open(io.BytesIO(problem.image))], return_tensors="pt")
        assert inputs["input_ids"][0].tolist() == encoder.prompt_ids(messages, picture.grid)
        assert tuple(inputs["image_grid_thw"][0].tolist()) == picture.grid
        torch.testing.assert_close(inputs["pixel_values"], encoder.pixels([picture]), atol=1e-5, rtol=0)


def test_kept_features_give_the_loss_of_the_pixels(model: Any, processor: Any) -> None:
    import random

    import torch

    from train.tiny.data import Encoder, batches, render
    from train.tiny.pretrain import look, loss_of

    encoder, few = Encoder(processor), render(12, HELD_OUT_SEED, workers=1)
    with torch.no_grad():
        seen = loss_of(model, next(batches(few, encoder, 8, (0.2, 0.2), random.Random(0))))
        look(model, encoder, few)
        kept = loss_of(model, next(batches(few, encoder, 8, (0.2, 0.2), random.Random(0))))
    torch.testing.assert_close(seen, kept, atol=1e-5, rtol=0)


def test_the_lessons_second_looks_are_better_than_their_first() -> None:
    """In the text the model learns from: the last answer of a reflecting response is right far more often."""
    import random
    from types import SimpleNamespace

    from train.tiny.corpus import respond
    from train.tiny.pretrain import measure
    from workbench.synth import generate

    rng = random.Random(0)
    problems = list(generate(1500, HELD_OUT_SEED))
    shares = measure([respond(problem, rng) for problem in problems], [SimpleNamespace(problem=p) for p in problems])  # type: ignore[misc]
    assert shares["last_right"] - shares["first_right"] > 0.3
    assert 0.15 < shares["reflection"] < 0.35
    assert shares["format"] > 0.9


def test_a_large_photo_becomes_few_tokens(processor: Any) -> None:
    from PIL import Image

    inputs = processor.image_processor(images=[Image.new("RGB", (1600, 900), "red")], return_tensors="pt")
    assert inputs["image_grid_thw"].prod().item() // 4 <= 49


def test_greedy_answers_are_right_and_in_format(greedy: list[str], pictures: Any) -> None:
    from train.tiny.pretrain import measure

    shares = measure(greedy, pictures)
    assert 0.2 <= shares["accuracy"] <= 0.7
    assert shares["format"] >= 0.9


def test_the_numbers_are_read_off_the_picture(model: Any, processor: Any, pictures: Any) -> None:
    from train.tiny.data import Encoder
    from train.tiny.pretrain import reading_accuracy

    assert reading_accuracy(model, Encoder(processor), pictures) >= 0.9


def test_another_picture_gives_another_answer(model: Any, processor: Any, pictures: Any, greedy: list[str]) -> None:
    """The same questions before pictures of the same kind that show other numbers."""
    from train.tiny.data import Encoder
    from train.tiny.pretrain import answer

    swaps = []
    for i, picture in enumerate(pictures):
        extra = picture.problem.extra
        for other in pictures:
            their = other.problem.extra
            if their["kind"] == extra["kind"] and sum(their["numbers"]) != sum(extra["numbers"]):
                swaps.append((i, other))
                break
    asked, shown = [pictures[i] for i, _ in swaps], [other for _, other in swaps]
    swapped = answer(model, Encoder(processor), asked, shown=shown, sample=False)
    changed = sum(text != greedy[i] for text, (i, _) in zip(swapped, swaps, strict=True))
    assert len(swaps) >= 50
    assert changed / len(swaps) >= 0.8
