"""How each model family sees pictures: what its processor makes, what its tower computes, how that enters the model.

`Policy` knows no architecture. Another family is another class, registered under the `model_type` of its config.json.
This file imports without torch, so that a config can be checked where none is.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from train.learner.batching import MicroBatch, Pictures
from workbench.errors import UserError
from workbench.models.folder import check_files, read_config
from workbench.registry import Registry

if TYPE_CHECKING:
    import torch


class Family(ABC):
    """One architecture. A picture's features are one tensor, whatever the family keeps in it."""

    # The class that transformers and vLLM load, as config.json names it.
    architecture: ClassVar[str]
    # The vision tower inside `model.model`: all that `freeze_vision` freezes.
    tower: ClassVar[str]
    # What only pictures reach, the tower included.
    sight: ClassVar[tuple[str, ...]]

    @abstractmethod
    def read(self, processor: Any, problem_id: str, images: Sequence[Any]) -> Pictures:
        """PIL images as the sampler's processor makes them."""

    @abstractmethod
    def blank(self, config: Any) -> Pictures:
        """The smallest picture a model of this config can be shown."""

    @abstractmethod
    def encode(self, model: Any, pixels: "torch.Tensor", grid: "torch.Tensor") -> "Sequence[torch.Tensor]":
        """The tower's features of each picture, in order; only parameters of the tower take part."""

    def connect(self, model: Any, features: "Sequence[torch.Tensor]") -> "Sequence[torch.Tensor]":
        """Features as they enter the language model."""
        return features

    def positions(self, model: Any, batch: MicroBatch, device: "torch.device") -> "torch.Tensor":
        """Positions of the rows' tokens as if each row were one text, (rows, width) or (3, rows, width)."""
        import torch

        rows, width = batch.input_ids.shape
        return torch.arange(width, device=device).expand(rows, width)

    @abstractmethod
    def inputs(self, batch: MicroBatch, features: "Sequence[torch.Tensor]", device: "torch.device") -> dict[str, Any]:
        """What `model.model` takes beside tokens and mask; `features` are connected, and none without pictures."""


FAMILIES: Registry[type[Family]] = Registry("model family")


@FAMILIES.register("qwen2_5_vl")
class Qwen25VL(Family):
    """Qwen2.5-VL. The merger is a part of the tower, and is frozen with it as in the published runs."""

    architecture = "Qwen2_5_VLForConditionalGeneration"
    tower = "visual"
    sight = ("visual",)

    def read(self, processor: Any, problem_id: str, images: Sequence[Any]) -> Pictures:
        made = processor.image_processor(images=images, return_tensors="pt")
        grid = made["image_grid_thw"]
        tokens = grid.prod(-1) // processor.image_processor.merge_size**2
        return Pictures(problem_id, made["pixel_values"], grid, tuple(tokens.tolist()))

    def blank(self, config: Any) -> Pictures:
        import torch

        vision = config.vision_config
        side = vision.spatial_merge_size
        values = 3 * vision.temporal_patch_size * vision.patch_size**2
        return Pictures("", torch.zeros(side**2, values), torch.tensor([[1, side, side]]), (1,))

    def encode(self, model: Any, pixels: "torch.Tensor", grid: "torch.Tensor") -> "Sequence[torch.Tensor]":
        return model.model.get_image_features(pixels, grid, return_dict=True).pooler_output

    def positions(self, model: Any, batch: MicroBatch, device: "torch.device") -> "torch.Tensor":
        import torch

        # Three-dimensional, M-RoPE; the model itself silently falls back to one dimension where it lacks the types.
        positions, _ = model.model.get_rope_index(
            batch.input_ids.to(device),
            mm_token_type_ids=batch.mm_token_type_ids.to(device),
            image_grid_thw=torch.cat([p.grid for p in batch.pictures]).to(device) if batch.pictures else None,
            attention_mask=batch.attention_mask.to(device),
        )
        return positions

    def inputs(self, batch: MicroBatch, features: "Sequence[torch.Tensor]", device: "torch.device") -> dict[str, Any]:
        import torch

        if not features:
            return {}
        grid = torch.cat([p.grid for p in batch.pictures]).to(device)
        return {"image_grid_thw": grid, "mm_encoder_outputs": {"image": self.output(features)}}

    def output(self, features: "Sequence[torch.Tensor]") -> Any:
        """The features in the form in which the model's own tower gives them."""
        from transformers.modeling_outputs import BaseModelOutputWithPooling

        return BaseModelOutputWithPooling(pooler_output=features)


@FAMILIES.register("qwen3_vl")
class Qwen3VL(Qwen25VL):
    """Qwen3-VL. The tower also gives deep features, which are added in the first language layers (DeepStack).

    A picture's features are (1 + levels, tokens, width): what replaces its tokens' embeddings, then level by level.
    """

    architecture = "Qwen3VLForConditionalGeneration"

    def encode(self, model: Any, pixels: "torch.Tensor", grid: "torch.Tensor") -> "Sequence[torch.Tensor]":
        import torch

        made = model.model.get_image_features(pixels, grid, return_dict=True)
        return [torch.stack(levels) for levels in zip(made.pooler_output, *made.deepstack_features, strict=True)]

    def output(self, features: "Sequence[torch.Tensor]") -> Any:
        from transformers.models.qwen3_vl.modeling_qwen3_vl import BaseModelOutputWithDeepstackFeatures

        shallow, *deep = zip(*features, strict=True)
        return BaseModelOutputWithDeepstackFeatures(pooler_output=shallow, deepstack_features=deep)


@FAMILIES.register("internvl")
class InternVL(Family):
    """InternVL3 in the Hugging Face format: each picture is cut into square tiles, a small whole one added at the end.

    `freeze_vision` freezes the tower alone. The projector after it, which Qwen's tower has inside, is trained: it
    belongs to neither part, and only it fits a frozen tower to a changing language model. A picture's features are
    (tiles, tokens a tile, projector's width), its grid the number of tiles.
    """

    architecture = "InternVLForConditionalGeneration"
    tower = "vision_tower"
    sight = ("vision_tower", "multi_modal_projector")

    def read(self, processor: Any, problem_id: str, images: Sequence[Any]) -> Pictures:
        # The whole processor always cuts, whatever its image processor says, and so does vLLM, which calls that.
        made = processor.image_processor(images=images, crop_to_patches=True, return_tensors="pt")
        tiles = made["num_patches"]
        tokens = tiles * processor.image_seq_length
        return Pictures(problem_id, made["pixel_values"], tiles[:, None], tuple(tokens.tolist()))

    def blank(self, config: Any) -> Pictures:
        import torch

        tile = torch.zeros(1, 3, *config.vision_config.image_size)
        return Pictures("", tile, torch.tensor([[1]]), (config.image_seq_length,))

    def encode(self, model: Any, pixels: "torch.Tensor", grid: "torch.Tensor") -> "Sequence[torch.Tensor]":
        # `get_image_features` up to the projector, without the class token.
        patches = model.model.vision_tower(pixel_values=pixels).last_hidden_state[:, 1:]
        side = int(patches.shape[1] ** 0.5)
        squares = patches.unflatten(1, (side, side))
        merged = model.model.pixel_shuffle(squares, scale_factor=model.config.downsample_ratio)
        return merged.flatten(1, 2).split(grid[:, 0].tolist())

    def connect(self, model: Any, features: "Sequence[torch.Tensor]") -> "Sequence[torch.Tensor]":
        import torch

        return [model.model.multi_modal_projector(torch.cat(list(features)))]

    def inputs(self, batch: MicroBatch, features: "Sequence[torch.Tensor]", device: "torch.device") -> dict[str, Any]:
        from transformers.modeling_outputs import BaseModelOutputWithPooling

        if not features:
            return {}
        return {"mm_encoder_outputs": {"image": BaseModelOutputWithPooling(pooler_output=features[0])}}


def towers() -> frozenset[str]:
    """The names of all families' vision towers."""
    return frozenset(FAMILIES[name].tower for name in FAMILIES)


def family_of(folder: Path) -> Family:
    """The family of a Hugging Face folder. UserError if the trainer does not know its architecture."""
    return FAMILIES[model_type(folder)]()


def trainable(folder: Path) -> None:
    """UserError unless the folder holds a whole model of an architecture that the trainer knows."""
    model_type(folder)
    check_files(folder)


def model_type(folder: Path) -> str:
    """The model_type of a Hugging Face folder. UserError if the trainer does not know its architecture."""
    config = read_config(folder)
    kind, names = config["model_type"], config.get("architectures")
    if kind not in FAMILIES:
        raise UserError(
            f"{folder} has model_type {kind!r}, which the trainer cannot train; it knows {', '.join(FAMILIES)}"
            + ("; take the same model's folder in Hugging Face format (-hf)" if kind == "internvl_chat" else "")
        )
    if names != [FAMILIES[kind].architecture]:
        raise UserError(
            f"{folder}/config.json names architectures {names}, which the trainer cannot train; those of a {kind} are "
            f"{[FAMILIES[kind].architecture]}"
        )
    return kind
