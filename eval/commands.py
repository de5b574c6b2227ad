"""The commands `eureka eval list | run | score | report | compare`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workbench.command_line.options import WORKSPACE, JsonOption, PluginOption, ResponseKeyOption, WorkspaceOption
from workbench.plugins import load_plugins
from workbench.workspace import Workspace

BenchmarkOption = Annotated[
    str, typer.Option("--benchmark", "-b", help="A benchmark's name; a wrong one lists them all.")
]
DataOption = Annotated[
    str | None, typer.Option("--data", help="The benchmark's folder or file; for `dataset` a dataset NAME[@vNNN].")
]

ScorerOption = Annotated[
    str | None, typer.Option(help="Who decides in place of the benchmark's own scorer, such as `rules` or a plug-in's.")
]


def list_(json: JsonOption = False, plugin: PluginOption = None) -> None:
    """The benchmarks: how many items, where they are read from, how they are asked and scored.

    Example: `eureka eval list --json`
    """
    from eval.listing import listing
    from eval.tables import as_json, show_listing

    load_plugins(plugin)
    if json:
        typer.echo(as_json(listing()))
    else:
        show_listing(listing(), Console())


def run(
    benchmark: BenchmarkOption,
    model: Annotated[str, typer.Option("--model", "-m", help="A folder, `tiny`, RUN@last|best|STEP, or a hub id.")],
    data: DataOption = None,
    samples: Annotated[int, typer.Option(min=1, help="Answers an item.")] = 1,
    temperature: Annotated[float, typer.Option(min=0, help="0 is greedy.")] = 0.0,
    top_p: Annotated[float, typer.Option(min=1e-6, max=1, help="Nucleus sampling.")] = 1.0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer.")] = 1024,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first items.")] = None,
    prompt: Annotated[
        str | None, typer.Option(help="A prompt template, or a YAML file, in place of the official prompt.")
    ] = None,
    scorer: ScorerOption = None,
    batch: Annotated[int, typer.Option(min=1, help="Items handed to the engine at a time.")] = 64,
    seed: Annotated[int, typer.Option(help="Seed of the sampling.")] = 0,
    json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Sample a benchmark with a model, score it, and store every answer.

    Example: `eureka eval run --benchmark k12 --data ../shared/data/k12 --model tiny --limit 20`
    """
    from eval.run import evaluate
    from eval.tables import as_json, show_summary

    load_plugins(plugin)
    summary = evaluate(
        Workspace(workspace),
        benchmark,
        model,
        data,
        samples=samples,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        limit=limit,
        prompt=prompt,
        scorer=scorer,
        batch=batch,
        seed=seed,
        progress=not json,
    )
    if json:
        typer.echo(as_json(summary))
    else:
        show_summary(summary, Console())


def score(
    file: Annotated[Path, typer.Argument(help="Rows {id, response, correct?}: .jsonl, .json or .csv.")],
    benchmark: BenchmarkOption,
    data: DataOption = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Whose answers; else the file's name.")] = None,
    response_key: ResponseKeyOption = None,
    scorer: ScorerOption = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Score stored answers; where they carry an official verdict, say how often ours agrees.

    Example: `eureka eval score answers.jsonl --benchmark mathvision --data ../shared/data/mathv`
    """
    from eval.score import score_file
    from eval.tables import as_json, show_scored

    load_plugins(plugin)
    scored = score_file(
        Workspace(workspace),
        file,
        benchmark,
        data,
        model=model,
        response_key=response_key,
        scorer=scorer,
        progress=not json,
    )
    if json:
        typer.echo(as_json(scored))
    else:
        show_scored(scored, Console())


def report(
    benchmark: Annotated[str | None, typer.Option("--benchmark", "-b", help="Only this one.")] = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Every model of the workspace on every benchmark by its newest scores, with the published scores beside them.

    Example: `eureka eval report --benchmark mathvista`
    """
    from eval.report import report as report_on
    from eval.tables import as_json, show_reports

    load_plugins(plugin)
    reports = report_on(Workspace(workspace), benchmark)
    if json:
        typer.echo(as_json(reports))
    else:
        show_reports(reports, Console())


def compare(
    first: Annotated[str, typer.Argument(help="The model to compare with.")],
    second: Annotated[str, typer.Argument(help="The model compared; the difference is its accuracy less the first's.")],
    benchmark: Annotated[str | None, typer.Option("--benchmark", "-b", help="Only this one.")] = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Two models side by side on every benchmark both have scores for, paired by item.

    Example: `eureka eval compare tiny demo@best --benchmark dataset:heldout`
    """
    from eval.comparison import compare as compare_models
    from eval.tables import as_json, show_comparisons

    load_plugins(plugin)
    comparisons = compare_models(Workspace(workspace), first, second, benchmark)
    if json:
        typer.echo(as_json(comparisons))
    else:
        show_comparisons(comparisons, Console())
