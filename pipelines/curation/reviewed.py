"""What curators said about problems, applied: edits change the text, rejected problems go, flags become flag rows.

`eureka curate` begins with this, and an export of any version ends with it.
"""

import json
from typing import Any

import polars as pl

from workbench.annotations import DECISION, EDIT, Annotations
from workbench.errors import UserError
from workbench.schema import content_hash
from workbench.verify import shared_verifier
from workbench.workspace import Workspace

STEP = "annotations"
ROWS = pl.Schema(
    {"problem_id": pl.String, "step": pl.String, "verdict": pl.String, "reason": pl.String, "detail": pl.String}
)
_WORD = pl.Struct({"verdict": pl.String, "reason": pl.String})
_CHANGES = pl.Schema(
    {
        "problem_id": pl.String(),
        "question": pl.String(),
        "answer": pl.String(),
        "choices": pl.List(pl.String()),
        "answer_type": pl.String(),
        "content_hash": pl.String(),
    }
)


def reviewed(problems: pl.DataFrame, workspace: Workspace) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The problems with edits applied and rejected ones gone, and ROWS: `rejected` drops, `flagged` and `edited` flags.

    `problems` needs problem_id, question, images, choices, answer and content_hash; other columns stay as they are,
    but that an edited gold is typed anew. Raises UserError for an edit that is no edit.
    """
    changes, rows = reviews(problems, workspace)
    drops = rows.filter(pl.col("verdict") == "drop").select("problem_id")
    left = problems.join(drops, on="problem_id", how="anti", maintain_order="left") if drops.height else problems
    return replaced(left, changes), rows


def reviews(problems: pl.DataFrame, workspace: Workspace) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The columns that edits change (problem_id, question, answer, choices, answer_type, content_hash), and ROWS."""
    words = _words(workspace).join(problems.select("problem_id"), on="problem_id", how="semi", maintain_order="left")
    said = pl.struct("who", "at", reason="why").struct.json_encode()
    rejected = words.filter(pl.col("word") == "reject").select(
        *_row("drop", "rejected"),
        detail=said,
    )
    flagged = words.filter(pl.col("word") == "flag").select(*_row("flag", "flagged"), detail=said)
    edits = Annotations(workspace).latest(EDIT)
    touched = edits.join(problems, left_on="target", right_on="problem_id", how="inner", maintain_order="right")
    touched = touched.filter(~pl.col("target").is_in(rejected["problem_id"].implode()))
    changes, details = [], []
    for row in touched.iter_rows(named=True):
        new = _edited(row)
        before = {name: row[name] for name in ("question", "answer", "choices") if new[name] != row[name]}
        changes.append({"problem_id": row["target"], **new})
        details.append(json.dumps({"who": row["who"], "at": row["at"], "before": before}, ensure_ascii=False))
    changed = pl.DataFrame(changes, schema=_CHANGES)
    edited = changed.select(*_row("flag", "edited"), detail=pl.Series(details, dtype=pl.String))
    return changed, pl.concat([ROWS.to_frame(), rejected, flagged, edited])


def accepted(workspace: Workspace) -> pl.DataFrame:
    """problem_id, accepted_by: the problems that a curator wants kept, whatever a step finds."""
    return _words(workspace).filter(pl.col("word") == "accept").select("problem_id", accepted_by="who")


def replaced(problems: pl.DataFrame, columns: pl.DataFrame) -> pl.DataFrame:
    """`problems` with the values of `columns` (problem_id and columns to replace); other rows keep theirs."""
    names = [name for name in columns.columns if name != "problem_id" and name in problems.columns]
    if columns.is_empty() or not names:
        return problems
    new = columns.select("problem_id", *(pl.col(name).alias(f"_new_{name}") for name in names), _given=pl.lit(True))
    joined = problems.join(new, on="problem_id", how="left", maintain_order="left")
    values = (
        pl.when(pl.col("_given")).then(pl.col(f"_new_{name}")).otherwise(pl.col(name)).alias(name) for name in names
    )
    return joined.with_columns(*values).select(problems.columns)


def _words(workspace: Workspace) -> pl.DataFrame:
    """problem_id, word, why, who, at: the decision that holds about each problem."""
    rows = Annotations(workspace).latest(DECISION)
    word = pl.col("value").str.json_decode(_WORD)
    return rows.select(
        "who", "at", problem_id="target", word=word.struct.field("verdict"), why=word.struct.field("reason")
    )


def _row(verdict: str, reason: str) -> list[pl.Expr]:
    return [
        pl.col("problem_id"),
        pl.lit(STEP).alias("step"),
        pl.lit(verdict).alias("verdict"),
        pl.lit(reason).alias("reason"),
    ]


def _edited(row: dict[str, Any]) -> dict[str, Any]:
    """The edited columns of a problem row that carries its edit in `value`."""
    edit = json.loads(row["value"])
    fits = isinstance(edit, dict) and all(isinstance(edit.get(name, ""), str) for name in ("question", "answer"))
    options = edit.get("choices") if fits else None
    if not fits or not (options is None or (isinstance(options, list) and all(isinstance(o, str) for o in options))):
        raise UserError(
            f"annotations/edit.jsonl, event {row['event_id']} about problem {row['target']}: {row['value']:.80} is not "
            "an edit; it may hold question and answer (texts) and choices (a list of texts or null)"
        )
    new = {name: edit.get(name, row[name]) for name in ("question", "answer", "choices")}
    choices = new["choices"] = new["choices"] or None
    same_gold = (new["answer"], choices) == (row["answer"], row["choices"] or None)
    kind = row.get("answer_type") if same_gold else shared_verifier().gold_type(new["answer"], choices)
    return {
        **new,
        "answer_type": kind,
        "content_hash": content_hash(new["question"], row["images"] or (), choices, new["answer"]),
    }
