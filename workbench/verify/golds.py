"""Golds read once: what has to be met, or why nothing can be scored."""

import re
from dataclasses import dataclass, replace

from workbench.verify.compare.choices import pick
from workbench.verify.compare.scalars import Settings
from workbench.verify.extract.candidates import Candidate
from workbench.verify.extract.final_answer import extract
from workbench.verify.extract.options import LETTERS
from workbench.verify.extract.sentences import CONCLUDES, is_math, is_sentence
from workbench.verify.normalize.latex import dense, unify
from workbench.verify.profiles import PROFILES, Profile
from workbench.verify.read.items import Choice, Group, Item, Multi, Scalar
from workbench.verify.read.letters import letters
from workbench.verify.read.reader import read
from workbench.verify.read.scalars import is_plain_number
from workbench.verify.read.split import alternatives

MAX_GOLD = 1_000
MAX_PROSE_WORDS = 15
_OPEN_ENDED = re.compile(
    r"not unique|no unique|answers? (?:may |can )?var(?:y|ies)|any .{0,40}acceptable|答案不唯一|open[- ]ended", re.I
)
_CHINESE_SENTENCE = re.compile("[\u4e00-\u9fff].*[，。．].*[\u4e00-\u9fff]", re.S)
_IN_BASE = re.compile(r"^\s*\$*\s*(\d{1,30})\s*_\s*\{?\s*\d{1,2}\s*\}?\s*\$*\s*$")
_MARKED_LABELS = re.compile(r"^\s*(\d)\.(\d)\.\s*$")


@dataclass(frozen=True)
class Gold:
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

    @property
    def several(self) -> bool:
        """Whether some reading has several values, so that their order may count."""
        return any(isinstance(item, Multi | Group) for item in self.items)


def read_gold(text: str, choices: tuple[str, ...] | None, hint: str | None, profile: Profile) -> Gold:
    """The readings of a gold; with a reason in their stead where nothing can be scored. Raises TooBig."""
    if len(text) > MAX_GOLD:
        return Gold((), None, "gold_too_long")
    if is_plain_number(text) and not choices:
        return Gold((read(text),), "number")
    if choices and text in LETTERS[: len(choices)] and len(text) == 1 and not profile.option_text_first:
        return Gold((Choice(frozenset(text)),), "choice")
    if not dense(text) or not re.search(r"[^\s.,;:!?$\\{}()\[\]_\"'-]", unify(text)):
        return Gold((), None, "gold_empty")
    if _OPEN_ENDED.search(text):
        return Gold((), None, "gold_open_ended")
    if choices:
        letter = _option(text, choices, profile)
        return Gold((Choice(letter),), "choice") if letter else Gold((), None, "gold_not_an_option")
    picked = letters(text) if hint in (None, "choice") else None
    if picked:
        return Gold((Choice(picked),), "choice")
    prose = is_sentence(text) or _CHINESE_SENTENCE.search(text) or CONCLUDES.match(text) or "答案" in text
    concluded = extract(text, PROFILES["default"]).candidates if prose else ()
    announced = concluded and (concluded[0].rule in ("boxed", "marker", "heading") or _concludes(text, concluded[0]))
    if announced or len(re.findall(r"(?<!\\)\b[A-Za-z]{2,}\b", text)) > MAX_PROSE_WORDS:
        if not concluded or not is_math(concluded[0].text):
            return Gold((), None, "gold_prose")
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
    return Gold(tuple(dict.fromkeys(items)), type_)


def _concludes(text: str, candidate: Candidate) -> bool:
    """Whether a gold is one sentence that says what follows: "Therefore, the area is 12."."""
    return candidate.text != text and is_math(candidate.text) and CONCLUDES.match(text) is not None


def _option(text: str, choices: tuple[str, ...], profile: Profile) -> frozenset[str] | None:
    """A letter in range, or the option whose text it is; benchmarks that store the text are asked that first."""
    picked = letters(text)
    in_range = picked is not None and all(ord(c) - 65 < len(choices) for c in picked)
    if in_range and not profile.option_text_first:
        return picked
    same = [i for i, c in enumerate(choices) if dense(c) == dense(text)]
    if same and (profile.option_text_first or not picked):
        return frozenset(chr(65 + same[0]))
    if in_range:
        return picked
    settings = Settings(profile, _never)
    return frozenset(chr(65 + same[0])) if same else pick(text, choices, settings)


def _never(gold: Scalar, answer: Scalar) -> bool:
    return False
