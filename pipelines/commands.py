"""The `eureka data …`, `eureka curate` and `eureka difficulty` commands."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.tables import print_counts, print_json, print_rows
from workbench.command_line.options import WORKSPACE, JsonOption, PluginOption, ResponseKeyOption, WorkspaceOption
from workbench.plugins import load_plugins
from workbench.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.importing import ImportReport
    from pipelines.sources import Rejected

_NAMED = 20
NameOption = Annotated[str, typer.Option("--name", help="The dataset's name; each import makes its next version.")]


def import_(
    path: Annotated[str, typer.Argument(help="A file, a folder, or a hub id for `hf`.")],
    name: NameOption,
    source_format: Annotated[
        str, typer.Option("--format", help="tabmwp, mm-eureka, mmk12, hf, jsonl, or a benchmark.")
    ],
    as_json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Read a source into a new dataset version.

    Rows that cannot be a problem are named on standard error and kept in rejected.jsonl with the reason.

    Example: `eureka data import ../shared/data/tabmwp --format tabmwp --name tabmwp`
    """
    from pipelines.importing import import_dataset

    load_plugins(plugin)
    _report_import(name, import_dataset(Workspace(workspace), path, source_format, name), as_json)


def synth(
    name: NameOption,
    count: Annotated[int, typer.Option(min=1, help="How many problems.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed gives other problems.")] = 0,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
) -> None:
    """Generate rendered problems with known answers.

    Example: `eureka data synth --name synth --count 2000 --seed 0`
    """
    from pipelines.importing import import_synth

    _report_import(name, import_synth(Workspace(workspace), name, count, seed), as_json)


def _name_rejected(rejected: "Sequence[Rejected]") -> int:
    """The first rejected rows on standard error; how many more there are."""
    for item in rejected[:_NAMED]:
        # repr keeps a row's own line breaks and control characters off the terminal.
        source_id = "a row" if item.source_id is None else repr(item.source_id)[1:-1]
        detail = f" ({repr(item.detail)[1:-1]:.200})" if item.detail else ""
        typer.echo(f"rejected {source_id}: {item.reason}{detail}", err=True)
    return max(0, len(rejected) - _NAMED)


def _report_import(name: str, report: "ImportReport", as_json: bool) -> None:
    if rest := _name_rejected(report.rejected):
        where = f"all of them are in {report.path / 'rejected.jsonl'}" if report.path else "no version was made"
        reasons = ", ".join(f"{reason} {count}" for reason, count in report.reasons.items())
        typer.echo(f"… and {rest} more; {where}. By reason: {reasons}", err=True)
    row = {"dataset": report.ref, "kept": report.kept, "rejected": len(report.rejected)}
    if as_json:
        print_json({**row, "reasons": report.reasons, "path": report.path})
    elif report.ref:
        typer.echo(f"{report.ref}: {report.kept:,} problems kept, {len(report.rejected):,} rows rejected")
    if not report.ref:
        typer.echo(f"eureka: no row could be kept, so {name} has no new version", err=True)
        raise typer.Exit(1)


def list_(as_json: JsonOption = False, workspace: WorkspaceOption = WORKSPACE) -> None:
    """The datasets of the workspace.

    Example: `eureka data list`
    """
    from pipelines.versions.describe import datasets

    rows = datasets(Workspace(workspace))
    if as_json:
        print_json(rows)
    elif rows:
        print_rows(f"datasets in {workspace}", rows)
    else:
        typer.echo(f"no datasets in {workspace} yet; make one with `eureka data import` or `eureka data synth`")


def show(
    dataset: Annotated[str, typer.Argument(help="NAME or NAME@v003.")],
    as_json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
) -> None:
    """One dataset: counts, pictures and disk use, decisions, newest versions.

    Example: `eureka data show tabmwp@v001`
    """
    from pipelines.versions.describe import describe

    facts = describe(Workspace(workspace), dataset)
    if as_json:
        print_json(facts)
        return
    typer.echo(f"{facts['dataset']}: {facts['problems']:,} problems, made by {facts['made by']} at {facts['created']}")
    missing = f", {facts['images_missing']:,} of them missing" if facts["images_missing"] else ""
    sizes = f"{facts['image_bytes'] / 1e6:.1f} MB; tables {facts['table_bytes'] / 1e6:.1f} MB"
    typer.echo(f"{facts['images']:,} pictures{missing}, {sizes}")
    print_counts(facts["counts"])
    if facts["decisions"]:
        print_rows("decisions", facts["decisions"])
    if facts["rejected_reasons"]:
        print_counts({"rejected at import": facts["rejected_reasons"]})
    for plugin in facts["plugins"]:
        typer.echo(f"made with the plug-in {plugin['name']}, sha256 {plugin['sha256']}")
    print_rows("newest versions", facts["newest"])


def curate(
    recipe: Annotated[str, typer.Argument(help="A YAML file, or a bundled recipe: default, mm-eureka.")],
    inputs: Annotated[list[str], typer.Option("--input", help="A dataset; may be given several times.")],
    output: Annotated[str, typer.Option("--output", help="The dataset whose next version is made.")],
    as_json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Run a recipe over datasets; every problem gets a decision with a reason.

    Example: `eureka curate default --input tabmwp --output tabmwp-curated`
    """
    from pipelines.curation.curate import curate as run
    from pipelines.curation.terminal import print_funnel

    load_plugins(plugin)
    report = run(Workspace(workspace), recipe, inputs, output)
    if as_json:
        print_json({"dataset": report.ref, "path": report.path, "funnel": [item.row() for item in report.funnel]})
    else:
        print_funnel(f"{recipe} → {report.ref}", report.funnel)


def difficulty(
    dataset: Annotated[str, typer.Argument(help="NAME or NAME@v003.")],
    model: Annotated[str, typer.Option(help="A folder, a hub id, `tiny`, or RUN@STEP.")],
    samples: Annotated[int, typer.Option(min=1, help="Samples a problem.")] = 8,
    prompt: Annotated[str, typer.Option(help="plain (default for `tiny`), instruct (for others), zero, qwen.")] = "",
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest response.")] = 256,
    temperature: Annotated[float, typer.Option(min=0.0)] = 1.0,
    batch: Annotated[int, typer.Option(min=1, help="Problems a call of the engine.")] = 64,
    limit: Annotated[int | None, typer.Option(min=1, help="The first problems only.")] = None,
    max_model_len: Annotated[
        int | None, typer.Option(min=1, help="Prompt plus response; default: the model's.")
    ] = None,
    seed: Annotated[int, typer.Option()] = 0,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Pass rates by vLLM rollouts, stored with the responses.

    Example: `eureka difficulty tabmwp --model tiny --samples 8`
    """
    from pipelines.difficulty import MeasureConfig, measure
    from pipelines.histogram import pass_rate_histogram

    load_plugins(plugin)
    # The embedded model has no instruction to follow: it was made to answer the bare question.
    template = prompt or ("plain" if model == "tiny" else "instruct")
    config = MeasureConfig(samples, template, max_tokens, temperature, batch, limit, seed, max_model_len)
    report = measure(Workspace(workspace), dataset, model, config)
    for reason, ids in report.unusable.items():
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        typer.echo(f"{len(ids)} not sampled, {reason}: {', '.join(ids[:_NAMED])}{more}", err=True)
    rates = report.rates["rate"].drop_nulls()
    result: dict[str, Any] = {
        "dataset": dataset,
        "model": model,
        "problems": report.rates.height,
        "without_rate": report.rates.height - len(rates),
        "between": report.between,
        "mean_pass_rate": rates.mean(),
        "unusable": {reason: len(ids) for reason, ids in report.unusable.items()},
        "reused": report.reused,
        "path": report.path,
    }
    if as_json:
        print_json(result)
        return
    if report.reused:
        typer.echo("the same measurement is stored already; nothing was sampled")
    typer.echo(pass_rate_histogram(rates))
    typer.echo(f"{report.between:,} of {len(rates):,} problems have a pass rate between 0 and 1 → {report.path}")


def responses(
    path: Annotated[str, typer.Argument(help="Rows {id, response, correct?}: .jsonl, .json or .csv.")],
    source_format: Annotated[str, typer.Option("--format", help="A benchmark (its conventions), or jsonl (ours).")],
    dataset: Annotated[str, typer.Option("--dataset", help="NAME or NAME@v003: the problems that were answered.")],
    model: Annotated[str, typer.Option("--model", help="Whose answers these are.")],
    profile: Annotated[str, typer.Option(help="The verifier's conventions; default: the format's benchmark's.")] = "",
    response_key: ResponseKeyOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = WORKSPACE,
    plugin: PluginOption = None,
) -> None:
    """Import a model's stored answers: they are judged and count as its pass rates.

    Example: `eureka data responses outputs/Qwen-VL-Max.jsonl --format mathv --dataset mathv --model Qwen-VL-Max`
    """
    from pipelines.histogram import pass_rate_histogram
    from pipelines.responses import import_responses

    load_plugins(plugin)
    report = import_responses(Workspace(workspace), path, source_format, dataset, model, profile or None, response_key)
    if rest := _name_rejected(report.rejected):
        typer.echo(f"… and {rest} more", err=True)
    rates = [] if report.rates is None else report.rates["rate"].drop_nulls().to_list()
    mean = sum(rates) / len(rates) if rates else None
    if as_json:
        counts = {"response_key": report.response_key, "stored": report.stored, "known": report.known}
        missing = {"no_response": report.no_response, "unknown": len(report.unknown)}
        judged = {"verdicts": report.verdicts, "problems": len(rates), "mean_pass_rate": mean}
        same = {"compared": report.compared, "agreement": report.agreement}
        print_json({**counts, **missing, "rejected": len(report.rejected), **judged, **same, "path": report.path})
        return
    typer.echo(f"responses read from {report.response_key!r}")
    if report.no_response:
        named = ", ".join(repr(key)[1:-1] for key in report.no_response[:_NAMED])
        more = f" and {len(report.no_response) - _NAMED} more" if len(report.no_response) > _NAMED else ""
        typer.echo(f"no response, counted as wrong: {len(report.no_response):,} ({named}{more})")
    if report.unknown:
        named = ", ".join(repr(key)[1:-1] for key in report.unknown[:3])
        typer.echo(f"{len(report.unknown):,} answers are to no problem of {dataset} ({named} …)", err=True)
    if report.known:
        typer.echo(f"{report.known:,} answers were stored by an earlier import of this file")
    if report.path:
        typer.echo(pass_rate_histogram(rates))
        verdicts = ", ".join(f"{count:,} {verdict}" for verdict, count in report.verdicts.items())
        typer.echo(f"{report.stored:,} answers of {model} to {dataset}: {verdicts} → {report.path}")
    if report.agreement is not None:
        typer.echo(f"the file's own verdict is the same for {report.agreement:.1%} of {report.compared:,}")
