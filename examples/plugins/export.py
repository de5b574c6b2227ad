"""An export: LLaVA's conversations, one JSON object per line, pictures as files beside it.

`eureka data export mine --to llava -o mine-llava --plugin export.py`
"""

from pathlib import Path
from typing import Any

from pipelines import EXPORTS, Item, JsonLines


@EXPORTS.register("llava")
class Llava(JsonLines):
    # For the card: how the target is told to read the folder.
    usage = "--data_path train.jsonl --image_folder ."

    def record(self, item: Item, final: Path) -> dict[str, Any]:
        """One problem. `item.row` has all its columns, `item.marked` is its text with a mark per picture."""
        conversation = [{"from": "human", "value": item.marked}, {"from": "gpt", "value": item.row["answer"]}]
        return {"id": item.row["problem_id"], "image": list(item.images), "conversations": conversation}
