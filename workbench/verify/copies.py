"""An equation that stands in the question is given, so it answers nothing."""

import re
from functools import lru_cache

from workbench.verify.normalize.latex import unify

MAX_QUESTION = 20_000
MAX_EQUATION = 200
_UNWRITTEN = re.compile(
    r"[\s${}*.。]|\\[,;:! ()\[\]]|\\(?:left|right|text|mathrm|boxed|displaystyle|begin|end)(?![a-z])"
)


def is_copied(answer: str, question: str | None) -> bool:
    """Whether the equation that an answer is stands in the question, up to spacing and print."""
    if not question or "=" not in answer or len(answer) > MAX_EQUATION:
        return False
    characters = _UNWRITTEN.sub("", unify(answer))
    equation = r"\s*".join(map(re.escape, characters))
    return re.search(rf"(?<![A-Za-z0-9\\+*/^-]){equation}(?!\s*[+*/^-]|[A-Za-z0-9])", _written(question)) is not None


@lru_cache(maxsize=4096)
def _written(question: str) -> str:
    return _UNWRITTEN.sub(" ", unify(question[:MAX_QUESTION]))
