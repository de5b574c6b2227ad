"""What an engine is asked to sample from, and which requests it cannot sample."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

# Qwen2-VL's image processor refuses pictures more than so many times longer than wide.
MAX_ASPECT = 200


@dataclass(frozen=True)
class RolloutRequest:
    """One prompt to sample from.

    `prompt` is the chat-templated text with one image placeholder an image (not yet expanded); `image_ids` name the
    pictures' contents (their sha256), so that equal pictures are processed once.
    """

    prompt: str
    images: tuple["Image", ...] = ()
    image_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromptLimits:
    """Which requests an engine can sample, by its model's processor; `max_model_len` bounds prompt plus response."""

    processor: Any
    images_per_prompt: int
    max_model_len: int

    def unusable(self, request: RolloutRequest) -> str | None:
        """Why a request cannot be sampled: "too_many_images", "image_too_narrow", "prompt_too_long"; None if not."""
        if len(request.images) > self.images_per_prompt:
            return "too_many_images"
        if any(max(image.size) > MAX_ASPECT * min(image.size) for image in request.images):
            return "image_too_narrow"
        return None if self.prompt_length(request) < self.max_model_len else "prompt_too_long"

    def prompt_length(self, request: RolloutRequest) -> int:
        """Tokens of the prompt with its image placeholders expanded, without preprocessing the pictures."""
        tokens = len(self.processor.tokenizer.encode(request.prompt, add_special_tokens=False))
        if not request.images:
            return tokens
        sizes = [(image.height, image.width) for image in request.images]
        # Not vLLM's own count: for InternVL it leaves out that the processor cuts pictures into tiles.
        expanded = self.processor._get_num_multimodal_tokens(image_sizes=sizes)["num_image_tokens"]
        return tokens + sum(expanded) - len(sizes)
