"""What changes only how LaTeX looks changes no value; what is not printed is no part of it."""

import pytest

from workbench.verify import Pair, Verdict, Verifier
from workbench.verify.normalize.latex import dense

NUMBERS = ["7", "-3.5", "\\frac{2}{3}", "\\sqrt{5}", "120"]
STYLES = r"""
\large %s|\Huge{%s}|{\color{red}%s}|\textcolor{blue}{%s}|\color[rgb]{1,0,0} %s|\colorbox{yellow}{$%s$}|\boldmath %s
\fcolorbox{red}{white}{%s}|\bbox[5px,border:2px solid]{%s}|\hspace{2em}%s|\vphantom{\frac12} %s|\phantom{31} %s
%s\hphantom{0}|\cancel{19} %s|\xcancel{4}\, %s|%s %% checked twice|\displaystyle %s|\mathbf{%s}|\boldsymbol{%s}
\kern 3pt %s|'%s'|**%s**|`%s`|<b>%s</b>
"""
GAPS = [" ", "  ", "\\ ", "~", "\\quad ", "\\;", "\n", "`", "**", "\\\\", "\\phantom{x}", "&nbsp;", "\\qquad", "\t"]


@pytest.fixture(scope="module")
def verifier():
    with Verifier() as made:
        yield made


@pytest.mark.parametrize("style", STYLES.strip().replace("\n", "|").split("|"))
def test_looks_change_no_value(verifier: Verifier, style: str) -> None:
    for number in NUMBERS:
        answer = f"\\boxed{{{style % number}}}"
        judged = verifier.judge([Pair(gold, answer) for gold in NUMBERS])
        assert [j.verdict is Verdict.CORRECT for j in judged] == [gold == number for gold in NUMBERS], answer


@pytest.mark.parametrize("gap", GAPS)
def test_a_gap_never_joins_digits(verifier: Verifier, gap: str) -> None:
    for whole in ("12", "144", "1020", "0.25", "-36", "305"):
        for cut in range(1, len(whole)):
            in_threes = len(whole) - cut == 3  # 1 020 is how some write thousands
            if in_threes or not (whole[cut - 1] + whole[cut]).isdigit():
                continue
            split = whole[:cut] + gap + whole[cut:]
            for answer in (split, f"\\boxed{{{split}}}", f"<answer>{split}</answer>", f"\\boxed{{x = {split}}}"):
                (judged,) = verifier.judge([Pair(whole, answer)])
                assert judged.verdict is Verdict.WRONG, answer
            assert dense(split) != dense(whole)


@pytest.mark.parametrize("number", ["12,345", "12\\,345", "12{,}345", "12 345", "12,\\!345", "12'345", "12\u202f345"])
def test_thousands_marks_are_no_gaps(verifier: Verifier, number: str) -> None:
    verdicts = [j.verdict for j in verifier.judge([Pair("12345", f"\\boxed{{{number}}}"), Pair("345", number)])]
    assert verdicts == [Verdict.CORRECT, Verdict.WRONG]


def test_percent_is_no_comment(verifier: Verifier) -> None:
    pairs = [
        Pair("50%", "\\boxed{50 % of the students}"),
        Pair("50", "\\boxed{50 % of the students}"),
        Pair("5%", "5%"),
    ]
    assert [j.verdict for j in verifier.judge(pairs)] == [Verdict.CORRECT, Verdict.WRONG, Verdict.CORRECT]


def test_matrices_with_spaced_rows(verifier: Verifier) -> None:
    gold = "\\begin{pmatrix} -18 \\\\ 96 \\end{pmatrix}"
    spaced = "\\boxed{\\begin{bmatrix} -18 \\\\[2pt] 96 \\end{bmatrix}}"
    wrong = "\\boxed{\\begin{bmatrix} -18 \\\\[2pt] 95 \\end{bmatrix}}"
    assert [j.verdict for j in verifier.judge([Pair(gold, spaced), Pair(gold, wrong)])] == [
        Verdict.CORRECT,
        Verdict.WRONG,
    ]
