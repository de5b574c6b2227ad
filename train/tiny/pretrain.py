"""Builds the embedded tiny model from nothing: `python -P -m train.tiny --out DIR` (about half an hour on two cores).

First it only learns to read the numbers off the figures. Then its vision tower is frozen and it learns the responses of
`train.tiny.corpus`, with readings and workings among them. Everything follows from the seed.
"""

import json
import math
import random
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.progress import track

from train.tiny.corpus import CUES, READ_QUESTION, tokenizer_texts
from train.tiny.data import IGNORE, Encoder, Picture, batches, render
from train.tiny.model import build_model, build_processor, build_tokenizer, save
from workbench.prompts import TEMPLATES, build_messages
from workbench.synth import generate

TRAIN_SEED, HELD_OUT_SEED = 101, 202
READING_RATE, LESSON_RATE = 1.5e-3, 1.2e-3  # the highest learning rate of each phase
FORMAT = re.compile(r"<think>(?:(?!</?think>|</?answer>).)*</think>\s*<answer>(?P<answer>[^<]*)</answer>", re.DOTALL)
FIRST = re.compile(r"\d+|\([A-C]\)")


def loss_of(model: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Mean cross-entropy in nats over the response tokens; only their logits are computed.

    A batch holds `pixel_values`, or `features` where the vision tower's output was computed before.
    """
    labels = batch["labels"][:, 1:]
    inputs = {key: value for key, value in batch.items() if key not in ("labels", "features")}
    if "features" in batch:
        core, ids = model.model, inputs["input_ids"]
        places, _ = core.get_rope_index(
            ids, inputs["mm_token_type_ids"], inputs["image_grid_thw"], attention_mask=inputs["attention_mask"]
        )
        seen = (ids == model.config.image_token_id).unsqueeze(-1)
        embedded = core.get_input_embeddings()(ids).masked_scatter(seen, batch["features"])
        out = core.language_model(
            inputs_embeds=embedded, position_ids=places, attention_mask=inputs["attention_mask"], use_cache=False
        )
    else:
        out = model.model(**inputs, use_cache=False)
    hidden, wanted = out.last_hidden_state[:, :-1], labels != IGNORE
    return torch.nn.functional.cross_entropy(model.lm_head(hidden[wanted]), labels[wanted])


@torch.no_grad()
def look(model: Any, encoder: Encoder, pictures: list[Picture], size: int = 128) -> None:
    """Keep the vision tower's output with every picture: from then on the tower is frozen."""
    for start in range(0, len(pictures), size):
        some = pictures[start : start + size]
        grids = torch.tensor([picture.grid for picture in some])
        features = model.model.visual(encoder.pixels(some), grid_thw=grids).pooler_output
        for picture, own in zip(some, features.split((grids.prod(1) // 4).tolist()), strict=True):
            picture.features = own.clone()


@torch.no_grad()
def answer(
    model: Any,
    encoder: Encoder,
    pictures: list[Picture],
    *,
    template: str = "plain",
    question: str | None = None,
    shown: list[Picture] | None = None,
    sample: bool = True,
    size: int = 128,
) -> list[str]:
    """One response to each problem, at temperature 1 or greedily; `shown` puts other pictures before the model."""
    model.eval()
    texts: list[str] = []
    for start in range(0, len(pictures), size):
        asked = pictures[start : start + size]
        seen = (shown or pictures)[start : start + size]
        rows = []
        for one, picture in zip(asked, seen, strict=True):
            choices = None if question else one.problem.choices
            messages = build_messages(TEMPLATES[template], question or one.problem.question, choices, 1)
            ids = encoder.prompt_ids(messages, picture.grid)
            rows.append((ids, len(ids)))
        batch = encoder.batch(rows, seen, left=True)
        del batch["labels"]
        made = model.generate(**batch, do_sample=sample, max_new_tokens=80)
        for ids in made[:, batch["input_ids"].shape[1] :].tolist():
            texts.append(encoder.tokenizer.decode(ids).split("<|im_end|>")[0].replace("<|endoftext|>", ""))
    model.train()
    return texts


def measure(texts: list[str], pictures: list[Picture]) -> dict[str, float]:
    """Shares over the responses: right, in format, reflecting; among the reflecting, first and last answer right."""
    right, formed, reflecting, first_right, last_right = 0, 0, 0, 0, 0
    for text, picture in zip(texts, pictures, strict=True):
        match = FORMAT.fullmatch(text.strip())
        formed += bool(match)
        good = bool(match) and match["answer"].strip() == picture.problem.answer  # type: ignore[index]
        right += good
        cue = next((cue for cue in CUES if cue in text), None)
        if cue:
            reflecting += 1
            glance = FIRST.findall(text.split(cue)[0])
            first_right += bool(glance) and glance[-1].strip("()") == picture.problem.answer
            last_right += good
    count = len(texts)
    return {
        "accuracy": right / count,
        "format": formed / count,
        "reflection": reflecting / count,
        "first_right": first_right / max(reflecting, 1),
        "last_right": last_right / max(reflecting, 1),
    }


def reading_accuracy(model: Any, encoder: Encoder, pictures: list[Picture]) -> float:
    """Share of pictures whose numbers are all transcribed rightly, greedily."""
    texts = answer(model, encoder, pictures, question=READ_QUESTION, sample=False)
    wanted = [", ".join(str(number) for number in picture.problem.extra["numbers"]) for picture in pictures]
    return sum(f"<answer> {numbers} </answer>" in text for text, numbers in zip(texts, wanted, strict=True)) / len(
        texts
    )


def learning_rate(step: int, steps: int, peak: float, warmup: int = 100) -> float:
    """Linear warm-up, then a cosine down to a fiftieth of the peak."""
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup))))


def train_phase(
    model: Any,
    lessons: Iterator[dict[str, torch.Tensor]],
    steps: int,
    peak: float,
    report: Callable[[int, float], None],
    every: int,
) -> None:
    """AdamW over the parameters that are not frozen; `report` gets the step and the mean loss since the last report."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=peak, betas=(0.9, 0.98), weight_decay=0.01)
    losses: list[float] = []
    for step in track(range(1, steps + 1), description="pre-training"):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        loss = loss_of(model, next(lessons))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step % every == 0 or step == steps:
            report(step, sum(losses) / len(losses))
            losses.clear()


def main(
    out: Annotated[Path, typer.Option(help="Folder for the checkpoint.")],
    reading_steps: Annotated[int, typer.Option(help="Steps that only read, with the vision tower.")] = 1000,
    steps: Annotated[int, typer.Option(help="Steps of lessons, the vision tower frozen.")] = 3200,
    problems: Annotated[int, typer.Option(help="Generated problems to learn from.")] = 24000,
    batch_size: Annotated[int, typer.Option(help="Rows a step.")] = 64,
    every: Annotated[int, typer.Option(help="Steps between measurements, each of which also saves.")] = 300,
    seed: Annotated[int, typer.Option(help="Seed of weights and lessons.")] = 0,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
) -> None:
    """Pre-train the tiny model and save it in the Hugging Face format."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    rng = random.Random(seed)
    processor = build_processor(build_tokenizer(tokenizer_texts(list(generate(3000, TRAIN_SEED)), rng)))
    encoder = Encoder(processor)
    model = build_model(processor.tokenizer).train()
    pictures, held_out = render(problems, TRAIN_SEED), render(128, HELD_OUT_SEED)
    started = time.monotonic()

    def report(step: int, loss: float, phase: str) -> None:
        row: dict[str, float | str] = {"phase": phase, "step": step, "loss": loss}
        row["minutes"] = (time.monotonic() - started) / 60
        row["reading"] = reading_accuracy(model, encoder, held_out)
        if phase == "lessons":
            row |= measure(answer(model, encoder, held_out), held_out)
        print(
            json.dumps({key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()}),
            flush=True,
        )
        save(model, processor, out)

    lessons = batches(pictures, encoder, batch_size, (1.0, 0.0), rng)
    train_phase(model, lessons, reading_steps, READING_RATE, partial(report, phase="reading"), every)
    model.model.visual.requires_grad_(False)
    look(model, encoder, pictures)
    lessons = batches(pictures, encoder, batch_size, (0.15, 0.15), rng)
    train_phase(model, lessons, steps, LESSON_RATE, partial(report, phase="lessons"), every)
