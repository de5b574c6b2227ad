"""Difficulty: sample a model's answers to every problem, judge them, and store them with their verdicts.

The pass rate is a view over the stored responses; the `difficulty` curation step reads it from there.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.progress import progress
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.models import resolve_model
from workbench.models.folder import check_model_folder
from workbench.pairs import pair_of
from workbench.plugins import load_plugins, plugins_that_brought
from workbench.prompts import TEMPLATES, find_template, is_bundled
from workbench.rollout.engine import RolloutEngine, SampleGroup
from workbench.rollout.sampling import EngineConfig, SamplingConfig
from workbench.schema import RESPONSES
from workbench.verify import shared_verifier
from workbench.verify.verdict import Judgement
from workbench.workspace import Workspace, write_json, write_table

_SMALL_FILE = 64 * 1024 * 1024


@dataclass(frozen=True)
class MeasureConfig:
    """How difficulty is measured. `batch` is problems a call of the engine, `limit` the first problems only."""

    samples: int = 8
    prompt: str = "instruct"
    max_tokens: int = 256
    temperature: float = 1.0
    batch: int = 64
    limit: int | None = None
    seed: int = 0
    max_model_len: int | None = None


@dataclass(frozen=True)
class MeasureReport:
    """`rates` holds problem_id, n, k, rate of this measurement; `unusable` problems by the reason they had no sample.

    `reused` is true where the same measurement was already stored.
    """

    path: Path
    rates: pl.DataFrame
    unusable: dict[str, list[str]]
    reused: bool

    @property
    def between(self) -> int:
        """Problems solved sometimes: 0 < rate < 1."""
        return self.rates.filter((pl.col("rate") > 0) & (pl.col("rate") < 1)).height


def measure(
    workspace: Workspace,
    dataset: str,
    model: str,
    config: MeasureConfig | None = None,
    engine: RolloutEngine | None = None,
) -> MeasureReport:
    """Sample `config.samples` answers to each problem of a dataset and store them under `responses/`.

    `engine` serves the model where one is running already; else one is started and stopped here. The same settings
    over the same version and weights are not sampled twice. Raises UserError for an unknown dataset, model or prompt.
    """
    config = config or MeasureConfig()
    version = workspace.dataset(dataset)
    load_plugins()
    template = find_template(config.prompt)
    folder = resolve_model(model, workspace)
    check_model_folder(folder)
    settings = {**vars(config), "dataset": version.ref, "model": model, "weights": weights_stamp(folder)}
    if not is_bundled(template):
        # Its name does not say what it asks.
        settings["template"] = asdict(template)
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    path = workspace.responses(version.name, model) / f"{version.version}-{digest[:12]}.parquet"
    sidecar = path.with_suffix(".json")
    if path.exists():
        return MeasureReport(path, rates_of(path), json.loads(sidecar.read_text())["unusable"], reused=True)
    problems = pl.read_parquet(version.problems).head(config.limit or 2**62).to_dicts()

    from workbench.rollout.inputs import PromptBuilder, load_processor

    builder = PromptBuilder(load_processor(folder), template, ImageStore(workspace.images))
    shared_verifier().warm_up()
    own = engine is None
    running = engine or _start(folder, problems, config)
    try:
        rows, unusable = _sample(running, builder.request, problems, model, settings, digest, config)
    finally:
        if own:
            running.close()
    if not rows:
        reasons = ", ".join(f"{reason} {len(ids)}" for reason, ids in unusable.items())
        raise UserError(f"none of the {len(problems)} problems of {version.ref} could be sampled ({reasons})")
    plugins = plugins_that_brought((TEMPLATES, config.prompt))
    write_json(sidecar, {"settings": settings, "unusable": unusable, "plugins": plugins})
    write_table(path, rows, RESPONSES)
    return MeasureReport(path, rates_of(path), unusable, reused=False)


def rates_of(path: Path) -> pl.DataFrame:
    """problem_id, n, k, rate of one responses file, in the order of its problems; unscorable ones are outside n."""
    scored = pl.col("verdict") != "unscorable"
    return (
        pl.read_parquet(path)
        .group_by("problem_id", maintain_order=True)
        .agg(n=scored.sum().cast(pl.Int64), k=(pl.col("verdict") == "correct").sum().cast(pl.Int64))
        .with_columns(rate=pl.when(pl.col("n") > 0).then(pl.col("k") / pl.col("n")))
    )


def weights_stamp(folder: Path) -> str:
    """Hex digits that change when a file of the model's folder does.

    Small files count by content, so that the same model gives the same samples on every machine; large ones by size
    and time, since reading gigabytes of weights would cost more than it tells.
    """
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        facts = path.stat()
        small = facts.st_size <= _SMALL_FILE
        content = path.read_bytes() if small else repr((facts.st_size, facts.st_mtime_ns)).encode()
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


def _start(folder: Path, problems: list[dict[str, Any]], config: MeasureConfig) -> RolloutEngine:
    from workbench.rollout.drivers import make_engine

    most = max((len(row["images"]) for row in problems), default=1)
    engine = EngineConfig(images_per_prompt=max(1, most), max_model_len=config.max_model_len)
    return make_engine(folder, engine, config.seed)


def _sample(
    engine: RolloutEngine,
    request: Callable[..., Any],
    problems: list[dict[str, Any]],
    model: str,
    settings: dict[str, Any],
    digest: str,
    config: MeasureConfig,
) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    """Response rows, and the ids of problems without a sample by reason."""
    sampling = SamplingConfig(temperature=config.temperature, max_tokens=config.max_tokens)
    # Other settings draw other samples, so that pooling two measurements does not count one sample twice.
    first_seed = int(digest[:7], 16)
    described = json.dumps({**sampling.model_dump(), **settings}, sort_keys=True)
    rows: list[dict[str, Any]] = []
    unusable: dict[str, list[str]] = {}
    with progress(f"sampling {model}", len(problems)) as advance:
        for start in range(0, len(problems), config.batch):
            chunk = problems[start : start + config.batch]
            requests = [request(row["question"], row["choices"], row["images"]) for row in chunk]
            groups = engine.generate(requests, sampling, config.samples, first_seed + start)
            for row, group in zip(chunk, groups, strict=True):
                if group.unusable:
                    unusable.setdefault(group.unusable, []).append(row["problem_id"])
            rows += _judged(chunk, groups, model, described)
            advance(len(chunk))
    return rows, unusable


def _judged(chunk: list[dict[str, Any]], groups: list[SampleGroup], model: str, described: str) -> list[dict[str, Any]]:
    drawn = [
        (row, index, sample)
        for row, group in zip(chunk, groups, strict=True)
        for index, sample in enumerate(group.samples)
    ]
    judgements = shared_verifier().judge([pair_of(row, sample.text) for row, _, sample in drawn])
    return [
        response_row(row, model, index, sample.text, len(sample.token_ids), sample.finish_reason, judgement, described)
        for (row, index, sample), judgement in zip(drawn, judgements, strict=True)
    ]


def response_row(
    problem: dict[str, Any],
    model: str,
    index: int,
    response: str | None,
    n_tokens: int | None,
    finish_reason: str | None,
    judgement: Judgement,
    sampling: str,
) -> dict[str, Any]:
    """One row of the responses table, made for the problem's content as it is now."""
    return {
        "problem_id": problem["problem_id"],
        "content_hash": problem["content_hash"],
        "model": model,
        "sample_index": index,
        "response": response,
        "n_tokens": n_tokens,
        "finish_reason": finish_reason,
        "verdict": str(judgement.verdict),
        "extracted": judgement.extracted,
        "rule": judgement.rule,
        "span": list(judgement.span) if judgement.span else None,
        "sampling": sampling,
    }
