"""The verifier: pairs in, judgements out."""

import logging
import math
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from workbench.schema import ANSWER_TYPES
from workbench.verify.compare.choices import pick
from workbench.verify.compare.equality import equal
from workbench.verify.compare.scalars import Settings
from workbench.verify.extract.candidates import Candidate, Extraction
from workbench.verify.extract.final_answer import extract, extract_loosely
from workbench.verify.extract.sentences import is_math, is_sentence, words
from workbench.verify.formula.tokens import TooBig
from workbench.verify.normalize.clock import clock
from workbench.verify.normalize.latex import dense, text_key, unify
from workbench.verify.pool.pool import Budget, Pool, PoolUnavailable, WorkerFailed, shared_pool
from workbench.verify.profiles import PROFILES, Profile
from workbench.verify.read.items import Choice, Group, Item, Multi, Scalar, Words
from workbench.verify.read.letters import letters
from workbench.verify.read.naming import in_golds_names, shifted
from workbench.verify.read.order import asks_in_order
from workbench.verify.read.reader import read
from workbench.verify.read.split import alternatives
from workbench.verify.verdict import Judgement, Pair, Verdict

MAX_RESPONSE = 400_000
MAX_ANSWER = 1_000
MAX_GOLD = 1_000
MAX_PROSE_WORDS = 15
MAX_SYMBOLIC = 12  # symbolic comparisons a pair: each blank of a gold may need one
CACHE_SIZE = 50_000

_log = logging.getLogger(__name__)
_OPEN_ENDED = re.compile(
    r"not unique|no unique|answers? (?:may |can )?var(?:y|ies)|any .{0,40}acceptable|答案不唯一|open[- ]ended", re.I
)
_IN_BASE = re.compile(r"^\s*\$*\s*(\d{1,30})\s*_\s*\{?\s*\d{1,2}\s*\}?\s*\$*\s*$")
_RATIO_IN_WORDS = re.compile(r"(?<=\d) to (?=\d)")
_MARKED_LABELS = re.compile(r"^\s*(\d)\.(\d)\.\s*$")


@dataclass(frozen=True)
class _Gold:
    """A gold read once: its readings (one of them has to be met), or the reason why it cannot be scored."""

    items: tuple[Item, ...]
    type: str | None
    reason: str | None = None

    @property
    def blanks(self) -> int:
        first = self.items[0] if self.items else None
        if isinstance(first, Group):
            return len(first.items) if first.brackets in ("()", "{}") else 1
        return len(first.items) if isinstance(first, Multi) else 1


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
        self._golds: OrderedDict[tuple[Any, ...], _Gold] = OrderedDict()
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
        done: dict[Pair, Judgement] = {}
        slow: list[Pair] = []
        for pair in dict.fromkeys(pairs):
            try:
                done[pair] = self._judge_safely(pair, use_pool=False)
            except _NeedsPool:
                slow.append(pair)
        if slow:
            with ThreadPoolExecutor(max_workers=min(self._pool.workers, len(slow))) as threads:
                done |= dict(zip(slow, threads.map(lambda p: self._judge_safely(p, use_pool=True), slow), strict=True))
        return [done[pair] for pair in pairs]

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
            gold = _Gold((), None, failure.reason)

        def result(verdict: Verdict, reason: str, at: int | None = None) -> Judgement:
            one = extraction.candidates[at] if at is not None and extraction.candidates else None
            return Judgement(
                verdict,
                reason,
                one.text if one else None,
                one.rule if one else None,
                one.span if one else None,
                gold.type,
                time.perf_counter() - began,
            )

        extraction = Extraction(())
        if not _usable(pair):
            return result(Verdict.UNSCORABLE, "gold_tolerance")
        if gold.type is None:
            return result(Verdict.UNSCORABLE, gold.reason or "gold_unknown")
        if len(pair.response) > MAX_RESPONSE:
            return result(Verdict.WRONG, "too_long")
        extraction = self._extract(pair, gold)
        if not extraction.candidates:
            return result(Verdict.WRONG, extraction.reason or "no_answer")
        if extraction.reason:
            return result(Verdict.WRONG, extraction.reason, 0)
        if any(len(f.text) > MAX_ANSWER for f in extraction.candidates):
            return result(Verdict.WRONG, "too_long", 0)
        for found in extraction.candidates:
            verdict, reason = self._settle(pair, gold, found.text, budget)
            if verdict is Verdict.WRONG and len(extraction.candidates) > 1:
                reason = "ambiguous"
            if verdict is not Verdict.CORRECT:
                return result(verdict, reason, 0)
        return result(Verdict.CORRECT, reason, 0)

    def _extract(self, pair: Pair, gold: _Gold) -> Extraction:
        lettered = isinstance(gold.items[0], Choice)
        extraction = extract(pair.response, self.profile, gold.blanks, lettered)
        if isinstance(gold.items[0], Group) and extraction.candidates and extraction.candidates[0].rule == "boxes":
            return Extraction((_grouped(extraction.candidates[0], gold.items[0].brackets),))
        if not self.profile.loose or (
            extraction.candidates and extraction.candidates[0].rule in ("boxed", "answer_tag")
        ):
            return extraction
        text = extraction.candidates[0].text[:MAX_ANSWER] if extraction.candidates else ""
        if pair.choices:
            settled = pick(text, pair.choices, self._settings(pair, None, exact_only=True)) is not None
        else:
            settled = bool(text) and (is_math(text) or bool(clock(text)) or isinstance(gold.items[0], Words | Choice))
        taken_back = extraction.reason in ("denied", "empty_box")
        named = bool(text) and extraction.candidates[0].rule in ("marker", "heading") and words(text) <= 3
        loose = None if settled or taken_back or named else extract_loosely(pair.response, pair.choices)
        return Extraction((loose,)) if loose else extraction

    def _settle(self, pair: Pair, gold: _Gold, answer: str, budget: Budget | None) -> tuple[Verdict, str]:
        stated = (pair.answer_type, pair.precision, pair.tolerance, pair.unit, self._ordered(pair))
        key = (pair.gold, answer, pair.choices, *stated)
        with self._lock:
            known = self._settled.get(key)
            if known:
                self._settled.move_to_end(key)
                return known
        try:
            known = self._compare(pair, gold, answer, budget)
        except PoolUnavailable as failure:
            return Verdict.UNSCORABLE, failure.reason  # not kept: the next try may find a worker
        with self._lock:
            self._settled[key] = known
            if len(self._settled) > CACHE_SIZE:
                self._settled.popitem(last=False)
        return known

    def _compare(self, pair: Pair, gold: _Gold, answer: str, budget: Budget | None) -> tuple[Verdict, str]:
        if dense(answer) == dense(pair.gold):
            return Verdict.CORRECT, "same_text"
        settings = self._settings(pair, budget)
        try:
            if isinstance(gold.items[0], Choice):
                picked = pick(answer, pair.choices, replace(settings, symbolic=_never))
                if picked == gold.items[0].letters:
                    return Verdict.CORRECT, "equal"
                return Verdict.WRONG, "ambiguous" if picked and len(picked) > len(
                    gold.items[0].letters
                ) else "different"
            times = clock(pair.gold), clock(answer)
            if times[0] and times[1] and not (times[0].plain and times[1].plain):
                return (Verdict.CORRECT, "equal") if times[0].same(times[1]) else (Verdict.WRONG, "different")
            if "," in answer and re.sub(r"(?<=\d),(?=\d)", ".", answer.strip()) == pair.gold.strip():
                return Verdict.CORRECT, "equal"  # a decimal comma: the gold tells that it is no list
            if ":" in pair.gold:
                answer = _RATIO_IN_WORDS.sub(":", answer)
            answer = in_golds_names(answer, pair.gold)
            readings = [read(answer)]
            if any(isinstance(g, Words) for g in gold.items):
                readings.append(Words(answer, text_key(answer)))
            if "," in answer:
                readings.append(read(answer, thousands=False))
            readings += [read(moved) for moved in shifted(answer, pair.gold)]
            if any(equal(g, a, settings) for g in gold.items for a in readings):
                return Verdict.CORRECT, "equal"
            hedged = isinstance(readings[0], Multi) and len(readings[0].items) > gold.blanks
            return Verdict.WRONG, "ambiguous" if hedged else "different"
        except TooBig as error:
            return Verdict.WRONG, f"too_big: {error}"
        except RecursionError:
            return Verdict.WRONG, "too_big: nesting"
        except PoolUnavailable:
            raise
        except WorkerFailed as failure:
            return Verdict.WRONG, failure.reason  # the gold by itself was worked with when it was read

    def _settings(self, pair: Pair, budget: Budget | None, exact_only: bool = False) -> Settings:
        calls = iter(range(MAX_SYMBOLIC))

        def symbolic(gold: Scalar, answer: Scalar) -> bool:
            if budget is None:
                raise _NeedsPool
            if next(calls, None) is None:
                raise TooBig("symbolic parts")
            return self._pool.run(_job(gold, answer), budget)

        compare = _never if exact_only else symbolic
        return Settings(self.profile, compare, pair.precision, pair.tolerance, pair.unit, self._ordered(pair))

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

    def _gold(
        self, text: str, choices: tuple[str, ...] | None, answer_type: str | None, budget: Budget | None
    ) -> _Gold:
        key = (text, choices, answer_type)
        with self._lock:
            known = self._golds.get(key)
        if known:
            return known
        hint = answer_type if answer_type in ANSWER_TYPES else None
        try:
            gold = self._read_gold(text, choices, hint)
        except (TooBig, RecursionError) as error:
            gold = _Gold((), None, f"gold_too_big: {error}")
        for item in gold.items:
            if isinstance(item, Scalar) and item.tree is None:
                if budget is None:
                    raise _NeedsPool
                if not self._gold_alone(item, budget):
                    gold = _Gold((), None, "gold_unknown")
                    break
        with self._lock:
            self._golds[key] = gold
            if len(self._golds) > CACHE_SIZE:
                self._golds.popitem(last=False)
        return gold

    def _read_gold(self, text: str, choices: tuple[str, ...] | None, hint: str | None) -> _Gold:
        if len(text) > MAX_GOLD:
            return _Gold((), None, "gold_too_long")
        if not dense(text) or not re.search(r"[^\s.,;:!?$\\{}()\[\]_\"'-]", unify(text)):
            return _Gold((), None, "gold_empty")
        if _OPEN_ENDED.search(text):
            return _Gold((), None, "gold_open_ended")
        if choices:
            letter = self._gold_option(text, choices)
            return _Gold((Choice(letter),), "choice") if letter else _Gold((), None, "gold_not_an_option")
        picked = letters(text) if hint in (None, "choice") else None
        if picked:
            return _Gold((Choice(picked),), "choice")
        concluded = extract(text, PROFILES["default"]).candidates if is_sentence(text) else ()
        announced = concluded and concluded[0].rule in ("boxed", "marker", "heading")
        if announced or len(re.findall(r"(?<!\\)\b[A-Za-z]{2,}\b", text)) > MAX_PROSE_WORDS:
            if not concluded or not is_math(concluded[0].text):
                return _Gold((), None, "gold_prose")
            text = concluded[0].text
        items: list[Item] = [read(t) for t in alternatives(text)]
        if "," in text:
            items.append(read(text, thousands=False))
        in_base = _IN_BASE.match(text)
        if in_base:
            items.append(Scalar(in_base[1], ("num", in_base[1])))  # the question names the base
        marked = _MARKED_LABELS.match(text)
        if marked:
            items.append(Multi(tuple(Scalar(d, ("num", d)) for d in marked.groups()), free=True))
        if hint == "set" and isinstance(items[0], Multi):
            items.insert(0, replace(items[0], free=True))
        type_ = hint if hint == "interval" and isinstance(items[0], Group) else items[0].type
        return _Gold(tuple(dict.fromkeys(items)), type_)

    def _gold_option(self, text: str, choices: tuple[str, ...]) -> frozenset[str] | None:
        """A letter in range, or the option whose text it is; benchmarks that store the text are asked that first."""
        same = [i for i, c in enumerate(choices) if dense(c) == dense(text)]
        if same and (self.profile.name == "mathvista" or not letters(text)):
            return frozenset(chr(65 + same[0]))
        picked = letters(text)
        if picked and all(ord(c) - 65 < len(choices) for c in picked):
            return picked
        settings = Settings(self.profile, _never)
        return frozenset(chr(65 + same[0])) if same else pick(text, choices, settings)


def _usable(pair: Pair) -> bool:
    """Whether the row's tolerance is a distance: an infinite one would make every answer right."""
    tolerances = pair.tolerance if isinstance(pair.tolerance, tuple) else (pair.tolerance,)
    return all(t is None or (math.isfinite(t) and t >= 0) for t in tolerances)


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
