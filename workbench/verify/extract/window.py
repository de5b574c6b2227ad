"""Which stretch of a response can hold its answer: behind the thinking, before chat tokens and further turns."""

import re

_THINKING = re.compile(
    r"<(?P<close>/?)\s*(?:\w{1,20}:)?(?:think|thinking|thoughts?|reason|reasoning|reflection|scratchpad|analysis)"
    r"(?:\s[^<>]{0,200})?>|(?P<kimi>[◁]/?think[▷])"
    r"|<\|(?P<thought>begin|end)_of_thought\|>|<\|channel\|>\s*(?P<channel>analysis|commentary"
    r"|final)\b(?:<\|message\|>)?",
    re.I,
)
_FIRST_TOKENS = re.compile(
    r"(?:\s*(?:<\|im_start\|>|<\|start_header_id\|>|<\|end_header_id\|>|<\|begin_of_\w{1,20}\|>|<\|start\|>|<s>|<bos>"
    r"|<start_of_turn>|\[/INST\]|<\|message\|>|assistant\b:?|model\b(?=\n)))+\s*",
    re.I,
)
_TURN_TOKENS = (
    r"<\|(?!begin_of_box|end_of_box)[\w▁ ]{1,40}\|>|<｜[^｜<>]{1,40}｜>|</s>|<s>|<eos>|<end_of_turn>|<start_of_turn>"
    r"|\[/?INST\]|<</?SYS>>"
)
_TURN_NAMES = r"\n[ \t]*(?:\*\*|#+ )?(?:User|Human|Instruction|Student|用户|问)(?:\*\*)?[ \t]*[:：]"
_TURN_ENDS = re.compile(f"{_TURN_TOKENS}|{_TURN_NAMES}", re.I)
_TURN_NAMED = re.compile(_TURN_NAMES, re.I)
_NEXT_PROBLEM = re.compile(
    r"\n[ \t]*(?:\*\*|#+ )?(?:Question|Problem|Example|Q)(?:[ \t]*\d+)?(?:\*\*)?[ \t]*[:：]", re.I
)
_PARTING = re.compile(
    r"(?:^|(?<=[\s$*]))I hope (?:it|this|that|the (?:final )?answer|my answer) is (?:correct|right)\b", re.I
)
_FAREWELL = re.compile(
    r"(?:^|\n|(?<=[.!?] ))[ \t]*(?:I hope|Hope (?:this|that|it) helps|Let me know|Do you have|Is there anything"
    r"|Please let me|Please feel free|Feel free|If you have any|Would you like|Here is a breakdown|Happy to help"
    r"|You're welcome|Good luck|Have a (?:great|nice|good))\b",
    re.I,
)
_PARTING_WORDS = (
    "hope", "let me", "you", "is there anything", "feel free", "here is a breakdown", "happy to help", "good luck",
    "have a ",
)  # fmt: skip
_OFFER = re.compile(r"boxed|fbox|\x08oxed|answer|答案|####|respuesta|réponse|antwort|ответ|정답|答え", re.I)


def answer_window(response: str) -> tuple[int, int] | None:
    """[start, end) of what is said outside of thinking in the first turn, None where thinking never ends."""
    window = _outside_thinking(response)
    if window is None:
        return None
    start, end = window
    first = _FIRST_TOKENS.match(response, start, end)
    start = first.end() if first else start
    start += len(response[start:end]) - len(response[start:end].lstrip())
    for pattern in _cuts(response):
        cut = pattern.search(response, start, end)
        if cut and response[start : cut.start()].strip():
            end = cut.start()
    following = None
    if "\n" in response:
        following = next(
            (m for m in _NEXT_PROBLEM.finditer(response, start, end) if _OFFER.search(response, start, m.start())), None
        )
    end = following.start() if following else end
    tail = max(start, end - 2_000)
    farewell = _FAREWELL.search(response, tail, end) if _may_part(response[tail:end].lower()) else None
    if farewell and response[start : farewell.start()].strip() and not _OFFER.search(response, farewell.end(), end):
        end = farewell.start()
    return start, end


def is_undivided(response: str) -> bool:
    """Whether a response is one turn without thinking, so that its end is the end of what counts.

    A farewell does not count here: before an answer it cuts nothing.
    """
    lower = response.lower()
    if "<" in response or "◁" in response or "inst]" in lower or "hope" in lower:
        return False
    return "\n" not in response or not (_TURN_NAMED.search(response) or _NEXT_PROBLEM.search(response))


def _cuts(response: str) -> list[re.Pattern[str]]:
    """What may end the turn, less what the response has no sign of."""
    patterns = []
    lower = response.lower()
    if "<" in response or "inst]" in lower:
        patterns.append(_TURN_ENDS)
    elif "\n" in response:
        patterns.append(_TURN_NAMED)
    if "hope" in lower:
        patterns.append(_PARTING)
    return patterns


def _may_part(lower: str) -> bool:
    """False where `_FAREWELL` cannot match: looking for words is cheaper."""
    return any(word in lower for word in _PARTING_WORDS)


def _outside_thinking(response: str) -> tuple[int, int] | None:
    """The last stretch with any text outside of think tags; an end without a beginning ends thinking from the start."""
    if "<" not in response and "◁" not in response:
        return 0, len(response)
    stretches: list[tuple[int, int]] = []
    at = 0
    thinking = False
    for mark in _THINKING.finditer(response):
        if _closes(mark):
            if not thinking:
                stretches.clear()
            at, thinking = mark.end(), False
        elif not thinking:
            stretches.append((at, mark.start()))
            thinking = True
    if thinking:
        return None
    stretches.append((at, len(response)))
    spoken = [s for s in stretches if _TURN_ENDS.sub("", response[s[0] : s[1]]).strip()]
    return spoken[-1] if spoken else (at, len(response))


def _closes(mark: re.Match[str]) -> bool:
    if mark["kimi"]:
        return "/" in mark["kimi"]
    if mark["thought"]:
        return mark["thought"].lower() == "end"
    if mark["channel"]:
        return mark["channel"].lower() == "final"
    return bool(mark["close"])
