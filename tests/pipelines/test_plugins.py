"""Plug-ins of the curator: steps, sources and prompts of one's own, their hashes, and caches that notice a change."""

import hashlib
import json
import os
from pathlib import Path

import polars as pl
import pytest

from pipelines.curation.curate import curate
from pipelines.difficulty import MeasureConfig, measure
from pipelines.importing import import_dataset, import_synth
from pipelines.parallel import in_processes
from pipelines.steps import STEPS, StepParams, step
from pipelines.versions.export import export
from tests.pipelines.scripted_engine import Scripted
from tests.pipelines.small_datasets import decided, problem, publish, recipe
from workbench.errors import UserError
from workbench.plugins import load_plugins, loaded_plugins, plugin_records, unload_plugins
from workbench.prompts import TEMPLATES
from workbench.workspace import Workspace

STEP = """
import polars as pl
from pipelines.steps import Context, StepParams, findings, step
from pipelines.languages import SCRIPTS


class Params(StepParams):
    least: int = 1


@step("solved", Params, columns=("solution", "extra"))
def solved(problems, params, context):
    rows = problems.with_columns(chars=pl.col("solution").fill_null("").str.len_chars())
    return findings(rows.filter(pl.col("chars") < params.least), "no_solution", "chars", "extra")


def double(numbers):
    return [2 * number for number in numbers]
"""
RECIPE = (
    "plugins: [own/solved.py]\nsteps:\n  - step: exact_duplicates\n  - {step: solved, least: 3}\n  - step: images\n"
)
SOURCE = """
from pipelines.sources import SOURCES, Draft, Source
from workbench.rows import one_file


@SOURCES.register("lines")
class Lines(Source):
    def files(self, path):
        return one_file(path, "*.txt")

    def raw(self, file):
        yield from enumerate(({"text": line} for line in file.read_text().splitlines()), 1)

    def draft(self, row, file, number):
        question, answer = row["text"].split("=")
        return Draft(number, question, answer, row=row)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "solved.py").write_text(STEP)
    return tmp_path / "own" / "solved.py"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "ws")
    publish(workspace, "d", [problem(str(i), f"What is {i}+1?", solution="x" * i) for i in range(6)])
    more = [problem("6", "6?", solution="long enough"), problem("7", "7?", extra='{"a": 1}'), problem("0", "again")]
    publish(workspace, "e", more)
    return workspace


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_step_gets_the_columns_that_it_asks_for(workspace: Workspace, plugin: Path, tmp_path: Path) -> None:
    report = curate(workspace, recipe(tmp_path, RECIPE), ["d", "e"], "out")
    items = [problem(str(i)) for i in range(8)]
    dropped = {name for name, (verdict, _) in decided(workspace, report.ref, items).items() if verdict == "drop"}
    assert dropped == {"0", "1", "2", "7"}
    kept = pl.read_parquet(workspace.dataset(report.ref).problems).select("source_id", "solution")
    assert dict(kept.iter_rows()) == {"3": "xxx", "4": "xxxx", "5": "xxxxx", "6": "long enough"}
    details = pl.read_parquet(workspace.dataset(report.ref).decisions).filter(reason="no_solution")["detail"]
    assert {json.loads(detail)["extra"] for detail in details} == {"{}", '{"a": 1}'}
    record = {"name": "solved", "path": str(plugin), "sha256": sha256(plugin)}
    assert workspace.dataset(report.ref).manifest()["plugins"] == [record]


def test_a_changed_plugin_is_noticed_by_its_own_step_alone(workspace: Workspace, plugin: Path, tmp_path: Path) -> None:
    def unchanged() -> list[bool]:
        unload_plugins()
        return [line.unchanged for line in curate(workspace, recipe(tmp_path, RECIPE), ["d"], "out").funnel]

    assert unchanged() == [False, False, False] and unchanged() == [True, True, True]
    plugin.write_text(STEP + "\n# the same")
    assert unchanged() == [True, False, True]
    # One that brings a benchmark may change what any step finds in it.
    plugin.write_text(STEP + "\nfrom workbench.verify.profiles import PROFILES\nPROFILES.register('own')(None)\n")
    assert unchanged() == [False, False, False] and unchanged() == [True, True, True]


def test_a_step_of_a_notebook_is_computed_each_time(workspace: Workspace, tmp_path: Path) -> None:
    @step("typed", StepParams)
    def typed(problems: pl.DataFrame, params: StepParams, context: object) -> pl.DataFrame:
        return pl.DataFrame(schema={"problem_id": str, "verdict": str, "reason": str, "detail": str})

    try:
        text = recipe(tmp_path, "steps: [images, typed]")
        runs = [[line.unchanged for line in curate(workspace, text, ["d"], "out").funnel] for _ in range(2)]
    finally:
        STEPS.remove("typed")
    assert runs == [[False, False], [True, False]]


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("None", "step odd returned NoneType, not findings with problem_id, verdict, reason, detail"),
        ("problems", r"step odd returned \['problem_id', .*\], not findings with"),
        ("findings(problems, 'r', verdict='keep')", "step odd has the verdict 'keep'; there are drop and flag"),
        (
            "findings(problems.with_columns(problem_id=pl.lit('x')), 'r')",
            "step odd has a finding about 'x', which it was not given",
        ),
        (
            "(findings(problems.head(0), 'r'), problems.select('problem_id', answer=pl.lit('1')))",
            r"columns \['problem_id', 'answer'\]; they must be problem_id and then some of answer_type, subject",
        ),
        ("(findings(problems.head(0), 'r'), problems.select('subject'))", r"columns \['subject'\]; they must be"),
    ],
)
def test_what_a_step_may_not_return(workspace: Workspace, tmp_path: Path, result: str, message: str) -> None:
    (tmp_path / "odd.py").write_text(
        "import polars as pl\nfrom pipelines.steps import StepParams, findings, step\n\n\n@step('odd', StepParams)\n"
        f"def odd(problems, params, context):\n    return {result}\n"
    )
    with pytest.raises(UserError, match=message):
        curate(workspace, recipe(tmp_path, "plugins: [odd.py]\nsteps: [odd]"), ["d"], "out")
    assert workspace.versions("out") == []


def test_a_step_that_asks_for_no_column_of_a_problem_is_refused() -> None:
    with pytest.raises(UserError, match=r"step s asks for the column 'grades'; problems have problem_id, "):
        step("s", StepParams, columns=("grades",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plugins: own.py\nsteps: [images]", "`plugins` must be a list of files and modules, not 'own.py'"),
        ("plugins: [lost.py]\nsteps: [images]", "no plug-in file .*lost.py"),
        ("plugin: [own.py]\nsteps: [images]", "unknown key 'plugin'; a recipe has `steps` and `plugins`"),
    ],
)
def test_a_recipe_s_plugins_are_checked(workspace: Workspace, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        curate(workspace, recipe(tmp_path, text), "d", "out")


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="with one core no other process is started")
def test_worker_processes_know_a_plugin_s_functions(plugin: Path) -> None:
    load_plugins(str(plugin))
    from sys import modules

    double = modules[loaded_plugins()[0].source.module].double
    pieces = [found for _, found in in_processes(double, list(range(10)), piece=5, alone=0)]
    assert pieces == [[0, 2, 4, 6, 8], [10, 12, 14, 16, 18]]


def test_an_import_records_its_plugins(tmp_path: Path) -> None:
    (tmp_path / "lines.py").write_text(SOURCE)
    (tmp_path / "sums.txt").write_text("1+1=2\n2+2=4")
    workspace = Workspace(tmp_path / "ws")
    load_plugins(str(tmp_path / "lines.py"))
    report = import_dataset(workspace, tmp_path / "sums.txt", "lines", "sums")
    assert report.kept == 2
    assert workspace.dataset("sums").manifest()["plugins"] == plugin_records() != []


def test_a_prompt_s_text_counts_where_pass_rates_are_measured(tmp_path: Path) -> None:
    """A measurement is found again by the prompt's text, not by its name alone; our own templates' names are enough."""
    workspace = Workspace(tmp_path / "ws")
    import_synth(workspace, "synth", 2, 0)
    golds = pl.read_parquet(workspace.dataset("synth").problems)["answer"].to_list()
    path = tmp_path / "own.py"
    text = "from workbench.prompts import TEMPLATES, PromptTemplate\n"
    text += "TEMPLATES.register('own')(PromptTemplate('own', '', 'Q: ', '', 'boxed'))\n"

    def asked(prompt: str) -> bool:
        return not measure(workspace, "synth", "tiny", MeasureConfig(2, prompt), Scripted(golds)).reused

    path.write_text(text)
    load_plugins(str(path))
    assert [asked("own"), asked("own")] == [True, False]
    sidecar = next(workspace.responses("synth", "tiny").glob("*.json"))
    assert json.loads(sidecar.read_text())["plugins"] == plugin_records()
    path.write_text(text.replace("Q: ", "Question: "))
    load_plugins(str(path))
    assert TEMPLATES["own"].before == "Question: " and asked("own")
    (tmp_path / "prompt.yaml").write_text("before: 'Q: '\nformat: boxed\n")
    assert [asked(str(tmp_path / "prompt.yaml")) for _ in range(2)] == [True, False]
    (tmp_path / "prompt.yaml").write_text("before: 'Q: '\nafter: '!'\nformat: boxed\n")
    assert asked(str(tmp_path / "prompt.yaml"))


def test_an_export_s_card_names_plugins_of_the_version_and_of_the_export(
    workspace: Workspace, plugin: Path, tmp_path: Path
) -> None:
    curate(workspace, recipe(tmp_path, RECIPE), "d", "out")
    own = tmp_path / "pairs.py"
    own.write_text(
        "from pipelines.exports import EXPORTS\nfrom pipelines.exports.base import JsonLines\n\n\n"
        "@EXPORTS.register('pairs')\nclass Pairs(JsonLines):\n    usage = 'read it'\n\n"
        "    def record(self, item, final):\n        return {'q': item.text, 'a': item.row['answer']}\n"
    )
    load_plugins(str(own))
    export(workspace, "out", "pairs", tmp_path / "pairs")
    card = (tmp_path / "pairs" / "README.md").read_text()
    assert f"| pairs | {sha256(own)} |" in card and f"| solved | {sha256(plugin)} |" in card
    unload_plugins()
    export(workspace, "d", "hf", tmp_path / "hf")
    assert "Plug-ins" not in (tmp_path / "hf" / "README.md").read_text()
