"""Hostile answers: judged in time, nothing evaluated, the pool alive after."""

import builtins
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sympy
import sympy.parsing.sympy_parser

from workbench.verify import Pair, Verdict, Verifier
from workbench.verify.normalize import latex
from workbench.verify.parse import parse
from workbench.verify.pool import Pool, WorkerFailed


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
    ]
    for i in range(n):
        yield makers[i % len(makers)]()


GOLDS = ("7", "$\\frac{2}{3}\\pi$", "\\{1, 2\\}", "x > 1", "2^{n+1}-2", "increasing", "A", "y=2\\sin x", "3; 5")


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


@pytest.mark.timeout(600)
def test_hostile_answers_are_judged_wrong_and_in_time(tmp_path: Path, nothing_evaluates: None):
    canary = tmp_path / "canary"
    answers = list(hostile(300, 1, canary))
    with Verifier("default", deadline=2.0) as verifier:
        for i, answer in enumerate(answers):
            began = time.process_time()
            (found,) = verifier.judge([Pair(GOLDS[i % len(GOLDS)], answer)])
            assert time.process_time() - began < 2.0, answer[:100]
            assert found.verdict in (Verdict.WRONG, Verdict.CORRECT), (answer[:100], found)
            if found.verdict is Verdict.CORRECT:  # the generator's harmless tails: a bare 7 behind an even run of signs
                assert GOLDS[i % len(GOLDS)] == "7", (answer[:100], found)
        assert not canary.exists()
        # symbolic work still gets done after all that
        assert verifier.judge([Pair("\\sqrt{3+2\\sqrt2}", "1+\\sqrt2")])[0].verdict is Verdict.CORRECT


def test_a_hanging_answer_is_wrong_and_its_worker_replaced():
    with Verifier("default", deadline=1.0) as verifier:
        # Exact rules leave this open and floating point cannot see a difference, so sympy has to try.
        tower = {"gold": "5", "answer": "9^9^9^9", "gold_tree": parse("5"), "answer_tree": parse("9^{9^{9^9}}")}
        with pytest.raises(WorkerFailed, match="timeout"):
            verifier._pool.run(tower, 1.0)
        assert verifier._pool.pids == []
        assert verifier.judge([Pair("\\sqrt{3+2\\sqrt2}", "1+\\sqrt2")])[0].verdict is Verdict.CORRECT
        assert len(verifier._pool.pids) == 1


def test_a_worker_cannot_write_files_or_take_all_memory(tmp_path: Path):
    pool = Pool(memory_mb=700)
    try:
        job = {"gold": "", "answer": "", "gold_tree": parse("1"), "answer_tree": parse("2^{10^{11}}")}
        with pytest.raises(WorkerFailed, match=r"memory|timeout|crash|OverflowError"):
            pool.run(job, 3.0)
        work = {"gold": "a", "answer": "b", "gold_tree": parse(latex("√2")), "answer_tree": parse(latex("2/√2"))}
        assert pool.run(work, 10.0)
    finally:
        pool.close()


def test_many_threads_share_one_pool():
    found: list[Verdict] = []
    with Verifier("default", workers=1) as verifier:

        def work(n: int) -> None:
            pair = Pair(f"\\sqrt{{{2 * n + 1}+2\\sqrt{{{n * n + n}}}}}", f"\\sqrt{{{n}}}+\\sqrt{{{n + 1}}}")
            found.append(verifier.judge([pair])[0].verdict)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(2, 8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [Verdict.CORRECT] * 6


def test_limits_are_named():
    with Verifier("default") as verifier:
        found = verifier.judge(
            [Pair("7", "\\boxed{" + "1" * 3000 + "}"), Pair("7", "7" * 500_000), Pair("7" * 3000, "7")]
        )
    assert [(f.verdict.value, f.reason) for f in found] == [
        ("wrong", "too_long"),
        ("wrong", "too_long"),
        ("unscorable", "gold_too_long"),
    ]
