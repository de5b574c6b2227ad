"""K12 (MM-Eureka, arXiv 2503.07365): 500 free-form school problems; `k12.json` and `images/` beside it."""

from eval.benchmarks.base import (
    BENCHMARKS,
    NO_PICTURE,
    Benchmark,
    Item,
    Loaded,
    data_file,
    need,
    read_picture,
    read_rows,
)
from workbench.images import ImageStore
from workbench.prompts import PromptTemplate
from workbench.workspace import Workspace

# The query of the benchmark's own evaluation script.
TEMPLATE = PromptTemplate(
    "k12",
    system="",
    before="Answer the following question: ",
    after="\nPlease reason step by step, and put your final answer within \\boxed{}.",
    format="boxed",
)


def load(workspace: Workspace, data: str | None, pictures: bool) -> Loaded:
    path = data_file("k12", data, ["k12.json"])
    store = ImageStore(workspace.images)
    items = []
    for number, row in enumerate(read_rows(path), 1):
        images, unusable = NO_PICTURE
        if pictures:
            images, unusable = read_picture(store, path.parent / need(row, "image_path", path, number))
        items.append(
            Item(
                item_id=need(row, "id", path, number),
                question=need(row, "question", path, number),
                gold=need(row, "answer", path, number),
                images=images,
                unusable=unusable,
            )
        )
    return Loaded("k12", str(path), items)


BENCHMARKS.register("k12")(Benchmark("k12", TEMPLATE, "k12", "k12", load))
