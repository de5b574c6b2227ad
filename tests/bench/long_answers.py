"""A model that writes long answers of uneven length about larger pictures: `python -m tests.bench.long_answers DIR`.

The embedded model is taught to look again and again, each time with the same chance to stop, so its answers are as
uneven as a reasoning model's: by themselves, without a length being forced on anyone.
"""

import io
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from train.tiny.corpus import CUES, GLANCES, Lesson, as_answer, glance, second_look
from train.tiny.data import Encoder, Picture
from train.tiny.model import save
from train.tiny.pretrain import train_phase
from workbench.models import TINY
from workbench.prompts import TEMPLATES, build_messages
from workbench.rollout.inputs import load_processor
from workbench.synth import SynthProblem, generate

# A look takes about 22 tokens: a mean of some 170, and one answer in forty reaches the limit of 512.
AGAIN = 0.85
MOST_LOOKS = 24
# Pictures of the generator have 24 image tokens; drawn FACTOR times as large they have 96.
FACTOR = 2
MAX_PIXELS = 560 * 560
STEPS, ROWS, PROBLEMS, SEED = 250, 8, 1500, 303


def enlarged(png: bytes, factor: int) -> bytes:
    """The picture drawn `factor` times as wide and high."""
    if factor == 1:
        return png
    image, made = Image.open(io.BytesIO(png)), io.BytesIO()
    image.resize((image.width * factor, image.height * factor), Image.Resampling.LANCZOS).save(made, "PNG")
    return made.getvalue()


def long_answer(problem: SynthProblem, rng: random.Random) -> str:
    """A glance and then second looks until the coin says stop; the last one gives the answer."""
    first = glance(problem, rng)
    phrase = "It looks like ({})." if problem.choices else rng.choice(GLANCES[problem.extra["kind"]])
    thought, answer = phrase.format(first), first
    for _ in range(MOST_LOOKS):
        if rng.random() > AGAIN:
            break
        lines, value = second_look(problem, rng)
        answer = as_answer(problem, value)
        thought += f" {rng.choice(CUES)} {lines} So it is {value}."
    return f"<think> {thought} </think><answer> {answer} </answer>"


@torch.no_grad()
def seen(model: Any, processor: Any, problems: list[SynthProblem]) -> list[Picture]:
    """The problems with what the frozen vision tower makes of their enlarged pictures."""
    pictures = []
    for start in range(0, len(problems), 100):
        some = problems[start : start + 100]
        images = [Image.open(io.BytesIO(enlarged(problem.image, FACTOR))).convert("RGB") for problem in some]
        made = processor.image_processor(images=images, return_tensors="pt")
        grids = made["image_grid_thw"]
        features = model.model.visual(made["pixel_values"], grid_thw=grids).pooler_output
        for problem, grid, own in zip(some, grids, features.split((grids.prod(1) // 4).tolist()), strict=True):
            pictures.append(Picture(problem, torch.empty(0), tuple(grid.tolist()), own.clone()))
    return pictures


def batches(pictures: list[Picture], encoder: Encoder, rng: random.Random) -> Iterator[dict[str, torch.Tensor]]:
    """Batches without end, of rows of like length.

    The loss is a batch's mean over its tokens; a batch is drawn the more often the more tokens it has, so that every
    token counts alike. Else those of short answers would count more, and the model would learn to stop early.
    """
    while True:
        rows = []
        for picture in rng.choices(pictures, k=8 * ROWS):
            messages = build_messages(TEMPLATES["plain"], picture.problem.question, picture.problem.choices, 1)
            rows.append((encoder.row(Lesson(messages, long_answer(picture.problem, rng)), picture.grid), picture))
        rows.sort(key=lambda row: len(row[0][0]))
        chunks = [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]
        tokens = [sum(len(ids) - prompt for (ids, prompt), _ in chunk) for chunk in chunks]
        for chunk in rng.choices(chunks, tokens, k=len(chunks)):
            yield encoder.batch([row for row, _ in chunk], [picture for _, picture in chunk])


def build(folder: Path) -> None:
    """Train the embedded model on long answers and save it with a processor that lets larger pictures be."""
    from transformers import AutoModelForImageTextToText

    torch.manual_seed(SEED)
    processor = load_processor(TINY, max_pixels=MAX_PIXELS)
    model = AutoModelForImageTextToText.from_pretrained(TINY, dtype=torch.float32).train()
    model.model.visual.requires_grad_(False)
    pictures = seen(model, processor, list(generate(PROBLEMS, SEED)))
    lessons = batches(pictures, Encoder(processor), random.Random(SEED))
    train_phase(model, lessons, STEPS, 1e-3, lambda step, loss: print(f"step {step} loss {loss:.3f}", flush=True), 50)
    save(model, processor, folder)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
