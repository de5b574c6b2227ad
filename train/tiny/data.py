"""Generated problems as tensors: pictures cut into patches once, lessons drawn anew whenever a problem comes up."""

import io
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image

from train.tiny.corpus import Lesson, lesson, reading, working
from train.tiny.model import MERGE, PATCH
from workbench.synth import SynthProblem
from workbench.synth import problem_at as draw

IGNORE = -100


@dataclass
class Picture:
    """A problem and its picture as (patches, 3, 14, 14) bytes with its grid (1, rows, columns) of patches.

    `features` is the vision tower's output, (image tokens, width), once the tower is frozen.
    """

    problem: SynthProblem
    patches: torch.Tensor
    grid: tuple[int, int, int]
    features: torch.Tensor | None = None


def to_patches(png: bytes) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Cut a picture as Qwen2-VL's image processor does: the patches of one image token lie together."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    rows, columns = pixels.shape[0] // PATCH, pixels.shape[1] // PATCH
    cut = pixels.reshape(rows // MERGE, MERGE, PATCH, columns // MERGE, MERGE, PATCH, 3)
    return cut.transpose(0, 3, 1, 4, 6, 2, 5).reshape(-1, 3, PATCH, PATCH), (1, rows, columns)


def _picture(index: int, seed: int) -> tuple[SynthProblem, np.ndarray, tuple[int, int, int]]:
    problem = draw(index, seed)
    return problem, *to_patches(problem.image)


def render(count: int, seed: int, workers: int = 2) -> list[Picture]:
    """Draw `count` problems of a seed in `workers` processes; the order is the stream's."""
    with ProcessPoolExecutor(workers) as pool:
        drawn = pool.map(partial(_picture, seed=seed), range(count), chunksize=200)
        return [Picture(problem, torch.from_numpy(patches), grid) for problem, patches, grid in drawn]


class Encoder:
    """Lessons to model inputs, with the processor's own normalisation."""

    def __init__(self, processor: Any):
        self.processor = processor
        self.tokenizer = processor.tokenizer
        images = processor.image_processor
        self.mean = torch.tensor(images.image_mean).view(1, 3, 1, 1)
        self.std = torch.tensor(images.image_std).view(1, 3, 1, 1)
        self.image_id = self.tokenizer.convert_tokens_to_ids("<|image_pad|>")
        self.pad_id = self.tokenizer.pad_token_id
        self.end_id = self.tokenizer.eos_token_id

    def pixels(self, pictures: list[Picture]) -> torch.Tensor:
        """(patches of all pictures, 3 * 2 * 14 * 14) floats; a still picture fills both frames of a patch."""
        flat = torch.cat([picture.patches for picture in pictures]).float() / 255
        normal = (flat - self.mean) / self.std
        return normal.unsqueeze(2).expand(-1, -1, 2, -1, -1).reshape(len(flat), -1).contiguous()

    def prompt_ids(self, messages: list[dict[str, Any]], grid: tuple[int, int, int]) -> list[int]:
        """Token ids of the chat with one image token for every 2x2 patches and the assistant's opening."""
        text = self.processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        tokens = grid[1] * grid[2] // MERGE**2
        return list(self.tokenizer(text.replace("<|image_pad|>", "<|image_pad|>" * tokens, 1))["input_ids"])

    def row(self, taught: Lesson, grid: tuple[int, int, int]) -> tuple[list[int], int]:
        """Ids of prompt, response and end token, and the length of the prompt."""
        prompt = self.prompt_ids(taught.messages, grid)
        return [*prompt, *self.tokenizer(taught.response)["input_ids"], self.end_id], len(prompt)

    def batch(
        self, rows: list[tuple[list[int], int]], pictures: list[Picture], left: bool = False
    ) -> dict[str, torch.Tensor]:
        """Padded inputs of the model and `labels` that cover the responses only; `left` pads for generation."""
        longest = max(len(ids) for ids, _ in rows)
        inputs = torch.full((len(rows), longest), self.pad_id)
        mask = torch.zeros_like(inputs)
        labels = torch.full_like(inputs, IGNORE)
        for i, (ids, prompt) in enumerate(rows):
            start = longest - len(ids) if left else 0
            inputs[i, start : start + len(ids)] = torch.tensor(ids)
            mask[i, start : start + len(ids)] = 1
            labels[i, start + prompt : start + len(ids)] = torch.tensor(ids[prompt:], dtype=torch.long)
        features = [picture.features for picture in pictures if picture.features is not None]
        whole = len(features) == len(pictures)
        return {
            "input_ids": inputs,
            "attention_mask": mask,
            "mm_token_type_ids": (inputs == self.image_id).int(),
            "image_grid_thw": torch.tensor([picture.grid for picture in pictures]),
            "labels": labels,
            **({"features": torch.cat(features)} if whole else {"pixel_values": self.pixels(pictures)}),
        }


def batches(
    pictures: list[Picture], encoder: Encoder, size: int, shares: tuple[float, float], rng: random.Random
) -> Iterator[dict[str, torch.Tensor]]:
    """Batches without end; `shares` of the rows are readings and workings, the rest lessons.

    Eight batches are drawn at a time and their rows sorted by length, so that little is padding.
    """
    teachers: list[Callable[[SynthProblem], Lesson]] = [reading, working, partial(lesson, rng=rng)]
    weights = [*shares, 1 - sum(shares)]
    while True:
        drawn = rng.choices(pictures, k=8 * size)
        rows = [(encoder.row(rng.choices(teachers, weights)[0](p.problem), p.grid), p) for p in drawn]
        rows.sort(key=lambda row: len(row[0][0]))
        chunks = [rows[i : i + size] for i in range(0, len(rows), size)]
        rng.shuffle(chunks)
        for chunk in chunks:
            yield encoder.batch([row for row, _ in chunk], [picture for _, picture in chunk])
