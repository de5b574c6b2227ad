"""Steps are computed again exactly when something they depend on has changed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from pipelines.curation import results
from pipelines.curation.curate import curate
from pipelines.curation.results import code_version, digest_of
from pipelines.curation.terminal import print_funnel
from pipelines.steps import STEPS
from tests.pipelines.small_datasets import png, problem, publish, recipe, respond
from workbench.annotations import DECISION, Annotations
from workbench.images import ImageStore
from workbench.workspace import Workspace

STEPS_TEXT = """steps:
  - {step: schema, max_question: 200}
  - step: exact_duplicates
  - {step: difficulty, lower: 0.1, upper: 0.9}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "ws")
    picture = ImageStore(workspace.images).put(png("red"))
    items = [problem(str(i), f"What is {i // 2}?", images=(picture,)) for i in range(8)]
    publish(workspace, "d", [*items, problem("long", "x" * 250)])
    respond(workspace, {items[0]: "cwcw", items[2]: "wwww"})
    return workspace


def unchanged(workspace: Workspace, text: str) -> dict[str, bool]:
    return {line.step: line.unchanged for line in curate(workspace, text, ["d"], "out").funnel}


def test_only_what_changed_is_computed_again(workspace: Workspace, tmp_path: Path) -> None:
    text = recipe(tmp_path, STEPS_TEXT)
    nothing = {"schema": False, "exact_duplicates": False, "difficulty": False}
    everything = dict.fromkeys(nothing, True)
    assert unchanged(workspace, text) == nothing
    assert unchanged(workspace, text) == everything
    # A parameter of the first step that drops the same rows: what follows sees the same problems.
    other = recipe(tmp_path, STEPS_TEXT.replace("200", "201"))
    assert unchanged(workspace, other) == {**everything, "schema": False}
    # Now the long problem stays, so every later step sees one more.
    assert unchanged(workspace, recipe(tmp_path, STEPS_TEXT.replace("200", "300"))) == nothing
    text = recipe(tmp_path, STEPS_TEXT)
    assert unchanged(workspace, text) == everything
    # Other responses concern the one step that reads them.
    items = pl.read_parquet(workspace.dataset("d").problems)
    respond(
        workspace, {problem(items["source_id"][4], items["question"][4], images=tuple(items["images"][4])): "cw"}, "n"
    )
    assert unchanged(workspace, text) == {**everything, "difficulty": False}
    # A picture that is gone may concern any step.
    sha = items["images"][0][0]
    path = ImageStore(workspace.images).path(sha)
    data = path.read_bytes()
    path.unlink()
    assert unchanged(workspace, text) == nothing
    ImageStore(workspace.images).put(data)
    assert unchanged(workspace, text) == everything
    Annotations(workspace).add(DECISION, items["problem_id"][7], {"verdict": "reject", "reason": None}, "ann")
    assert unchanged(workspace, text) == {"annotations": False, **nothing}


def test_what_is_found_again_is_what_would_be_computed(workspace: Workspace, tmp_path: Path) -> None:
    text = recipe(tmp_path, STEPS_TEXT)
    first, second = (curate(workspace, text, ["d"], "out") for _ in range(2))
    tables = [report.path / name for report in (first, second) for name in ("problems.parquet", "decisions.parquet")]
    assert tables[0].read_bytes() == tables[2].read_bytes()
    one, two = (pl.read_parquet(path).drop("dataset_version") for path in (tables[1], tables[3]))
    assert one.equals(two)
    # The cache may be damaged or deleted.
    for path in workspace.cache.rglob("findings.parquet"):
        path.write_bytes(b"PAR1")
    assert not any(unchanged(workspace, text).values()) and all(unchanged(workspace, text).values())


def test_the_funnel_says_unchanged(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = recipe(tmp_path, STEPS_TEXT)
    for _ in range(2):
        report = curate(workspace, text, ["d"], "out")
    print_funnel("t", report.funnel)
    assert capsys.readouterr().out.count("(unchanged)") == len(report.funnel) > 0


def test_a_steps_code_counts_with_all_that_it_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "workbench" / "deep").mkdir(parents=True)
    files = {
        "pipelines/a.py": "import os\nfrom pipelines.b import x\n",
        "pipelines/b.py": "def f():\n    from workbench.deep import y\n",
        "workbench/deep/__init__.py": "",
        "workbench/deep/worker.py": "1",
        "pipelines/unused.py": "1",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(results, "_ROOT", tmp_path)

    def version() -> str:
        code_version.cache_clear()
        return code_version("pipelines.a")

    first = version()
    (tmp_path / "pipelines/unused.py").write_text("2")
    assert version() == first
    for name in ("pipelines/a.py", "pipelines/b.py", "workbench/deep/worker.py"):
        before = version()
        (tmp_path / name).write_text(files[name] + "\n# changed")
        assert version() != before
    code_version.cache_clear()


def test_a_change_of_the_verifier_concerns_the_steps_that_ask_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def versions() -> dict[str, str]:
        code_version.cache_clear()
        return {name: code_version(STEPS[name].run.__module__) for name in STEPS}

    before = versions()
    read_bytes = Path.read_bytes

    def changed(path: Path) -> bytes:
        text = read_bytes(path)
        return text + b"\n# changed" if path.parts[-3:] == ("verify", "formula", "numeric.py") else text

    monkeypatch.setattr(Path, "read_bytes", changed)
    after = versions()
    code_version.cache_clear()
    assert before["verifiable"] != after["verifiable"]
    assert before["split"] == after["split"]
    assert before["images"] == after["images"]


def test_digests_tell_apart_what_differs() -> None:
    a, b = pl.DataFrame({"x": ["1", "2"]}), pl.DataFrame({"x": ["1", None]})
    parts = [("a", "b"), ("ab",), (["a", "b"],), (a,), (b,), (a.head(1), a.tail(1))]
    assert len({digest_of(*part) for part in parts}) == len(parts)  # type: ignore[arg-type]
    assert digest_of(a) == digest_of(a.clone())


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_the_last_complete_version(workspace: Workspace, tmp_path: Path) -> None:
    text = recipe(tmp_path, STEPS_TEXT)
    expected = curate(workspace, text, ["d"], "out").path / "problems.parquet"
    script = (
        "import sys\nfrom pipelines.curation.curate import curate\nfrom workbench.workspace import Workspace\n"
        "print('ready', flush=True)\n"
        "while True: curate(Workspace(sys.argv[1]), sys.argv[2], ['d'], 'out')\n"
    )
    killed = 0
    for number in range(3):
        process = subprocess.Popen([sys.executable, "-c", script, str(workspace.root), text], stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(0.05 + 0.111 * number)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        process.stdout.close()
        newest = workspace.dataset("out")
        assert newest.problems.read_bytes() == expected.read_bytes()
        assert pl.read_parquet(newest.decisions).height and newest.manifest()["counts"]["kept"]
    assert killed == 3
