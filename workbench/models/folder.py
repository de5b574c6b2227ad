"""Whether a folder holds a whole vision-language model in Hugging Face format, told before anything is started.

`check_files` reads config.json, the weights' headers, and what makes tokens of text and pictures, and needs neither
torch nor transformers.
"""

import json
from pathlib import Path
from typing import Any

from workbench.errors import UserError

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "tekken.json", "spiece.model")
# Read by the libraries wherever they lie in the folder.
OBJECTS = (
    "generation_config.json",
    "tokenizer_config.json",
    "tokenizer.json",
    "processor_config.json",
    "preprocessor_config.json",
    "chat_template.json",
)
AGAIN = "fetch the file again"


def read_config(folder: Path) -> dict[str, Any]:
    """What config.json says. UserError if it is missing, no JSON object, or does not name the model's type."""
    if not (folder / "config.json").exists():
        raise UserError(f"{folder} has no config.json; a model folder is in Hugging Face format")
    config = _object(folder / "config.json")
    if not isinstance(config.get("model_type"), str):
        raise UserError(f"{folder}/config.json names no model_type; take the config.json of the model's own folder")
    return config


def check_model_folder(folder: Path) -> None:
    """`check_files`, and UserError if the installed transformers does not know the model's architecture."""
    check_files(folder)
    _check_architecture(folder)


def check_files(folder: Path) -> None:
    """UserError, which names the file and the way out, unless all of a vision-language model is there."""
    config = read_config(folder)
    if not isinstance(config.get("vision_config"), dict):
        raise UserError(
            f"{folder} is a text-only model (model_type {config['model_type']!r}, no vision_config in config.json) and "
            "problems have pictures; give a vision-language model, such as Qwen/Qwen2.5-VL-3B-Instruct"
        )
    for name in OBJECTS:
        if (folder / name).exists():
            _object(folder / name)
    _check_weights(folder)
    if not any((folder / name).exists() for name in TOKENIZERS):
        raise UserError(f"{folder} has no tokenizer: none of {', '.join(TOKENIZERS)}; copy it from the original model")
    if not (folder / "tokenizer_config.json").exists():
        raise UserError(f"{folder} has no tokenizer_config.json; copy it from the original model")
    _check_processor(folder)
    _check_chat_template(folder)


def _check_architecture(folder: Path) -> None:
    import transformers
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    config = read_config(folder)
    known, names = dict(MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES), config.get("architectures")
    classes = [name for name in names if name in known.values()] if isinstance(names, list) else []
    if config["model_type"] not in known or not classes:
        raise UserError(
            f"{folder}/config.json names model_type {config['model_type']!r} and architectures {names}, which "
            f"transformers {transformers.__version__} does not know as a vision-language model; take the model's "
            "folder in Hugging Face format (-hf), or another model"
        )


def _check_weights(folder: Path) -> None:
    """One file of weights, or an index and every file that it names; each whole as far as its header tells."""
    for name in WEIGHTS:
        index = folder / f"{name}.index.json"
        if (folder / name).exists():
            _check_tensors(folder / name, [])
            return
        if index.exists():
            places = _object(index).get("weight_map")
            if not isinstance(places, dict) or not places or not all(isinstance(v, str) for v in places.values()):
                raise UserError(f"{index} has no weight_map, which says the file of each tensor; {AGAIN}")
            files = sorted(set(places.values()))
            missing = [file for file in files if not (folder / file).exists()]
            if missing:
                raise UserError(
                    f"{folder} lacks {len(missing)} of the {len(files)} files of weights that {index.name} names, "
                    f"{missing[0]} the first; fetch them"
                )
            for file in files:
                _check_tensors(folder / file, [tensor for tensor, place in places.items() if place == file])
            return
    raise UserError(
        f"{folder} has no weights: neither {' nor '.join(WEIGHTS)} nor an index ({WEIGHTS[0]}.index.json); fetch them, "
        "or merge an adapter into its base model first"
    )


def _check_tensors(path: Path, tensors: list[str]) -> None:
    """UserError unless a safetensors file is as long as its header says and holds these tensors."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if start == b"version ":
            raise UserError(f"{path} is a pointer of Git LFS, not the weights; run `git lfs pull` in its folder")
        if path.suffix != ".safetensors":
            if not size:
                raise UserError(f"{path} is empty; {AGAIN}")
            return
        length = int.from_bytes(start, "little")
        text = file.read(length) if 8 + length <= size else b""
    try:
        header = json.loads(text)
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        whole = 8 + length + max(ends) == size
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        whole = False
    if not whole:
        raise UserError(f"{path} ({size:,} bytes) is cut off or no safetensors file; {AGAIN}")
    lacking = [tensor for tensor in tensors if tensor not in header]
    if lacking:
        raise UserError(f"{path} lacks {len(lacking)} tensors that the index says it holds ({lacking[0]}); {AGAIN}")


def _check_processor(folder: Path) -> None:
    """How pictures are read stands in preprocessor_config.json, or inside processor_config.json."""
    whole, own = folder / "processor_config.json", folder / "preprocessor_config.json"
    if not own.exists() and not (whole.exists() and isinstance(_object(whole).get("image_processor"), dict)):
        raise UserError(
            f"{folder} does not say how pictures are read: neither preprocessor_config.json nor image_processor in "
            "processor_config.json; copy these files from the original model"
        )


def _check_chat_template(folder: Path) -> None:
    template = folder / "chat_template.jinja"
    if template.exists():
        try:
            if template.read_bytes().decode().strip():
                return
        except UnicodeDecodeError as error:
            raise UserError(f"{template} is not UTF-8; {AGAIN}") from error
    holders = [folder / name for name in ("chat_template.json", "processor_config.json", "tokenizer_config.json")]
    if not any(path.exists() and _object(path).get("chat_template") for path in holders):
        raise UserError(
            f"{folder} has no chat template: no text in chat_template.jinja and no chat_template in "
            f"{', '.join(path.name for path in holders)}; copy it from the -Instruct model"
        )


def _object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes().decode())
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8; {AGAIN}") from error
    except json.JSONDecodeError as error:
        raise UserError(f"{path} is not JSON ({error.msg}, line {error.lineno}); {AGAIN}") from error
    if not isinstance(value, dict):
        raise UserError(f"{path} holds a {type(value).__name__}, not an object; {AGAIN}")
    return value
