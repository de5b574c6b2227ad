"""ms-swift: `messages` with `<image>` marks, `images` as paths, and `solution`, which its accuracy reward reads."""

from pathlib import Path
from typing import Any

from pipelines.exports.base import EXPORTS, Item, JsonLines


@EXPORTS.register("ms-swift")
class MSSwift(JsonLines):
    """Paths are relative to the folder that ROOT_IMAGE_DIR names."""

    usage = "ROOT_IMAGE_DIR=DIR swift rlhf --rlhf_type grpo --dataset DIR/train.jsonl …"

    def record(self, item: Item, final: Path) -> dict[str, Any]:
        return {
            "messages": item.turns(item.marked),
            "images": list(item.images),
            "solution": item.row["answer"],
            "id": item.row["problem_id"],
        }
