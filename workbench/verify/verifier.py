"""The verifier: pairs in, judgements out."""

import logging
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from workbench.schema import ANSWER_TYPES
from workbench.verify.answers import meets
from workbench.verify.compare.choices import pick
from workbench.verify.compare.scalars import Settings
from workbench.verify.copies import is_copied
from workbench.verify.extract.candidates import Candidate, Extraction
from workbench.verify.extract.final_answer import extract, extract_loosely
from workbench.verify.extract.sentences import is_math, words
from workbench.verify.formula.tokens import TooBig
from workbench.verify.golds import Gold, read_gold
from workbench.verify.normalize.clock import clock
from workbench.verify.pool.pool import Budget, Pool, PoolUnavailable, WorkerFailed, shared_pool
from workbench.verify.profiles import PROFILES, Profile
from workbench.verify.read.items import Choice, Group, Scalar
from workbench.verify.read.order import asks_in_order
from workbench.verify.verdict import Judgement, Pair, Verdict

MAX_RESPONSE = 400_000
MAX_ANSWER = 1_000
MAX_SYMBOLIC = 12  # symbolic comparisons a pair: each blank of a gold may need one
CACHE_SIZE = 50_000

_log = logging.getLogger(__name__)


class _NeedsPool(Exception):
    """Exact rules do not settle this pair."""


class Verifier:
    """Judges answers under a profile. Safe to call from any thread; no process starts before the first symbolic pair.

    `deadline` is the seconds of a worker's processor time that symbolic work on one answer may take, by the clock at
    most twice that; `workers` and `memory_mb` size an own pool, `pool` lends one. `judge` is total: whatever answer,
    gold or setting it is given, it returns a verdict; a failure of our own is `unscorable`, "internal: …", and logged.
    """

    def __init__(
        self,
        profile: str = "default",
        workers: int = 1,
        deadline: float = 1.0,
        memory_mb: int = 2048,
        pool: Pool | None = None,
    ):
        self.profile: Profile = PROFILES[profile]
        self.deadline = deadline
        self._pool = pool or Pool(workers, memory_mb)
        self._own_pool = pool is None
        self._settled: OrderedDict[tuple[Any, ...], tuple[Verdict, str]] = OrderedDict()
        self._golds: OrderedDict[tuple[Any, ...], Gold] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> "Verifier":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers of an own pool."""
        if self._own_pool:
            self._pool.close()

    def warm_up(self) -> None:
        """Start the workers in the background; who will judge many answers does it before the first."""
        self._pool.warm_up()

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        """One judgement a pair, in order. Equal pairs are judged once; what exact rules settle uses no process."""
        positions: dict[Pair, int] = {}
        order = [positions.setdefault(pair, len(positions)) for pair in pairs]
        different = list(positions)
        judged: dict[int, Judgement] = {}
        slow: list[int] = []
        for at, pair in enumerate(different):
            try:
                judged[at] = self._judge_safely(pair, use_pool=False)
            except _NeedsPool:
                slow.append(at)
        if slow:
            with ThreadPoolExecutor(max_workers=min(self._pool.workers, len(slow))) as threads:
                results = threads.map(lambda at: self._judge_safely(different[at], use_pool=True), slow)
                judged |= dict(zip(slow, results, strict=True))
        return [judged[at] for at in order]

    def gold_type(self, gold: str, choices: Sequence[str] | None = None, answer_type: str | None = None) -> str | None:
        """One of `schema.ANSWER_TYPES`, or None where the gold is of no known kind, so that nothing can be scored."""
        try:
            return self._gold(gold, tuple(choices) if choices else None, answer_type, Budget(self.deadline)).type
        except Exception:
            _log.exception("reading a gold failed: %.200r", gold)
            return None

    def _judge_safely(self, pair: Pair, use_pool: bool) -> Judgement:
        try:
            return self._judge(pair, Budget(self.deadline) if use_pool else None)
        except _NeedsPool:
            raise
        except Exception as error:
            _log.exception("judging failed, so the pair counts as unscorable: gold %.200r", pair.gold)
            reason = f"internal: {type(error).__name__}"
            return Judgement(Verdict.UNSCORABLE, reason, None, None, None, None, 0.0)

    def _judge(self, pair: Pair, budget: Budget | None) -> Judgement:
        began = time.perf_counter()
        try:
            gold = self._gold(pair.gold, pair.choices, pair.answer_type, budget)
        except PoolUnavailable as failure:
            gold = Gold((), None, failure.reason)

        def result(verdict: Verdict, reason: str, answer: Candidate | None = None) -> Judgement:
            seconds = time.perf_counter() - began - (budget.queued if budget else 0.0)
            if answer is None:
                return Judgement(verdict, reason, None, None, None, gold.type, seconds)
            return Judgement(verdict, reason, answer.text, answer.rule, answer.span, gold.type, seconds)

        if not _usable(pair):
            return result(Verdict.UNSCORABLE, "gold_tolerance")
        if gold.type is None:
            return result(Verdict.UNSCORABLE, gold.reason or "gold_unknown")
        if len(pair.response) > MAX_RESPONSE:
            return result(Verdict.WRONG, "too_long")
        extraction = self._extract(pair, gold)
        candidates = extraction.candidates
        if not candidates:
            return result(Verdict.WRONG, extraction.reason or "no_answer")
        first = candidates[0]
        if extraction.reason:
            return result(Verdict.WRONG, extraction.reason, first)
        if _is_a_question(first.text) and not _is_a_question(pair.gold):
            return result(Verdict.WRONG, "ambiguous", first)
        if max(len(candidate.text) for candidate in candidates) > MAX_ANSWER:
            return result(Verdict.WRONG, "too_long", first)
        for candidate in candidates:
            verdict, reason = self._settle(pair, gold, candidate.text, budget)
            if verdict is Verdict.CORRECT and gold.type == "number" and is_copied(candidate.text, pair.question):
                verdict, reason = Verdict.WRONG, "copied"
            if verdict is Verdict.WRONG and len(candidates) > 1:
                reason = "ambiguous"
            if verdict is not Verdict.CORRECT:
                break
        return result(verdict, reason, first)

    def _extract(self, pair: Pair, gold: Gold) -> Extraction:
        first = gold.items[0]
        extraction = extract(pair.response, self.profile, gold.blanks, isinstance(first, Choice))
        answer = extraction.candidates[0] if extraction.candidates else None
        if answer and answer.rule == "boxes" and isinstance(first, Group) and first.brackets in ("()", "{}"):
            return Extraction((_grouped(answer, first.brackets),))
        if not self.profile.loose or extraction.reason in ("denied", "empty_box"):
            return extraction
        if answer is not None and self._is_clear(answer, pair):
            return extraction
        loose = extract_loosely(pair.response, pair.choices)
        return Extraction((loose,)) if loose else extraction

    def _is_clear(self, answer: Candidate, pair: Pair) -> bool:
        """Whether an extraction is an answer, so that a scorer that reads prose looks for no other."""
        text = answer.text[:MAX_ANSWER]
        if answer.rule in ("boxed", "answer_tag"):
            return True
        if pair.choices:
            settings = Settings(self.profile, _never, pair.precision, pair.tolerance, pair.unit)
            return pick(text, pair.choices, settings) is not None
        return is_math(text) or bool(clock(text)) or (answer.rule in ("marker", "heading", "bare") and words(text) <= 3)

    def _settle(self, pair: Pair, gold: Gold, answer: str, budget: Budget | None) -> tuple[Verdict, str]:
        ordered = gold.several and self._ordered(pair)
        key = (pair.gold, answer, pair.choices, pair.answer_type, pair.precision, pair.tolerance, pair.unit, ordered)
        with self._lock:
            known = self._settled.get(key)
            if known:
                self._settled.move_to_end(key)
                return known
        try:
            known = self._compare(pair, gold, answer, self._settings(pair, budget, ordered))
        except PoolUnavailable as failure:
            return Verdict.UNSCORABLE, failure.reason  # not kept: the next try may find a worker
        with self._lock:
            self._settled[key] = known
            if len(self._settled) > CACHE_SIZE:
                self._settled.popitem(last=False)
        return known

    def _compare(self, pair: Pair, gold: Gold, answer: str, settings: Settings) -> tuple[Verdict, str]:
        try:
            return meets(answer, pair.gold, gold, pair.choices, settings)
        except TooBig as error:
            return Verdict.WRONG, f"too_big: {error}"
        except RecursionError:
            return Verdict.WRONG, "too_big: nesting"
        except PoolUnavailable:
            raise
        except WorkerFailed as failure:
            return Verdict.WRONG, failure.reason  # the gold by itself was worked with when it was read

    def _settings(self, pair: Pair, budget: Budget | None, ordered: bool) -> Settings:
        calls = iter(range(MAX_SYMBOLIC))

        def symbolic(gold: Scalar, answer: Scalar) -> bool:
            if budget is None:
                raise _NeedsPool
            if next(calls, None) is None:
                raise TooBig("symbolic parts")
            return self._pool.run(_job(gold, answer), budget)

        return Settings(self.profile, symbolic, pair.precision, pair.tolerance, pair.unit, ordered)

    def _ordered(self, pair: Pair) -> bool:
        """Whether the order of several values counts: as the row says, else as the question asks."""
        if pair.ordered is not None:
            return pair.ordered
        return not self.profile.free_order and asks_in_order(pair.question)

    def _gold_alone(self, item: Scalar, budget: Budget) -> bool:
        """Whether the gold can be worked with by itself, so that a later failure is the answer's."""
        try:
            return self._pool.run(_job(item, item), budget)
        except PoolUnavailable:
            raise
        except WorkerFailed:
            return False

    def _gold(self, text: str, choices: tuple[str, ...] | None, answer_type: str | None, budget: Budget | None) -> Gold:
        key = (text, choices, answer_type)
        with self._lock:
            known = self._golds.get(key)
        if known:
            return known
        hint = answer_type if answer_type in ANSWER_TYPES else None
        try:
            gold = read_gold(text, choices, hint, self.profile)
        except (TooBig, RecursionError) as error:
            gold = Gold((), None, f"gold_too_big: {error}")
        for item in gold.items:
            if isinstance(item, Scalar) and item.tree is None:
                if budget is None:
                    raise _NeedsPool
                if not self._gold_alone(item, budget):
                    gold = Gold((), None, "gold_unknown")
                    break
        with self._lock:
            self._golds[key] = gold
            if len(self._golds) > CACHE_SIZE:
                self._golds.popitem(last=False)
        return gold


def _usable(pair: Pair) -> bool:
    """Whether the row's tolerance is a distance: an infinite one would make every answer right."""
    if pair.tolerance is None:
        return True
    tolerances = pair.tolerance if isinstance(pair.tolerance, tuple) else (pair.tolerance,)
    return all(t is None or (math.isfinite(t) and t >= 0) for t in tolerances)


def _is_a_question(text: str) -> bool:
    """Whether a text ends in a question mark: a value asked for or doubted."""
    return text.rstrip(" $*).\"'").endswith(("?", "？"))


def _grouped(candidate: Candidate, brackets: str) -> Candidate:
    """A box for each member of a group, read as the group."""
    opening, closing = ("\\{", "\\}") if brackets == "{}" else (brackets[0], brackets[-1])
    return replace(candidate, text=f"{opening}{candidate.text.replace('; ', ', ')}{closing}")


def _never(gold: Scalar, answer: Scalar) -> bool:
    return False


def _job(gold: Scalar, answer: Scalar) -> dict[str, Any]:
    return {"gold": gold.text, "answer": answer.text, "gold_tree": gold.tree, "answer_tree": answer.tree}


_instances: dict[str, Verifier] = {}
_instances_lock = threading.Lock()


def shared_verifier(profile: str = "default") -> Verifier:
    """The process's one verifier of a profile; all of them share one pool."""
    with _instances_lock:
        if profile not in _instances:
            _instances[profile] = Verifier(profile, pool=shared_pool())
        return _instances[profile]
