"""A Hugging Face dataset: the problems table itself, pictures decoded by `datasets`."""

from typing import TYPE_CHECKING, Any

from pipelines.exports.base import EXPORTS, Item, Table

if TYPE_CHECKING:
    from datasets import Features

_TEXTS = (
    "problem_id", "source", "source_id", "question", "answer", "answer_type", "solution", "subject", "topic", "grade",
    "level", "language", "license",
)  # fmt: skip


@EXPORTS.register("hf")
class HuggingFace(Table):
    """Every column that says something about a problem; the prompt template plays no part."""

    usage = 'load_dataset("DIR")'

    def features(self) -> "Features":
        from datasets import Features, Image, List, Value

        texts = {name: Value("string") for name in _TEXTS}
        return Features({**texts, "choices": List(Value("string")), "images": List(Image())})

    def record(self, item: Item) -> dict[str, Any]:
        return {name: item.row[name] for name in (*_TEXTS, "choices")} | {"images": item.embedded()}
