"""Sample a benchmark with a model and score it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.progress import Progress

from eval.judge import Answer, file_name, judged, scoring_settings
from eval.scorers import known_scorer
from eval.summary import Summary, summarize
from workbench.benchmarks import Item, ItemSet, Loaded, find_benchmark
from workbench.errors import UserError
from workbench.images import ImageStore
from workbench.models import resolve_model
from workbench.models.folder import check_model_folder, read_config
from workbench.plugins import load_plugins
from workbench.prompts import find_template
from workbench.rollout.inputs import PromptBuilder, load_processor
from workbench.rollout.sampling import EngineConfig, SamplingConfig
from workbench.schema import SCORES
from workbench.workspace import Workspace, safe_name, write_table

if TYPE_CHECKING:
    from workbench.rollout.engine import RolloutEngine, RolloutRequest

# Room for a prompt with a picture of the largest size Qwen2.5-VL takes (16,384 tokens), where the model allows it.
PROMPT_TOKENS = 20_480


def evaluate(
    workspace: Workspace,
    benchmark: str,
    model: str,
    data: str | None = None,
    *,
    samples: int = 1,
    temperature: float = 0.0,
    top_p: float = 1.0,
    max_tokens: int = 1024,
    limit: int | None = None,
    prompt: str | None = None,
    scorer: str | None = None,
    batch: int = 64,
    seed: int = 0,
    engine: "RolloutEngine | None" = None,
    progress: bool = True,
) -> Summary:
    """Sample every item, judge the answers, write the scores table, and sum it up.

    `prompt` is a template's name, or a YAML file, in place of the benchmark's official prompt; `scorer` decides in
    place of the benchmark's own. An `engine` that runs already is used as it is and left open; it must hold `model`'s
    weights. Without one a vLLM engine is started and closed again.
    Items that cannot be asked (no picture, prompt too long) are stored with scorer `none` and named in the summary.

    Raises UserError for an unknown benchmark, model, dataset, prompt, or for data that are not the benchmark's.
    """
    load_plugins()
    bench, data = find_benchmark(benchmark, data)
    template = find_template(prompt) if prompt else bench.template
    scorer = known_scorer(scorer or bench.scorer)
    sampling = SamplingConfig(temperature=temperature, top_p=top_p, max_tokens=max_tokens)
    if samples > 1 and temperature == 0:
        raise UserError(f"--samples {samples} at temperature 0 gives {samples} equal answers; set --temperature 1")
    path = resolve_model(model, workspace)
    check_model_folder(path)
    loaded = bench.load(workspace, data, True)
    items = [replace(item, query=None) if prompt else item for item in loaded.items[:limit]]
    if not items:
        raise UserError(f"{loaded.source} holds no items to evaluate")
    settings = {
        "how": "sampled",
        "prompt": template.name,
        "samples": samples,
        "seed": seed,
        **sampling.model_dump(),
        **scoring_settings(bench, scorer, prompt),
    }
    builder = PromptBuilder(load_processor(path), template, ImageStore(workspace.images))
    with Progress(transient=True, disable=not progress) as bar:
        running = _start(path, items, max_tokens, seed, bar) if engine is None else engine
        try:
            answers = _sample(running, builder, items, sampling, samples, batch, seed, bar)
        finally:
            if engine is None:
                running.close()
        rows = _judge(answers, bench, loaded, model, settings, scorer, bar)
    file = workspace.evals(safe_name(loaded.name), model) / file_name(items, settings)
    write_table(file, rows, SCORES)
    return summarize(workspace, file)


def _start(path: Path, items: Sequence[Item], max_tokens: int, seed: int, bar: Progress) -> "RolloutEngine":
    from workbench.rollout.drivers import make_engine

    config = read_config(path)
    own = (config.get("text_config") or config).get("max_position_embeddings") or config.get("max_position_embeddings")
    wanted = PROMPT_TOKENS + max_tokens
    task = bar.add_task("starting the engine", total=None)
    longest = min(wanted, own) if own else wanted
    most = max(1, *(len(item.images) for item in items))
    engine = make_engine(path, EngineConfig(max_model_len=longest, images_per_prompt=most), seed)
    bar.remove_task(task)
    return engine


def _request(builder: PromptBuilder, item: Item) -> "RolloutRequest":
    question, choices = (item.query, None) if item.query else (item.question, item.shown_choices)
    return builder.request(question, choices, item.images)


def _sample(
    engine: "RolloutEngine",
    builder: PromptBuilder,
    items: Sequence[Item],
    sampling: SamplingConfig,
    samples: int,
    batch: int,
    seed: int,
    bar: Progress,
) -> list[Answer]:
    """All answers in the items' order. Only one batch of pictures is held in memory at a time."""
    task = bar.add_task("sampling", total=len(items))
    answers: list[Answer] = []
    for start in range(0, len(items), batch):
        chunk = items[start : start + batch]
        asked = [item for item in chunk if item.unusable is None]
        requests = [_request(builder, item) for item in asked]
        groups = engine.generate(requests, sampling, samples, seed + start) if requests else []
        by_item = {item.item_id: group for item, group in zip(asked, groups, strict=True)}
        for item in chunk:
            group = by_item.get(item.item_id)
            unscored = item.unusable if group is None else group.unusable
            if group is None or unscored is not None:
                answers.append(Answer(item, 0, "", unscored=unscored))
                continue
            answers += [
                Answer(item, index, sample.text, len(sample.token_ids), sample.finish_reason)
                for index, sample in enumerate(group.samples)
            ]
        bar.advance(task, len(chunk))
    return answers


def _judge(
    answers: Sequence[Answer],
    bench: ItemSet,
    loaded: Loaded,
    model_name: str,
    settings: dict[str, Any],
    scorer: str,
    bar: Progress,
) -> list[dict[str, Any]]:
    task = bar.add_task("judging", total=len(answers))
    rows: list[dict[str, Any]] = []
    for chunk in judged(answers, bench, loaded, model_name, settings, scorer):
        rows += chunk
        bar.advance(task, len(chunk))
    return rows
