"""The pool of workers: deadlines, memory, files, threads; limits by name."""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from workbench.verify import Pair, Verdict, Verifier
from workbench.verify.formula.parse import parse
from workbench.verify.normalize.latex import latex
from workbench.verify.pool.pool import Budget, Pool, WorkerFailed, _Worker


@pytest.mark.slow
def test_a_hanging_answer_is_wrong_and_its_worker_replaced():
    with Verifier("default", deadline=1.0) as verifier:
        # Exact rules leave this open and floating point cannot see a difference, so sympy has to try.
        tower = {"gold": "5", "answer": "9^9^9^9", "gold_tree": parse("5"), "answer_tree": parse("9^{9^{9^9}}")}
        with pytest.raises(WorkerFailed, match="timeout"):
            verifier._pool.run(tower, Budget(1.0))
        assert verifier._pool.pids == []
        assert verifier.judge([Pair("\\sqrt{3+2\\sqrt2}", "1+\\sqrt2")])[0].verdict is Verdict.CORRECT
        assert len(verifier._pool.pids) == 1


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Workers asked a job are really killed first while this list says so, one entry a job."""
    plan: list[bool] = []
    ask = _Worker.ask

    def struck(self: _Worker, job: dict[str, Any], budget: Budget) -> dict[str, Any]:
        if plan and plan.pop(0):
            os.kill(self.process.pid, signal.SIGKILL)
        return ask(self, job, budget)

    monkeypatch.setattr(_Worker, "ask", struck)
    return plan


NEEDS_A_WORKER = Pair("\\sqrt{3+2\\sqrt2}", "1+\\sqrt2")
GOLD_NEEDS_A_WORKER = Pair("\\int_0^1 x dx", "\\int_0^1 x dx + 0")


@pytest.mark.slow
@pytest.mark.parametrize("pair", [NEEDS_A_WORKER, GOLD_NEEDS_A_WORKER])
def test_a_worker_killed_from_outside_does_not_change_the_verdict(killed: list[bool], pair: Pair):
    with Verifier("default") as undisturbed:
        wanted = undisturbed.judge([pair])[0]
    assert wanted.verdict is Verdict.CORRECT
    with Verifier("default") as verifier:
        killed += [True, False]
        assert verifier.judge([pair])[0].verdict is wanted.verdict and not killed
        assert len(verifier._pool.pids) == 1


@pytest.mark.slow
def test_what_ends_a_fresh_worker_too_is_the_answers_fault(killed: list[bool]):
    with Verifier("default") as verifier:
        killed += [True, True]
        found = verifier.judge([NEEDS_A_WORKER])[0]
        assert (found.verdict, found.reason) == (Verdict.WRONG, "crash")
        assert verifier._pool.pids == []


@pytest.mark.slow
def test_a_worker_cannot_write_files_or_take_all_memory(tmp_path: Path):
    pool = Pool(memory_mb=700)
    try:
        job = {"gold": "", "answer": "", "gold_tree": parse("1"), "answer_tree": parse("2^{10^{11}}")}
        with pytest.raises(WorkerFailed, match=r"memory|timeout|crash|OverflowError"):
            pool.run(job, Budget(3.0))
        work = {"gold": "a", "answer": "b", "gold_tree": parse(latex("√2")), "answer_tree": parse(latex("2/√2"))}
        assert pool.run(work, Budget(10.0))
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


@pytest.mark.slow
def test_the_start_of_a_worker_is_not_on_the_first_answers_bill():
    with Verifier("default") as verifier:
        began = time.perf_counter()
        [first] = verifier.judge([NEEDS_A_WORKER])
        waited = time.perf_counter() - began
    assert first.verdict is Verdict.CORRECT
    assert first.seconds < waited / 2


@pytest.mark.slow
def test_a_worker_that_starts_while_its_pool_closes_ends():
    pool = Pool()
    starting = threading.active_count()
    pool.warm_up()
    pool.close()
    while threading.active_count() > starting:
        time.sleep(0.05)
    assert pool.pids == []
