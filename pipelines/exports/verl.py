"""verl's RLHF dataset: chat `prompt` with `<image>` marks, `images`, `data_source`, `reward_model` and `extra_info`."""

from typing import TYPE_CHECKING, Any

from pipelines.exports.base import EXPORTS, Item, Table

if TYPE_CHECKING:
    from datasets import Features


@EXPORTS.register("verl")
class Verl(Table):
    """`data_source` chooses verl's reward function; the gold is `reward_model.ground_truth`."""

    usage = "data.train_files=train.parquet data.prompt_key=prompt data.image_key=images"

    def features(self) -> "Features":
        from datasets import Features, Image, List, Value

        text = Value("string")
        return Features(
            data_source=text,
            prompt=List({"role": text, "content": text}),
            images=List(Image()),
            ability=text,
            reward_model={"style": text, "ground_truth": text},
            extra_info={"split": text, "index": text, "question": text, "answer": text},
        )

    def record(self, item: Item) -> dict[str, Any]:
        row = item.row
        return {
            "data_source": row["source"],
            "prompt": item.turns(item.marked),
            "images": item.embedded(),
            "ability": row["subject"] or "math",
            "reward_model": {"style": "rule", "ground_truth": row["answer"]},
            "extra_info": {
                "split": row["split"] or "train",
                "index": row["problem_id"],
                "question": item.question,
                "answer": row["answer"],
            },
        }
