"""Which models can be trained, by what their config.json says; imports without torch."""

from pathlib import Path

from workbench.errors import UserError
from workbench.models.folder import check_files, read_config

# model_type: the class that transformers and vLLM load.
ARCHITECTURES = {
    "internvl": "InternVLForConditionalGeneration",
    "qwen2_5_vl": "Qwen2_5_VLForConditionalGeneration",
    "qwen3_vl": "Qwen3VLForConditionalGeneration",
}


def trainable(folder: Path) -> None:
    """UserError unless the folder holds a whole model of an architecture that the trainer knows."""
    architecture(folder)
    check_files(folder)


def architecture(folder: Path) -> str:
    """The model_type of a Hugging Face folder. UserError if the trainer does not know its architecture."""
    config = read_config(folder)
    kind, names = config["model_type"], config.get("architectures")
    if kind not in ARCHITECTURES:
        raise UserError(
            f"{folder} has model_type {kind!r}, which the trainer cannot train; it knows {', '.join(ARCHITECTURES)}"
            + ("; take the same model's folder in Hugging Face format (-hf)" if kind == "internvl_chat" else "")
        )
    if names != [ARCHITECTURES[kind]]:
        raise UserError(
            f"{folder}/config.json names architectures {names}, which the trainer cannot train; those of a {kind} are "
            f"{[ARCHITECTURES[kind]]}"
        )
    return kind
