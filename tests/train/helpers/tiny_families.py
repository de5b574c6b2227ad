"""Random checkpoints of each supported architecture, small enough to train and sample in seconds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from train.tiny.model import CHAT_TEMPLATE, SPECIAL_TOKENS, VOCABULARY, build_model, build_processor, build_tokenizer
from workbench.synth import generate

# Tiles are so small that a generated picture is cut into several of them.
TILE, TILE_TOKENS = 56, 4
INTERNVL_NAMES = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": "<IMG_CONTEXT>",
    "video_token": "<video>",
}


def tokenizer_for(special: Sequence[str]) -> Any:
    texts = [f"{p.question} {p.solution}" for p in generate(60, 5)]
    return build_tokenizer([*texts, "<think> 3 + 4 = 7 </think><answer> 7 </answer>"], special)


def qwen2_5_vl() -> tuple[Any, Any]:
    tokenizer = tokenizer_for(SPECIAL_TOKENS)
    return build_model(tokenizer), build_processor(tokenizer)


def qwen3_vl() -> tuple[Any, Any]:
    """Deep features into two language layers and tied embeddings, as the published small ones have."""
    from transformers import (
        Qwen2VLImageProcessor,
        Qwen3VLConfig,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    tokenizer = tokenizer_for(SPECIAL_TOKENS)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    config = Qwen3VLConfig(
        text_config={
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 32,
            "max_position_embeddings": 4096,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 100.0,
                "mrope_section": [8, 4, 4],
                "mrope_interleaved": True,
            },
            "initializer_range": 0.1,
            "tie_word_embeddings": True,
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
        },
        vision_config={
            "depth": 3,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_heads": 2,
            "out_hidden_size": 64,
            "patch_size": 16,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0, 1],
            "initializer_range": 0.1,
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=True,
    )
    sizes = {
        "size": {"shortest_edge": 64 * 64, "longest_edge": 160 * 160},
        "patch_size": 16,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**sizes),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(patch_size=16, merge_size=2, temporal_patch_size=2),
        chat_template=CHAT_TEMPLATE,
    )
    return Qwen3VLForConditionalGeneration(config), processor


def internvl() -> tuple[Any, Any]:
    """A ViT on tiles, a projector and a Qwen2, as InternVL3 has in the Hugging Face format."""
    from transformers import (
        GotOcr2ImageProcessor,
        InternVLConfig,
        InternVLForConditionalGeneration,
        InternVLProcessor,
        InternVLVideoProcessor,
    )

    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *INTERNVL_NAMES.values()]
    tokenizer = tokenizer_for(special)
    tokenizer._set_model_specific_special_tokens(INTERNVL_NAMES)
    config = InternVLConfig(
        text_config={
            "model_type": "qwen2",
            "architectures": ["Qwen2ForCausalLM"],
            "vocab_size": VOCABULARY,
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 4096,
            "initializer_range": 0.1,
            "tie_word_embeddings": False,
            "eos_token_id": tokenizer.convert_tokens_to_ids("<|im_end|>"),
            "pad_token_id": tokenizer.convert_tokens_to_ids("<|endoftext|>"),
        },
        vision_config={
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "attention_bias": True,
            "image_size": [TILE, TILE],
            "patch_size": [14, 14],
            "initializer_range": 0.1,
            "layer_scale_init_value": 0.5,
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=TILE_TOKENS,
        tie_word_embeddings=False,
    )
    size = {"height": TILE, "width": TILE}
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(size=size, max_patches=4),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=size),
        image_seq_length=TILE_TOKENS,
        chat_template=CHAT_TEMPLATE.replace("<|vision_start|><|image_pad|><|vision_end|>", "<IMG_CONTEXT>\\n"),
    )
    return InternVLForConditionalGeneration(config), processor


BUILDERS = {"qwen2_5_vl": qwen2_5_vl, "qwen3_vl": qwen3_vl, "internvl": internvl}


def build(family: str, folder: Path) -> Path:
    """Write a random checkpoint of `family` into `folder`."""
    torch.manual_seed(0)
    model, processor = BUILDERS[family]()
    with torch.no_grad():
        # Position embeddings, class tokens and biases start at 0, and a wrong use of them would not show.
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(std=0.1)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
