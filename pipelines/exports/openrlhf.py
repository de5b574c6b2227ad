"""OpenRLHF: `prompt` as chat messages with picture parts, `images` as paths, `label` the gold."""

from pathlib import Path
from typing import Any

from pipelines.exports.base import EXPORTS, Item, JsonLines


@EXPORTS.register("openrlhf")
class OpenRLHF(JsonLines):
    """Its reader opens the paths as they are: start it in the export's folder."""

    usage = (
        "--data.prompt_dataset train.jsonl --data.input_key prompt --data.label_key label --data.image_key images "
        "--data.apply_chat_template (started in this folder)"
    )

    def record(self, item: Item, final: Path) -> dict[str, Any]:
        return {
            "prompt": item.messages(),
            "images": list(item.images),
            "label": item.row["answer"],
            "id": item.row["problem_id"],
        }
