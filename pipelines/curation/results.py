"""What a step found: computed, or found again under `cache/` where nothing that it depends on has changed.

It depends on the problems that are left, the step's parameters and code, the files it reads, and which pictures the
store has. A result is one folder, published whole; `cache/` may be deleted at any time.
"""

import ast
import hashlib
import json
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import polars as pl

from pipelines.curation.funnel import check_findings
from pipelines.curation.recipe import RecipeStep
from pipelines.manifest import sha256_of, tools
from pipelines.steps import STEPS, Context, Step
from workbench.benchmarks import BENCHMARKS
from workbench.plugins import loaded_plugins
from workbench.verify.profiles import PROFILES
from workbench.workspace import publish

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """A step's findings, the columns it changes (None: none), its notes, and whether they were found again."""

    findings: pl.DataFrame
    columns: pl.DataFrame | None
    notes: list[str]
    unchanged: bool = False


def result_of(entry: RecipeStep, problems: pl.DataFrame, state: str, context: Context) -> Result:
    """What the step finds in `problems`, whose content `state` is a digest of (see `digest_of`)."""
    step = entry.step
    given = list(dict.fromkeys(step.reads(entry.params, context))) if step.reads else []
    named = sorted(item for item in given if isinstance(item, Path))
    context.read.extend(path for path in named if path.is_file())
    code = _code(step)
    facts = {
        "state": state,
        "step": entry.resolved(),
        "code": code,
        "tools": tools(),
        "reads": [[str(path), sha256_of(path) if path.is_file() else None] for path in named],
        "knows": digest_of(item for item in given if isinstance(item, str)),
    }
    key = digest_of(json.dumps(facts, sort_keys=True))
    folder = context.workspace.cache / "steps" / f"{step.name}-{key[:32]}"
    if code and (found := _stored(folder)) is not None:
        return found
    own = replace(context, read=[], notes=[])
    made = step.run(problems, entry.params, own)
    findings, columns = made if isinstance(made, tuple) else (made, None)
    check_findings(step.name, findings, columns, problems)
    result = Result(findings, columns, own.notes)
    context.read.extend(own.read)
    # A file that the step did not name beforehand could change unnoticed.
    if code and set(own.read) <= set(named):
        _store(result, folder)
    return result


def _code(step: Step) -> list[str]:
    """Digests of the code behind a step: its own, and plug-ins whose benchmarks or profiles it may ask for.

    Empty for a step of a notebook or a script, whose code may change unnoticed.
    """
    own = next((plugin for plugin in loaded_plugins() if (STEPS, step.name) in plugin.components), None)
    if own is None and step.name in STEPS.added():
        return []
    if own is None:
        code = [code_version(step.run.__module__)]
    else:
        sources = [path.read_bytes() for path in own.source.files() if path.suffix == ".py"]
        imported = sorted({name for source in sources for name in _imports(source)})
        code = [own.sha256, *(code_version(name) for name in imported)]
    asked = (plugin for plugin in loaded_plugins() if {BENCHMARKS, PROFILES} & {kind for kind, _ in plugin.components})
    return [*code, *(plugin.sha256 for plugin in asked)]


def digest_of(*parts: str | pl.DataFrame | Iterable[str]) -> str:
    """The sha256 of texts, tables and lists of texts, in hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, pl.DataFrame):
            for rows in part.iter_slices(50_000):
                digest.update(rows.write_ndjson().encode())
        else:
            digest.update("\n".join([part] if isinstance(part, str) else part).encode())
        digest.update(b"\0")
    return digest.hexdigest()


@cache
def code_version(module: str) -> str:
    """A digest of the source of a module and of all of ours that it imports; an imported package counts whole."""
    files: dict[Path, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        base = _ROOT.joinpath(*name.split("."))
        for path in [base.with_suffix(".py"), *sorted(base.glob("*.py"))]:
            if path.is_file() and path not in files:
                files[path] = path.read_bytes()
                waiting += _imports(files[path])
    return digest_of(
        *(f"{path.relative_to(_ROOT)}\n{hashlib.sha256(files[path]).hexdigest()}" for path in sorted(files))
    )


def _imports(source: bytes) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return [name for name in found if name.split(".")[0] in ("pipelines", "workbench")]


def _stored(folder: Path) -> Result | None:
    try:
        facts = json.loads((folder / "result.json").read_text())
        findings = pl.read_parquet(folder / "findings.parquet")
        columns = pl.read_parquet(folder / "columns.parquet") if facts["columns"] else None
    except (OSError, ValueError, pl.exceptions.PolarsError):
        # Not there, being deleted, or damaged: it is computed anew.
        return None
    return Result(findings, columns, facts["notes"], unchanged=True)


def _store(result: Result, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{secrets.token_hex(8)}")
    temporary.mkdir()
    result.findings.write_parquet(temporary / "findings.parquet")
    if result.columns is not None:
        result.columns.write_parquet(temporary / "columns.parquet")
    facts = {"columns": result.columns is not None, "notes": result.notes}
    (temporary / "result.json").write_text(json.dumps(facts))
    if folder.exists():
        # What lies there could not be read.
        shutil.rmtree(folder, ignore_errors=True)
    try:
        publish(temporary, folder)
    except OSError:
        # Another run published the same result meanwhile.
        shutil.rmtree(temporary, ignore_errors=True)
