"""No problem of a benchmark in the data: found by its words, its formulae or its picture, and named."""

from itertools import chain
from pathlib import Path

import polars as pl
from pydantic import Field

from pipelines.similarity.benchmark_items import benchmark_files, benchmark_items
from pipelines.similarity.minhash import candidates_between, jaccard
from pipelines.similarity.pictures import SAME_FRAME, hashes, within
from pipelines.similarity.twins import same_pictures, split
from pipelines.similarity.wording import readings
from pipelines.steps.base import Context, StepParams, findings, step, together

_MATCH = ("benchmark", "item", "how", "score")
# Without a number to tie two texts together, more of the words must agree.
_WITHOUT_NUMBERS = 0.75
# Signs of a formula from which it is no longer one that many problems share, such as y = 2x or a² + b² = c².
_LONG_FORMULA = 10
# Bits of 256 in which the hashes of a picture and a cropped copy may differ.
_CROPPED = 80


class DecontaminateParams(StepParams):
    """`benchmarks`: datasets of the workspace (`mathv`, `k12@v002`), benchmarks imported into it (`mathvision`), a
    benchmark's own files (`mathvision:PATH`), or paths of .jsonl files.

    `overlap` is the share of an item's words and word pairs that a problem with the same numbers must have.
    """

    benchmarks: list[str] = Field(min_length=1)
    overlap: float = Field(0.55, gt=0, le=1)


def _reads(params: DecontaminateParams, context: Context) -> list[Path]:
    return list(chain(*(benchmark_files(context.workspace, name) for name in params.benchmarks)))


@step("decontaminate", DecontaminateParams, reads=_reads)
def decontaminate(problems: pl.DataFrame, params: DecontaminateParams, context: Context) -> pl.DataFrame:
    """Reasons: contaminated_text, contaminated_formula, contaminated_image; benchmark_picture, a flag.

    Details: benchmark, item, how, score. Names and objects may be changed, so words count in part only; numbers count
    whole. A phrase that many problems share is no match: what little it says must come with the same picture.
    The flag is for a benchmark's picture under another question with another answer.
    """
    context.read.extend(_reads(params, context))
    tables = (benchmark_items(context.workspace, name, context.say) for name in params.benchmarks)
    items = _read(pl.concat(tables), context)
    rows = _read(problems.select("problem_id", "content_hash", "question", "images", "choices", "answer"), context)
    pictured = _by_picture(rows, items, context)
    return together(
        [
            findings(_best(_by_text(rows, items, params.overlap)), "contaminated_text", *_MATCH),
            findings(_best(_by_formula(rows, items)), "contaminated_formula", *_MATCH),
            findings(_best(pictured.filter("asked")), "contaminated_image", *_MATCH),
            findings(_best(pictured.filter(~pl.col("asked"))), "benchmark_picture", *_MATCH, verdict="flag"),
        ]
    )


def _read(problems: pl.DataFrame, context: Context) -> pl.DataFrame:
    read = readings(context.workspace, problems).drop("choices")
    rows = problems.drop("question", "answer", "choices").with_columns(pl.col("images").fill_null([]))
    return (
        rows.join(read, on="content_hash", how="left", maintain_order="left")
        .with_columns(
            words=split("words"),
            tokens=split("text"),
            sorted_numbers=pl.col("numbers").str.split(" ").list.sort().list.join(" "),
            n_numbers=split("numbers").list.len(),
            turning=pl.col("symbols").str.extract_all("#[a-z]+").list.join(" "),
            # Renamed variables make no other formula.
            shape=pl.col("formulas").str.replace_all(r"[A-Za-z]+'?", "v"),
            pictured=pl.col("images").list.len() > 0,
        )
        .with_row_index("row")
    )


def _best(matches: pl.DataFrame) -> pl.DataFrame:
    """The best match of each problem; of equal ones the first item."""
    best = matches.sort(["row", "score", "item_row"], descending=[False, True, False]).unique("row", keep="first")
    return best.sort("row").with_columns(pl.col("score").round(3))


def _named(pairs: pl.DataFrame, rows: pl.DataFrame, items: pl.DataFrame, how: str) -> pl.DataFrame:
    """`pairs` (row, item_row, score, …) with problem_id, benchmark, item and `how`."""
    return pairs.with_columns(
        rows["problem_id"].gather(pairs["row"]),
        items["benchmark"].gather(pairs["item_row"]),
        items["item"].gather(pairs["item_row"]),
        how=pl.lit(how),
    )


def _by_text(rows: pl.DataFrame, items: pl.DataFrame, least: float) -> pl.DataFrame:
    """Problems with an item's numbers and most of its words and word pairs."""
    block = ["sorted_numbers", "turning", "shape"]
    wording = [*block, "text", "tokens", "words", "n_numbers", "pictured"]
    numbered = rows.with_columns(block=pl.struct(block).hash(0))
    numbered_items = items.with_columns(block=pl.struct(block).hash(0))
    # Equal wordings are compared once, and only where an item has the same numbers.
    texts = numbered.join(numbered_items.select("block").unique(), on="block", how="semi", maintain_order="left")
    texts = texts.group_by("block", *wording, maintain_order=True).agg(row=pl.col("row"))
    asked = numbered_items.group_by("block", *wording, maintain_order=True).agg(item_row=pl.col("row"))
    found = candidates_between(texts["tokens"], texts["block"], asked["tokens"], asked["block"])
    item_grams = asked.select(grams=_grams())["grams"].gather(found["b"])
    text_grams = texts.select(grams=_grams())["grams"].gather(found["a"])
    both = pl.DataFrame({"item": item_grams, "text": text_grams})
    share = both.select(score=pl.col("item").list.set_intersection("text").list.len() / pl.col("item").list.len())
    pairs = found.with_columns(
        share["score"],
        n_numbers=asked["n_numbers"].gather(found["b"]),
        n_words=asked["words"].list.len().gather(found["b"]),
        both_pictured=asked["pictured"].gather(found["b"]) & texts["pictured"].gather(found["a"]),
        row=texts["row"].gather(found["a"]),
        item_row=asked["item_row"].gather(found["b"]),
    )
    numbers, words = pl.col("n_numbers"), pl.col("n_words")
    near = (pl.col("score") >= least) & ((numbers > 0) | (pl.col("score") >= _WITHOUT_NUMBERS))
    # Under two pictures, what the words leave open is in the pictures.
    telling = (
        pl.when("both_pictured").then((numbers >= 2) & (words >= 6)).otherwise((words >= 4) & (numbers + words >= 5))
    )
    pairs = pairs.filter(near & telling).explode("row").explode("item_row")
    return _named(pairs, rows, items, "words")


def _grams() -> pl.Expr:
    """The distinct words and neighbouring word pairs of `tokens`."""
    pairs = pl.col("tokens").list.eval(pl.element() + " " + pl.element().shift(-1)).list.drop_nulls()
    return pl.col("tokens").list.concat(pairs).list.unique()


def _by_formula(rows: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Problems with all the formulae of an item, variables renamed or not, and its answer or its words."""
    numbers = pl.col("shape").str.count_matches(r"\d+")
    long = items.filter((pl.col("shape").str.len_chars() >= _LONG_FORMULA) & (numbers >= 2))
    pairs = rows.select("row", "shape", "answer", "turning").join(
        long.select("shape", "turning", item_row="row", item_answer="answer"), on=["shape", "turning"]
    )
    words = jaccard(rows["words"], pairs["row"], items["words"], pairs["item_row"])
    pairs = pairs.with_columns(score=words).filter(
        (pl.col("answer") == pl.col("item_answer")) | (pl.col("score") >= 0.5)
    )
    return _named(pairs, rows, items, "formula")


def _by_picture(rows: pl.DataFrame, items: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Problems that show an item's picture; `asked` where the question or the answer is the item's too."""
    workspace = context.workspace
    shas, codes = hashes(workspace, rows["images"].explode())
    item_shas, item_codes = hashes(workspace, items["images"].explode())
    close = within(item_codes, codes, SAME_FRAME)
    frames = pl.DataFrame({"item_image": item_shas.gather(close["query"]), "image": shas.gather(close["known"])})
    each = rows.select("row", image="images").explode("image").drop_nulls("image")
    item_each = items.select(item_row="row", item_image="images").explode("item_image").drop_nulls("item_image")
    pairs = each.join(frames, on="image").join(item_each, on="item_image")
    # A cropped copy is looked for only where the words decide the same; alone, its hash says too little.
    decisive = ["sorted_numbers", "formulas", "symbols", "answer"]
    alike = (
        rows.filter("pictured")
        .select("row", *decisive)
        .join(items.filter("pictured").select(*decisive, item_row="row"), on=decisive)
    )
    cropped = alike.select("row", "item_row").join(each, on="row").join(item_each, on="item_row")
    columns = ["row", "item_row", "image", "item_image"]
    pairs = pl.concat([pairs.select(columns), cropped.select(columns)])
    pairs = pairs.unique(maintain_order=True).with_columns(
        a=pl.min_horizontal("image", "item_image"), b=pl.max_horizontal("image", "item_image")
    )
    asked = pairs.select("a", "b").unique(maintain_order=True)
    same = same_pictures(workspace, asked, _CROPPED)
    pairs = pairs.join(same, on=["a", "b"]).unique(["row", "item_row"], keep="first", maintain_order=True)
    score = jaccard(rows["words"], pairs["row"], items["words"], pairs["item_row"])
    equal = rows["answer"].gather(pairs["row"]) == items["answer"].gather(pairs["item_row"])
    pairs = pairs.with_columns(score=score, asked=(score >= 0.5) | (equal & (score >= 0.2)))
    return _named(pairs, rows, items, "picture")
