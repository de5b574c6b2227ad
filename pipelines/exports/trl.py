"""TRL's GRPOTrainer: conversational `prompt`, `images`, and further columns that reward functions get by name."""

from typing import TYPE_CHECKING, Any

from pipelines.exports.base import EXPORTS, Item, Table

if TYPE_CHECKING:
    from datasets import Features


@EXPORTS.register("trl")
class TRL(Table):
    """TRL puts a picture's part before the text of the first user turn itself; `solution` is the gold."""

    usage = 'GRPOTrainer(train_dataset=load_dataset("parquet", data_files="train.parquet", split="train"), …)'

    def features(self) -> "Features":
        from datasets import Features, Image, List, Value

        text = Value("string")
        return Features(
            prompt=List({"role": text, "content": text}), images=List(Image()), solution=text, problem_id=text
        )

    def record(self, item: Item) -> dict[str, Any]:
        return {
            "prompt": item.turns(item.text),
            "images": item.embedded(),
            "solution": item.row["answer"],
            "problem_id": item.row["problem_id"],
        }
