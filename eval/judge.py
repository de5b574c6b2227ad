"""From answers to rows of the scores table: one way for sampled and for stored answers."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from eval.scorers import SCORERS, judgements, label
from workbench.answers import NO_RESPONSE
from workbench.benchmarks import BENCHMARKS, Item, ItemSet, Loaded
from workbench.plugins import plugins_that_brought
from workbench.prompts import TEMPLATES
from workbench.reflection import is_reflective
from workbench.verify import shared_verifier

CHUNK = 64


@dataclass(frozen=True)
class Answer:
    """One response to an item, None where the model gave none: that is wrong.

    `unscored` says why the item could not be asked ("prompt_too_long", "image_missing", …): that is not scored.
    `official` is the verdict that stored answers carry, `extraction` the answer that a language model took from them.
    """

    item: Item
    sample_index: int
    response: str | None
    n_tokens: int | None = None
    finish_reason: str | None = None
    unscored: str | None = None
    official: bool | None = None
    extraction: str | None = None


def judged(
    answers: Sequence[Answer], benchmark: ItemSet, loaded: Loaded, model: str, settings: dict[str, Any], scorer: str
) -> Iterator[list[dict[str, Any]]]:
    """Rows of the scores table, a chunk at a time (so that a caller can show how far it is).

    An answer with `unscored` set becomes a row with verdict `unscorable` and scorer `none`: it is no wrong answer. A
    response that is None is wrong with reason `no_response`.
    """
    if scorer == "rules":
        shared_verifier(benchmark.profile).warm_up()
    for start in range(0, len(answers), CHUNK):
        chunk = answers[start : start + CHUNK]
        asked = {id(a): (a.item, a.response) for a in chunk if a.unscored is None and a.response is not None}
        items, responses = [item for item, _ in asked.values()], [response for _, response in asked.values()]
        given = dict(zip(asked, judgements(scorer, benchmark, items, responses), strict=True))
        rows = []
        for answer in chunk:
            judgement = given.get(id(answer), NO_RESPONSE if answer.unscored is None else None)
            verdict = "unscorable" if judgement is None else str(judgement.verdict)
            meta = {
                "gold": answer.item.gold,
                "reason": answer.unscored if judgement is None else judgement.reason,
                "rule": judgement and judgement.rule,
                "span": judgement and judgement.span,
                "n_tokens": answer.n_tokens,
                "finish_reason": answer.finish_reason,
                "reflective": is_reflective(answer.response or "") if id(answer) in given else None,
                "official": answer.official,
                "official_rules": _official_verdict(benchmark, answer),
                "question": answer.item.question,
                "choices": answer.item.choices,
                "images": answer.item.images,
                "answer_type": answer.item.answer_type,
                "data": loaded.source,
                "settings": settings,
                **answer.item.meta,
            }
            rows.append(
                {
                    "benchmark": loaded.name,
                    "model": model,
                    "item_id": answer.item.item_id,
                    "sample_index": answer.sample_index,
                    "response": answer.response,
                    "extracted": judgement and judgement.extracted,
                    "verdict": verdict,
                    "scorer": "none" if judgement is None else label(scorer, benchmark),
                    "meta": json.dumps(meta, ensure_ascii=False),
                }
            )
        yield rows


def _official_verdict(benchmark: ItemSet, answer: Answer) -> bool | None:
    if answer.unscored is not None:
        return None
    return benchmark.official_verdict(answer.item, answer.response or "", answer.extraction)


def scoring_settings(benchmark: ItemSet, scorer: str, prompt: str | None = None) -> dict[str, Any]:
    """What scores say of a scorer of one's own, and of the plug-ins that brought benchmark, scorer or prompt.

    Empty for what is ours. Paths are left out: the same code elsewhere gives the same scores.
    """
    records = plugins_that_brought((BENCHMARKS, benchmark.name), (SCORERS, scorer), (TEMPLATES, prompt))
    plugins = [{"name": record["name"], "sha256": record["sha256"]} for record in records]
    return ({} if scorer == "rules" else {"scorer": scorer}) | ({"plugins": plugins} if plugins else {})


def file_name(items: Sequence[Item], settings: dict[str, Any]) -> str:
    """`DATA-SETTINGS.parquet` by hashes: the same items under the same settings give the same name for every model."""
    data = [
        [i.item_id, i.question, i.gold, list(i.images), list(i.shown_choices or ()), *([i.query] if i.query else [])]
        for i in items
    ]
    return f"{_digest(data)}-{_digest(settings)}.parquet"


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
