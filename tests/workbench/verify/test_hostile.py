"""Ten thousand hostile answers and golds: judged in time, nothing evaluated, memory flat, the pool alive after."""

import builtins
import random
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import sympy
import sympy.parsing.sympy_parser

from workbench.verify import Pair, Verdict, Verifier
from workbench.verify.pool.pool import Budget

DEADLINE = 2.0
COUNT = 10_000
GOLDS = (
    "7", "$\\frac{2}{3}\\pi$", "\\{1, 2\\}", "x > 1", "2^{n+1}-2", "increasing", "A", "y=2\\sin x", "3; 5", "(1, 2)",
    "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "24 cm", "25%",
)  # fmt: skip
WRAPPINGS = ("%s", "\\boxed{%s}", "<think>so</think><answer>%s</answer>", "The answer is %s.", "<answer>\\boxed{%s")


def hostile(n: int, seed: int, canary: Path) -> Iterator[str]:
    """n answers that hang, crash or run other verifiers."""
    rng = random.Random(seed)

    def k(low: int, high: int) -> int:
        return rng.randint(low, high)

    makers = [
        lambda: "^".join(["9"] * k(3, 40)),
        lambda: "9^{" * k(3, 60) + "9" + "}" * k(0, 60),
        lambda: f"{k(10, 10**9)}" + "!" * k(1, 30),
        lambda: "(" * k(100, 3000) + "1" + ")" * k(0, 3000),
        lambda: "\\frac" * k(10, 900),
        lambda: "\\sqrt{" * k(10, 300) + "2",
        lambda: "\\frac{1}{" * k(5, 100) + "2" + "}" * k(0, 100),
        lambda: "\\begin{pmatrix}" + "\\\\".join("&".join("9^{99}" for _ in range(k(1, 40))) for _ in range(k(1, 40))),
        lambda: "\\boxed{" + "{" * k(1, 500),
        lambda: "(a+b+c+d+x+y)^{" + str(k(20, 10**6)) + "}",
        lambda: "+".join(f"x_{i}" for i in range(k(100, 400))),
        lambda: "".join(chr(k(0, 31)) for _ in range(k(1, 300))),
        lambda: f"__import__('os').system('touch {canary}')",
        lambda: f"$$(lambda: open('{canary}', 'w'))()$$",
        lambda: "exec(\"open('" + str(canary) + "','w')\")",
        lambda: rng.choice(["Integer", "Symbol('x').func", "S.Infinity", "lambda x: x", "True", "None", "__class__"]),
        lambda: "".join(rng.choice("АВСЕ١٢٣４ⅣⅫ") for _ in range(k(1, 6))),
        lambda: "1" * k(200, 5000),
        lambda: "1e" + "9" * k(2, 30),
        lambda: "0." + "0" * k(10, 900) + "1",
        lambda: ", ".join(str(i) for i in range(k(50, 900))),
        lambda: "\\{" + ",".join("\\sin(" + str(i) + ")" for i in range(k(20, 60))) + "\\}",
        lambda: "\\sum_{k=1}^{10^{9}} k" if k(0, 9) == 0 else "\\sin^{2}x" * k(1, 30),
        lambda: "".join(rng.choice("\\{}()[]^_$&%#~|<>=+-*/!.,;:0123abcxyz \n") for _ in range(k(1, 600))),
        lambda: "<answer>" * k(1, 200) + "5" + "</answer>" * k(1, 200),
        lambda: "x" * k(10**5, 10**6),
        lambda: "the answer is " * k(100, 20_000),
        lambda: "$" * k(1, 5000),
        lambda: "7 \\pm 7" * k(1, 30),
        lambda: "-" * k(10, 5000) + "7",
        lambda: rng.choice(["Lambda(x, x)(7)", "Function('f')(7)", "integrate(x**x**x, (x, 0, oo))", "Rational(7)"]),
        lambda: rng.choice(
            ["().__class__.__base__.__subclasses__()", "[].__init__.__globals__", "globals()", "7 if 1"]
        ),
        lambda: "\\prod_{n=1}^{" + "9" * k(1, 9) + "} n!" if k(0, 9) == 0 else "\\binom{" + "9" * k(3, 30) + "}{7}",
        lambda: "\\begin{array}{" + "c" * k(1, 400) + "}" + "&" * k(1, 900),
        lambda: "\\text{" * k(1, 300) + "7" + "}" * k(0, 300),
        lambda: rng.choice(["٧", "７0", "𝟕7", "Ⅶ", "七", "7\u0336", "\u202e7", "−7", "0x7", "0b111", "7L", "7j"]),
        lambda: "|" * k(1, 200) + "x" + "|" * k(1, 200),
        lambda: "x<" * k(10, 300) + "7",
        lambda: "\\cup".join(f"({i},{i + 1})" for i in range(k(30, 90))),
    ]
    for i in range(n):
        yield makers[i % len(makers)]()


@pytest.fixture
def nothing_evaluates(monkeypatch: pytest.MonkeyPatch):
    def refuse(*arguments: object, **_: object) -> None:
        raise AssertionError(f"evaluated {str(arguments)[:80]}")

    def sympify(value: object, *arguments: object, **keywords: object) -> object:
        assert not isinstance(value, str)
        return real(value, *arguments, **keywords)

    real = sympy.sympify
    monkeypatch.setattr(builtins, "eval", refuse)
    monkeypatch.setattr(builtins, "exec", refuse)
    monkeypatch.setattr(sympy.parsing.sympy_parser, "parse_expr", refuse)
    monkeypatch.setattr(sympy, "sympify", sympify)


def has_seven(text: str) -> bool:
    """Whether a seven of any script occurs, 七 among them."""
    return any(unicodedata.numeric(character, None) == 7 for character in text)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hostile_answers_and_golds(tmp_path: Path, nothing_evaluates: None):
    canary = tmp_path / "canary"
    process = psutil.Process()
    with Verifier("default", deadline=DEADLINE) as verifier:
        for i, text in enumerate(hostile(COUNT, 1, canary)):
            if i == COUNT // 2:
                half = process.memory_info().rss
            as_gold = i % 10 == 9
            answer = WRAPPINGS[i % len(WRAPPINGS)].replace("%s", text)
            pair = Pair(text, "7") if as_gold else Pair(GOLDS[i % len(GOLDS)], answer)
            began = time.process_time()
            (found,) = verifier.judge([pair])
            assert time.process_time() - began < DEADLINE, text[:100]
            if as_gold:  # some of them are 7 under signs that cancel, and a gold that nothing reads is unscorable
                assert found.verdict is not Verdict.CORRECT or has_seven(text), (text[:100], found)
            else:
                assert found.verdict is not Verdict.UNSCORABLE, (text[:100], found)
                # The generator's harmless tails: a bare 7 behind an even run of signs, or dressed up.
                harmless = pair.gold == "7" and has_seven(found.extracted or "")
                assert found.verdict is Verdict.WRONG or harmless, (text[:100], found)
        assert process.memory_info().rss - half < 200 * 2**20
        assert not canary.exists()
        # Symbolic work still gets done after all that.
        assert verifier.judge([Pair("\\sqrt{3+2\\sqrt2}", "1+\\sqrt2")])[0].verdict is Verdict.CORRECT
        assert verifier._pool.run(
            {"gold": "1", "answer": "1", "gold_tree": ["num", "1"], "answer_tree": ["num", "1"]}, Budget(5.0)
        )
        assert all(psutil.Process(pid).memory_info().rss < 2**31 for pid in verifier._pool.pids)
