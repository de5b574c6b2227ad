"""From a problem to what an engine samples from, with the model's own processor."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.models.folder import read_config
from workbench.prompts import PromptTemplate, build_messages
from workbench.rollout.requests import RolloutRequest

# Added to the logits of tokens that must not be sampled. vLLM clamps biases to ±100, so the learner adds the same.
BAN_BIAS = -100.0
_BANNED_KEYS = (
    "image_token_id",
    "video_token_id",
    "vision_start_token_id",
    "vision_end_token_id",
)
# InternVL's config names only the image token.
_INTERNVL_BANNED = ("<IMG_CONTEXT>", "<img>", "</img>", "<video>")
_TEMPLATE = "copy chat_template.jinja from the original model"


def banned_token_ids(model: Path) -> list[int]:
    """Ids of the image, video and vision-start tokens of a Hugging Face folder.

    A sampled one makes the next forward pass count image features that do not exist.
    """
    config = read_config(model)
    banned = {config[key] for key in _BANNED_KEYS if config.get(key) is not None}
    if config.get("model_type") == "internvl":
        from transformers import AutoTokenizer

        added = AutoTokenizer.from_pretrained(model).get_added_vocab()
        banned |= {added[token] for token in _INTERNVL_BANNED if token in added}
    return sorted(banned)


def processor_settings(model: Path, min_pixels: int | None, max_pixels: int | None) -> dict[str, int]:
    """The model's own processor settings that bound a picture's pixels; None leaves the processor's bound.

    InternVL cuts a picture into tiles of a fixed size, so its bounds become whole tiles, at least one; the small whole
    picture that it adds to several tiles is not counted.
    """
    bounds = {k: v for k, v in (("min_pixels", min_pixels), ("max_pixels", max_pixels)) if v is not None}
    config = read_config(model)
    if config.get("model_type") != "internvl":
        return bounds
    size = config["vision_config"]["image_size"]
    height, width = size if isinstance(size, list) else (size, size)
    return {key.replace("pixels", "patches"): max(1, value // (height * width)) for key, value in bounds.items()}


def load_processor(model: Path, min_pixels: int | None = None, max_pixels: int | None = None) -> Any:
    """The model's Hugging Face processor; pixel bounds, where given, override its own (see `processor_settings`).

    It renders with its tokenizer's chat template where it has none. UserError if it cannot be loaded.
    """
    from transformers import AutoProcessor

    settings = processor_settings(model, min_pixels, max_pixels)
    try:
        processor = AutoProcessor.from_pretrained(model, **settings)
    except ImportError:
        raise
    except Exception as error:  # each library has errors of its own for a damaged file
        why = " ".join(str(error).split())[:200]
        raise UserError(
            f"{model}: its processor cannot be loaded ({type(error).__name__}: {why}); copy the tokenizer's and the "
            "processor's files from the original model"
        ) from error
    if not processor.chat_template:
        processor.chat_template = processor.tokenizer.chat_template
    _check_template(model, processor)
    return processor


def _check_template(model: Path, processor: Any) -> None:
    """UserError unless the chat template shows a question and marks a picture."""
    text = {"type": "text", "text": "How many?"}
    try:
        bare, pictured = (
            processor.apply_chat_template([{"role": "user", "content": content}], tokenize=False)
            for content in ([text], [{"type": "image"}, text])
        )
    except Exception as error:  # a template is a program
        why = " ".join(str(error).split())[:200]
        raise UserError(f"{model}: its chat template fails ({type(error).__name__}: {why}); {_TEMPLATE}") from error
    if text["text"] not in bare or bare == pictured:
        raise UserError(f"{model}: its chat template leaves out the question or the picture; {_TEMPLATE}")


class PromptBuilder:
    """Renders problems into requests for one model and one template."""

    def __init__(self, processor: Any, template: PromptTemplate, images: ImageStore):
        self.processor = processor
        self.template = template
        self.images = images

    def request(self, question: str, choices: Sequence[str] | None, image_ids: Sequence[str]) -> RolloutRequest:
        """The templated prompt with its pictures opened. UserError if the store lacks a picture."""
        messages = build_messages(self.template, question, list(choices) if choices else None, len(image_ids))
        prompt = self.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        if not isinstance(prompt, str):
            raise UserError(f"the processor's chat template gave {type(prompt).__name__}, not text; check the model")
        return RolloutRequest(prompt, tuple(self.images.open(i) for i in image_ids), tuple(image_ids))
