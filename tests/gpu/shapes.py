"""Models of the published sizes with random weights, and the batches that are measured on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from train.learner.batching import MicroBatch, Pictures, TrainSample, collate, cut, share
from train.learner.families import FAMILIES
from train.learner.policy import Policy

# Ids in the smallest vocabulary too; which they are changes no figure.
IMAGE, VIDEO, VISION_START, VISION_END = 0, 1, 2, 3
TEXT = {
    "7B": {"hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "num_attention_heads": 28,
           "num_key_value_heads": 4, "vocab_size": 152064, "tie_word_embeddings": False},
    "3B": {"hidden_size": 2048, "intermediate_size": 11008, "num_hidden_layers": 36, "num_attention_heads": 16,
           "num_key_value_heads": 2, "vocab_size": 151936, "tie_word_embeddings": True},
    "small": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
              "num_key_value_heads": 2, "vocab_size": 512, "tie_word_embeddings": False},
}  # fmt: skip
VISION = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16}
SMALL_VISION = {"depth": 2, "hidden_size": 64, "intermediate_size": 128, "num_heads": 4, "fullatt_block_indexes": [1]}


def model_config(size: str) -> Any:
    """Qwen2.5-VL's config as published for 3B and 7B, or a small one of the same kind."""
    from transformers import Qwen2_5_VLConfig

    text, small = TEXT[size], size == "small"
    sections = [2, 3, 3] if small else [16, 24, 24]
    return Qwen2_5_VLConfig(
        text_config=text
        | {
            "rms_norm_eps": 1e-6,
            "max_position_embeddings": 128000,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": sections},
            "pad_token_id": VISION_END,
            "bos_token_id": None,
            "eos_token_id": VISION_END,
        },
        vision_config=(SMALL_VISION if small else VISION) | {"out_hidden_size": text["hidden_size"]},
        image_token_id=IMAGE,
        video_token_id=VIDEO,
        vision_start_token_id=VISION_START,
        vision_end_token_id=VISION_END,
        tie_word_embeddings=text["tie_word_embeddings"],
    )


def build(size: str, dtype: torch.dtype, device: str) -> Policy:
    """A policy with random weights, frozen tower and activation checkpointing, as the recipes have it."""
    from transformers import AutoModelForImageTextToText

    torch.manual_seed(0)
    with torch.device(device):
        model = AutoModelForImageTextToText.from_config(model_config(size), dtype=dtype, attn_implementation="sdpa")
    model.gradient_checkpointing_enable({"use_reentrant": False})
    banned = [IMAGE, VIDEO, VISION_START]
    return Policy(model, FAMILIES["qwen2_5_vl"](), banned, temperature=1.0, freeze_vision=True).train()


def weights_a_token(policy: Policy) -> tuple[int, int]:
    """Weights that every token passes (the language model's blocks) and those that a response token passes more."""
    blocks = sum(p.numel() for p in policy.model.model.language_model.layers.parameters())
    return blocks, policy.model.lm_head.weight.numel()


@dataclass(frozen=True)
class Shape:
    """Problems with `samples` responses each; `scale` divides all lengths, for a trial on a CPU."""

    prompt: int
    response: int
    samples: int
    groups: int
    scale: int = 1

    def make(self, vocabulary: int) -> list[TrainSample]:
        """Random samples. Of 740 prompt tokens 448 are a picture's; a longer prompt has as many more pictures."""
        generator = torch.Generator().manual_seed(0)
        rows, columns = (32, 56) if self.scale == 1 else (4, 8)
        tokens = rows * columns // 4
        count = self.prompt // 740
        filler = self.prompt // self.scale - count * (tokens + 2)

        def text(length: int) -> list[int]:
            return torch.randint(VISION_END + 1, vocabulary, (length,), generator=generator).tolist()

        samples = []
        for group in range(self.groups):
            pixels = torch.randn(count * rows * columns, 3 * 2 * 14 * 14, generator=generator)
            pictures = Pictures(str(group), pixels, torch.tensor([[1, rows, columns]] * count), (tokens,) * count)
            prompt = [VISION_START, *[IMAGE] * tokens, VISION_END] * count + text(filler)
            for _ in range(self.samples):
                response = text(self.response // self.scale)
                samples.append(TrainSample(prompt, response, [0.0] * len(response), 1.0, pictures, group))
        return samples


# A recipe's micro_batch_tokens.
BUDGET = 16384


def rows_of(policy: Policy, shape: Shape) -> list[Sequence[Sequence[TrainSample]]]:
    """The shape's micro-batches as rows of samples, cut as the trainer cuts them."""
    budget = BUDGET // shape.scale
    return list(cut(share(shape.make(policy.bias.numel()), policy.width, budget), budget))


def batches_of(policy: Policy, shape: Shape) -> list[MicroBatch]:
    return [collate(rows, policy.image_token, policy.pad_token) for rows in rows_of(policy, shape)]
