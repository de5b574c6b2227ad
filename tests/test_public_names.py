"""The Python API that others build on: its names and signatures stay, and importing it costs next to nothing.

A change here is a change for everybody who calls us: say so in CHANGELOG.md.
"""

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from workbench.registry import Registry

ROOT = Path(__file__).parents[1]

FUNCTIONS = {
    "workbench.judge": "(gold: str, response: str, *, profile: str = 'default', choices: Sequence[str] | None = None,"
    " answer_type: str | None = None, precision: int | None = None, tolerance: float | Sequence[float] | None = None,"
    " unit: str | None = None, question: str | None = None, ordered: bool | None = None) -> Judgement",
    "workbench.analyze_reflection": "(response: str) -> Reflection",
    "workbench.load_plugins": "(names: str | Iterable[str] | None = None, folder: Path | None = None) -> None",
    "pipelines.import_dataset": "(workspace: Workspace, path: str | Path, source_format: str, name: str)"
    " -> ImportReport",
    "pipelines.import_synth": "(workspace: Workspace, name: str, count: int, seed: int) -> ImportReport",
    "pipelines.import_responses": "(workspace: Workspace, path: str | Path, source_format: str, dataset: str,"
    " model: str, profile: str | None = None, response_key: str | None = None) -> ResponsesReport",
    "pipelines.measure": "(workspace: Workspace, dataset: str, model: str, config: MeasureConfig | None = None,"
    " engine: RolloutEngine | None = None) -> MeasureReport",
    "pipelines.curate": "(workspace: Workspace, recipe: str | Path, inputs: str | Sequence[str], output: str)"
    " -> CurationReport",
    "pipelines.export": "(workspace: Workspace, dataset: str, target: str, folder: str | Path, prompt: str = 'plain')"
    " -> ExportReport",
    "train.load_config": "(path: str | Path, overrides: Sequence[str] = ()) -> TrainConfig",
    "train.train": "(config: TrainConfig, workspace: Workspace, resume: bool = False) -> Path",
    "eval.evaluate": "(workspace: Workspace, benchmark: str, model: str, data: str | None = None, *, samples: int = 1,"
    " temperature: float = 0.0, top_p: float = 1.0, max_tokens: int = 1024, limit: int | None = None,"
    " prompt: str | None = None, scorer: str | None = None, batch: int = 64, seed: int = 0,"
    " engine: 'RolloutEngine | None' = None, progress: bool = True) -> Summary",
    "eval.score_file": "(workspace: Workspace, file: str | Path, benchmark: str, data: str | None = None, *,"
    " model: str | None = None, response_key: str | None = None, scorer: str | None = None, progress: bool = True)"
    " -> Scored",
    "eval.compare": "(workspace: Workspace, first: str, second: str, benchmark: str | None = None) -> list[Comparison]",
    "eval.summarize": "(workspace: Workspace, path: Path) -> Summary",
}
CLASSES = {
    "workbench.Workspace": "(root: Path | str)",
    "workbench.Verifier": "(profile: str = 'default', workers: int = 1, deadline: float = 1.0, memory_mb: int = 2048,"
    " pool: Pool | None = None)",
    "workbench.Pair": "(gold: str, response: str, choices: tuple[str, ...] | None = None,"
    " answer_type: str | None = None, precision: int | None = None,"
    " tolerance: float | tuple[float | None, ...] | None = None, unit: str | None = None,"
    " ordered: bool | None = None, question: str | None = None) -> None",
    "pipelines.MeasureConfig": "(samples: int = 8, prompt: str = 'instruct', max_tokens: int = 256,"
    " temperature: float = 1.0, batch: int = 64, limit: int | None = None, seed: int = 0,"
    " max_model_len: int | None = None) -> None",
}
# What is handed back: the fields that are there today may get company, but stay.
FIELDS = {
    "workbench.Judgement": {"verdict", "reason", "extracted", "rule", "span", "gold_type", "seconds"},
    "pipelines.ImportReport": {"ref", "path", "kept", "rejected"},
    "pipelines.MeasureReport": {"path", "rates", "unusable", "reused"},
    "pipelines.ResponsesReport": {
        *("path", "response_key", "stored", "known", "verdicts", "rates", "no_response", "unknown", "rejected"),
        *("compared", "agreement"),
    },
    "pipelines.CurationReport": {"ref", "path", "funnel"},
    "pipelines.ExportReport": {"ref", "path", "splits", "left_out", "licences", "warnings"},
}
OTHERS = {"workbench.UserError", "workbench.Verdict", "train.TrainConfig"}
# For plug-ins: what they register with, what they are given and what they build on.
REGISTRIES = {
    "workbench.TEMPLATES": "prompt template",
    "workbench.BENCHMARKS": "benchmark",
    "pipelines.SOURCES": "source format",
    "pipelines.EXPORTS": "export target",
    "train.REWARDS": "reward",
    "train.LOSSES": "loss",
    "train.ADVANTAGES": "advantage",
    "train.GROUP_WEIGHTS": "group weight",
    "train.FILTERS": "filter",
    "train.FAMILIES": "model family",
    "train.TRACKERS": "tracker",
    "eval.SCORERS": "scorer",
}
PLUGIN_FUNCTIONS = {
    "pipelines.step": "(name: str, params: type[~P], explain: Callable[[DataFrame, ~P, Context], str] | None = None,"
    " reads: Callable[[~P, Context], Iterable[Path | str]] | None = None, strict: bool = False,"
    " columns: Sequence[str] = ()) -> Callable[[~F], ~F]",
    "pipelines.findings": "(rows: DataFrame, reason: str | Expr, *figures: str | Expr, verdict: str = 'drop')"
    " -> DataFrame",
    "pipelines.together": "(parts: Iterable[DataFrame]) -> DataFrame",
    "eval.right_or_wrong": "(right: bool | None, reason: str, extracted: str | None = None) -> Judgement",
}
PLUGIN_CLASSES = {
    "workbench.PromptTemplate": {"name", "system", "before", "after", "format", "answer"},
    "workbench.Benchmark": {
        *("title", "names", "source", "license", "size", "layout", "picture_columns", "template", "profile", "scorer"),
        *("groups", "published", "draft", "item", "pictures", "metrics", "official_verdict"),
    },
    "workbench.Published": {"model", "score", "protocol", "source"},
    "workbench.Draft": {
        *("source_id", "question", "answer", "images", "choices", "answer_type", "solution", "subject", "topic"),
        *("grade", "level", "language", "license", "split", "extra", "source", "row"),
    },
    "workbench.RowError": {"reason", "detail"},
    "pipelines.Source": {"name", "files", "raw", "draft"},
    "pipelines.StepParams": {"model_fields"},
    "pipelines.Context": {"workspace", "images", "say", "read", "decisions", "found"},
    "pipelines.Item": {
        *("row", "files", "template", "images", "question", "text", "marked", "turns", "messages", "embedded")
    },
    "pipelines.JsonLines": {"usage", "suffix", "record"},
    "pipelines.Table": {"usage", "suffix", "record", "features"},
    "train.Response": {
        *("text", "judgement", "format", "n_tokens", "max_tokens", "problem", "images", "extra"),
    },
    "train.Reward": {"value", "reason"},
    "train.Tokens": {
        *("new", "old", "advantages", "weights", "rows", "correction", "mean", "corrected_mean"),
    },
    "train.GroupFacts": {"rewards", "lengths", "truncated", "correct", "accuracy", "problem"},
    "train.Family": {
        *("architecture", "tower", "sight", "read", "blank", "encode", "connect", "positions", "inputs"),
    },
    "train.TrackedRun": {"name", "folder", "config", "after_step"},
    "train.Tracker": {"record", "close"},
}
PACKAGES = ("workbench", "pipelines", "train", "eval")


def public(name: str) -> object:
    package, _, attribute = name.partition(".")
    return getattr(importlib.import_module(package), attribute)


def signature(name: str) -> str:
    """With the names of types alone: where a type is defined may change."""
    item = public(name)
    assert callable(item)
    return re.sub(r"\b[a-z_]\w*\.(?=\w)", "", str(inspect.signature(item)))


def test_the_public_names_are_these() -> None:
    names = {f"{package}.{name}" for package in PACKAGES for name in importlib.import_module(package).__all__}
    for_plugins = {*REGISTRIES, *PLUGIN_FUNCTIONS, *PLUGIN_CLASSES}
    assert names == {*FUNCTIONS, *CLASSES, *FIELDS, *OTHERS, *for_plugins}


@pytest.mark.parametrize(("name", "expected"), [*FUNCTIONS.items(), *CLASSES.items(), *PLUGIN_FUNCTIONS.items()])
def test_signatures_stay(name: str, expected: str) -> None:
    assert signature(name) == expected


@pytest.mark.parametrize(("name", "expected"), FIELDS.items())
def test_results_keep_their_fields(name: str, expected: set[str]) -> None:
    item = public(name)
    assert isinstance(item, type) and is_dataclass(item)
    assert {field.name for field in fields(item)} >= expected


@pytest.mark.parametrize(("name", "kind"), REGISTRIES.items())
def test_registries_stay(name: str, kind: str) -> None:
    registry = public(name)
    assert isinstance(registry, Registry) and registry.kind == kind


@pytest.mark.parametrize(("name", "expected"), PLUGIN_CLASSES.items())
def test_what_plugins_build_on_keeps_its_attributes(name: str, expected: set[str]) -> None:
    item = public(name)
    assert isinstance(item, type)
    annotated = {key for each in item.__mro__ for key in getattr(each, "__annotations__", {})}
    given = set(inspect.signature(item).parameters) | set(dir(item)) | annotated
    assert given >= expected


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES, *FIELDS, *PLUGIN_FUNCTIONS, *PLUGIN_CLASSES])
def test_each_public_name_says_what_it_is(name: str) -> None:
    text = inspect.getdoc(public(name))
    assert text and not text.startswith(f"{name.partition('.')[2]}("), f"{name} has no docstring of its own"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_public_name_is_no_module_s_and_completes(package: str) -> None:
    # `from eval import compare` would give a module eval/compare.py once that had been imported.
    module = importlib.import_module(package)
    modules = {info.name for info in pkgutil.iter_modules(module.__path__)}
    assert not modules & set(module.__all__)
    assert set(dir(module)) >= set(module.__all__)
    assert (ROOT / package / "py.typed").exists()


def test_an_unknown_name_s_error_lists_the_public_ones() -> None:
    with pytest.raises(ImportError, match="cannot import name 'curat'"):
        importlib.import_module("pipelines")
        exec("from pipelines import curat")
    with pytest.raises(AttributeError, match=r"'pipelines' has no attribute 'curat'; its public names: .*curate"):
        public("pipelines.curat")


@pytest.mark.slow
def test_importing_the_packages_imports_nothing_heavy() -> None:
    heavy = ("torch", "vllm", "transformers", "deepspeed", "streamlit")
    everything = "; ".join(f"import {package}" for package in PACKAGES)
    script = f"import sys; {everything}; print([m for m in sys.modules if m.partition('.')[0] in {(*heavy, 'polars')}])"
    # The curator's and the reviewer's names neither, once they are there.
    names = "; from workbench import Workspace, judge, analyze_reflection; from pipelines import curate, export"
    names += ", import_dataset; from eval import compare, score_file; from train import load_config"
    script += names + f"; print([m for m in sys.modules if m.partition('.')[0] in {heavy}])"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert out.split() == ["[]", "[]"]
