"""What the learner's log-probs have to be: transformers' own full forward pass over one row."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText

from train.learner.batching import TrainSample
from workbench.rollout.inputs import banned_token_ids


def full_forward(
    folder: Path, sample: TrainSample, temperature: float, model: Any = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probs and entropies of the response's tokens.

    Full logits of one unpadded row by the documented call, masked and tempered by hand; `model` gets gradients.
    """
    learns = model is not None
    model = model or AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([sample.prompt_ids + sample.response_ids])
    pictures = {}
    if sample.pictures:
        pictures = {"pixel_values": sample.pictures.pixels, "image_grid_thw": sample.pictures.grid}
    types = (ids == model.config.image_token_id).int()
    ban = torch.zeros(model.config.text_config.vocab_size)
    ban[banned_token_ids(folder)] = -100
    with torch.set_grad_enabled(learns):
        logits = model(input_ids=ids, mm_token_type_ids=types, **pictures).logits[0] + ban
    table = (logits / temperature).log_softmax(-1)[len(sample.prompt_ids) - 1 : -1]
    return table.gather(-1, torch.tensor(sample.response_ids)[:, None])[:, 0], -(table.exp() * table).sum(-1)
