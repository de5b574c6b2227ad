"""Choice letters where a text is nothing else."""

import re

from workbench.verify.normalize.latex import latex
from workbench.verify.read.brackets import trim

_CHOICE_LIST = re.compile(r"^\(?([A-H])\)?(?:\s*(?:,|;|and|&|\s)\s*\(?([A-H])\)?)*\.?$")


def letters(text: str) -> frozenset[str] | None:
    """Choice letters where the text is nothing else: "A", "(C)", "A, C", "ABD"."""
    text = trim(latex(text))
    bare = re.fullmatch(r"\(?\s*([A-Ha-h])\s*[).:]*", text)
    if bare:
        return frozenset(bare[1].upper())
    if _CHOICE_LIST.match(text):
        return frozenset(re.findall(r"[A-H]", text))
    run = re.fullmatch(r"\(?([A-H]{2,6})\)?", text)
    if run and list(run[1]) == sorted(set(run[1])):
        return frozenset(run[1])
    return None
