"""Which problems are the same problem twice: near in words, equal in what decides, and with the same pictures.

What decides are the numbers, the formulae, the points and variables, the words that turn a question ("area",
"perimeter"), and the answer. So siblings of one template are no twins, and neither are two questions to one figure.
"""

import numpy as np
import polars as pl

from pipelines.similarity.likeness import likeness
from pipelines.similarity.minhash import candidates, jaccard
from pipelines.similarity.pictures import ALIKE, hashes, leaders, picture_groups, same_frames, within
from pipelines.similarity.wording import readings
from workbench.workspace import Workspace

TWINS = pl.Schema({"row": pl.UInt32, "twin": pl.UInt32, "similarity": pl.Float64})
# Rows of a block from which faiss is quicker than comparing all with all.
_LARGE = 256


def read_problems(problems: pl.DataFrame, workspace: Workspace) -> pl.DataFrame:
    """`row` (0, 1, …), problem_id, images, `groups` (their pictures' groups), and the columns of READINGS.

    `words` is a list; `decisive` joins what twins must have in common besides the answer and the pictures.
    """
    rows = problems.select("problem_id", "content_hash", pl.col("images").fill_null([])).with_row_index("row")
    rows = rows.join(readings(workspace, problems), on="content_hash", how="left", maintain_order="left")
    grouped = picture_groups(workspace, rows["images"].explode())
    groups = (
        rows.select("row", image="images")
        .explode("image")
        .join(grouped, on="image", how="left", maintain_order="left")
        .group_by("row", maintain_order=True)
        # A picture without a hash is like itself only.
        .agg(groups=pl.coalesce("group", "image").drop_nulls())
    )
    sorted_numbers = pl.col("numbers").str.split(" ").list.sort().list.join(" ")
    return rows.join(groups, on="row", how="left", maintain_order="left").with_columns(
        words=split("words"),
        decisive=pl.concat_str(sorted_numbers, "formulas", "symbols", separator="\n"),
        pictures=pl.col("groups").list.join(" "),
    )


def split(column: str) -> pl.Expr:
    """A column of blank-separated tokens as lists; nothing is the empty list."""
    return (
        pl.when(pl.col(column) == "")
        .then(pl.lit([], dtype=pl.List(pl.String)))
        .otherwise(pl.col(column).str.split(" "))
    )


def same_wording(a: pl.DataFrame, b: pl.DataFrame) -> pl.Series:
    """Row by row: are the numbers in one order or each beside the same word, and the options, if any, the same."""
    numbers = (a["numbers"] == b["numbers"]) | (a["quantities"] == b["quantities"])
    return numbers & ((a["choices"] == b["choices"]) | (a["choices"] == "") | (b["choices"] == ""))


def text_twins(rows: pl.DataFrame, least: float, alike: list[str]) -> pl.DataFrame:
    """TWINS among `rows` of `read_problems`: equal in the columns `alike`, Jaccard index of the words ≥ `least`.

    `twin` is the earliest row that is near and stays itself.
    """
    wordings, edges = _near_wordings(rows, least, alike)
    follows = follow(wordings["row"], edges)
    joined = wordings.select("members", first="row").join(follows, left_on="first", right_on="row", how="left")
    members = joined.explode("members").with_columns(
        twin=pl.coalesce("twin", "first"), similarity=pl.col("similarity").fill_null(1.0)
    )
    twins = members.select("twin", "similarity", row="members").filter(pl.col("row") != pl.col("twin"))
    return twins.select(TWINS.names()).cast(TWINS).sort("row")


def text_links(rows: pl.DataFrame, least: float, alike: list[str]) -> pl.DataFrame:
    """a, b: rows that `text_twins` calls near, chains of them included."""
    wordings, edges = _near_wordings(rows, least, alike)
    return pl.concat([edges.select("a", "b"), wordings.select(a="row", b="members").explode("b")])


def _near_wordings(rows: pl.DataFrame, least: float, alike: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Distinct wordings (`row` their first, `members` all rows), and edges a, b, similarity between first rows."""
    rows = rows.select("row", "words", "numbers", "quantities", "choices", block=pl.struct(alike).hash(0))
    rows = rows.filter(pl.col("block").is_duplicated())
    # Equal wordings are compared once, however many rows have them.
    wording = ["block", "words", "numbers", "quantities", "choices"]
    nodes = rows.group_by(wording, maintain_order=True).agg(members=pl.col("row"), row=pl.col("row").first())
    found = candidates(nodes["words"], nodes["block"])
    close = jaccard(nodes["words"], found["a"], nodes["words"], found["b"])
    found = found.with_columns(similarity=close).filter(pl.col("similarity") >= least)
    found = found.filter(same_wording(nodes[found["a"]], nodes[found["b"]]))
    first = nodes["row"]
    edges = found.select(a=first.gather(found["a"]), b=first.gather(found["b"]), similarity="similarity")
    return nodes.select("row", "members"), edges


def picture_twins(rows: pl.DataFrame, workspace: Workspace, least: float, bits: int, alike: list[str]) -> pl.DataFrame:
    """TWINS among `rows` of `read_problems` by `picture_links`."""
    return follow(rows["row"], picture_links(rows, workspace, least, bits, alike))


def picture_links(rows: pl.DataFrame, workspace: Workspace, least: float, bits: int, alike: list[str]) -> pl.DataFrame:
    """a, b, similarity: rows whose pictures are pairwise the same, cropped copies included, and whose words are near.

    They are equal in the columns `alike`, a pair's hashes differ in at most `bits` of 256, and the Jaccard index of
    the words is at least `least`.
    """
    rows = rows.filter(pl.col("images").list.len() > 0).with_columns(n=pl.col("images").list.len())
    rows = rows.with_columns(block=pl.struct("n", *alike).hash(0)).filter(pl.col("block").is_duplicated())
    shas, codes = hashes(workspace, rows["images"].explode())
    place = pl.DataFrame({"image": shas}).with_row_index("place")
    rows = (
        rows.with_columns(image=pl.col("images").list.first())
        .join(place, on="image", how="inner", maintain_order="left")
        .sort("block", "row")
    )
    found = _near_in_blocks(rows, codes, bits)
    near = jaccard(rows["words"], found["a"], rows["words"], found["b"])
    found = found.with_columns(similarity=near).filter(pl.col("similarity") >= least)
    found = found.filter(same_wording(rows[found["a"]], rows[found["b"]]))
    pairs = found.select(
        a=rows["row"].gather(found["a"]),
        b=rows["row"].gather(found["b"]),
        similarity="similarity",
        one=rows["images"].gather(found["a"]),
        other=rows["images"].gather(found["b"]),
    )
    each = pairs.select("a", "b", one="one", other="other").explode("one", "other")
    asked = each.select(a=pl.min_horizontal("one", "other"), b=pl.max_horizontal("one", "other")).unique(
        maintain_order=True
    )
    same = same_pictures(workspace, asked, bits)
    each = each.with_columns(one=pl.min_horizontal("one", "other"), other=pl.max_horizontal("one", "other"))
    good = (
        each.join(same, left_on=["one", "other"], right_on=["a", "b"], how="left")
        .group_by("a", "b")
        .agg(pl.col("same").fill_null(False).all())
    )
    return pairs.join(good.filter("same"), on=["a", "b"], how="semi").select("a", "b", "similarity")


def same_pictures(workspace: Workspace, pairs: pl.DataFrame, bits: int) -> pl.DataFrame:
    """a, b, `same`: the pairs (a ≤ b) of sha256 names that show the same, cropped copies within `bits` included."""
    equal = pairs.filter(pl.col("a") == pl.col("b"))
    rest = pairs.filter(pl.col("a") != pl.col("b"))
    known = same_frames(workspace, pl.concat([rest["a"], rest["b"]])) if rest.height else rest
    known = known.select(a=pl.min_horizontal("a", "b"), b=pl.max_horizontal("a", "b"))
    open_ = rest.join(known, on=["a", "b"], how="anti", maintain_order="left")
    shas, codes = hashes(workspace, pl.concat([open_["a"], open_["b"]]))
    place = pl.DataFrame({"sha": shas}).with_row_index("place")
    at = [open_.join(place, left_on=side, right_on="sha", how="left", maintain_order="left")["place"] for side in "ab"]
    there = at[0].is_not_null() & at[1].is_not_null()
    open_ = open_.filter(there)
    one, other = (codes[places.filter(there).to_numpy()] for places in at)
    open_ = open_.filter(pl.Series(np.bitwise_count(one ^ other).sum(1, dtype=np.int32) <= bits))
    looked = open_.with_columns(likeness(workspace.images, open_)).filter(pl.col("likeness") >= ALIKE).select("a", "b")
    return pl.concat([equal, known.join(rest, on=["a", "b"], how="semi"), looked]).with_columns(same=pl.lit(True))


def follow(order: pl.Series, edges: pl.DataFrame) -> pl.DataFrame:
    """TWINS of edges a, b, similarity between rows: each follows the earliest near row that follows none."""
    leader = leaders(order, edges)
    twins = pl.DataFrame(
        {"row": list(leader), "twin": list(leader.values())}, schema={"row": pl.UInt32, "twin": pl.UInt32}
    )
    ends = edges.select(row=pl.max_horizontal("a", "b"), twin=pl.min_horizontal("a", "b"), similarity="similarity")
    ends = ends.cast({"row": pl.UInt32, "twin": pl.UInt32}).unique(["row", "twin"], keep="first", maintain_order=True)
    return twins.join(ends, on=["row", "twin"], how="left").select(TWINS.names()).cast(TWINS).sort("row")


def _near_in_blocks(rows: pl.DataFrame, codes: np.ndarray, bits: int) -> pl.DataFrame:
    """a < b: places in `rows` of one block whose first pictures' hashes differ in at most `bits` bits."""
    numbered = rows.select("block", "place").with_row_index("a")
    sizes = numbered.group_by("block", maintain_order=True).agg(pl.len(), pl.col("a").first())
    small = numbered.join(sizes.filter(pl.col("len") < _LARGE).select("block"), on="block", how="semi")
    pairs = small.join(small.select("block", b="a", other="place"), on="block").filter(pl.col("a") < pl.col("b"))
    far = np.bitwise_count(codes[pairs["place"].to_numpy()] ^ codes[pairs["other"].to_numpy()]).sum(1, dtype=np.int32)
    found = [pairs.select("a", "b").filter(pl.Series(far <= bits))]
    for start, count in sizes.filter(pl.col("len") >= _LARGE).select("a", "len").iter_rows():
        members = codes[rows["place"].slice(start, count).to_numpy()]
        near = within(members, members, bits).filter(pl.col("query") < pl.col("known"))
        found.append(near.select(a=pl.col("query") + start, b=pl.col("known") + start).cast(pl.UInt32))
    return pl.concat(found).sort("a", "b")
