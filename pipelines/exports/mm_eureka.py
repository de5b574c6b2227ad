"""MM-Eureka's JSON lines, both kinds in one row: `message` for its Qwen code, `conversations` for its InternVL code."""

import json
from pathlib import Path
from typing import Any

from pipelines.exports.base import EXPORTS, Item, JsonLines


@EXPORTS.register("mm-eureka")
class MMEureka(JsonLines):
    """Both read absolute file URLs, so the folder has to stay where it was written to."""

    usage = "--prompt_data DIR/train.jsonl --input_key message (Qwen) or conversations (InternVL) --label_key answer"

    def record(self, item: Item, final: Path) -> dict[str, Any]:
        urls = [(final / name).as_uri() for name in item.images]
        messages = item.messages()
        for part, url in zip(messages[-1]["content"], urls, strict=False):
            part["image"] = url
        return {
            "id": item.row["problem_id"],
            "message": json.dumps(messages, ensure_ascii=False),
            "conversations": item.turns(item.marked),
            "answer": item.row["answer"],
            "image_urls": urls,
        }
