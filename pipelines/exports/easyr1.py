"""EasyR1: `problem` with `<image>` marks, `answer`, `images`; its own format prompt comes around the problem."""

from typing import TYPE_CHECKING, Any

from pipelines.exports.base import EXPORTS, Item, Table

if TYPE_CHECKING:
    from datasets import Features


@EXPORTS.register("easyr1")
class EasyR1(Table):
    """EasyR1 splits the problem at its marks, so there are as many as pictures."""

    usage = "data.train_files=DIR/train.parquet data.prompt_key=problem data.answer_key=answer data.image_key=images"

    def features(self) -> "Features":
        from datasets import Features, Image, List, Value

        return Features(problem=Value("string"), answer=Value("string"), images=List(Image()), id=Value("string"))

    def record(self, item: Item) -> dict[str, Any]:
        return {
            "problem": item.marked,
            "answer": item.row["answer"],
            "images": item.embedded(),
            "id": item.row["problem_id"],
        }
