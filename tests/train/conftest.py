"""A random model of the tiny architecture, generated problems, and samples with pictures to learn from."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import train.loop
from tests.train.helpers.tiny_families import BUILDERS, build
from train.config import TrainConfig, parse_config
from train.distributed import Ranks
from train.learner.batching import TrainSample
from train.learner.engine import TorchLearner, make_learner
from train.learner.families import family_of
from train.learner.policy import PictureReader, Policy
from train.learner.sync import sync
from train.learner.trainer import Trainer
from train.tiny.model import build_model, build_processor, build_tokenizer, save
from workbench import schema
from workbench.images import ImageStore
from workbench.models import TINY
from workbench.prompts import TEMPLATES
from workbench.rollout.inputs import PromptBuilder, load_processor
from workbench.rollout.sampling import EngineConfig
from workbench.rollout.vllm_local import LocalVLLM
from workbench.schema import Problem
from workbench.synth import generate
from workbench.workspace import Workspace, write_json, write_table

ENGINE = EngineConfig(dtype="float32", max_model_len=512)


@pytest.fixture(scope="session")
def random_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face folder with random weights; nothing is downloaded and nothing was trained."""
    torch.manual_seed(0)
    texts = [f"{p.question} {p.solution}" for p in generate(60, 5)]
    tokenizer = build_tokenizer([*texts, "<think> 3 + 4 = 7 </think><answer> 7 </answer>"])
    model = build_model(tokenizer)
    if len(tokenizer) > model.config.text_config.vocab_size:
        raise AssertionError("the tokenizer outgrew the model")
    folder = tmp_path_factory.mktemp("random-model")
    save(model, build_processor(tokenizer), folder)
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A random checkpoint of each family."""
    place = tmp_path_factory.mktemp("families")
    return {family: build(family, place / family) for family in BUILDERS}


@pytest.fixture
def folder(request: pytest.FixtureRequest, folders: dict[str, Path]) -> Path:
    """The family's that a test is parametrized with."""
    return folders[request.param]


def add_dataset(workspace: Workspace, name: str, count: int, seed: int) -> list[Problem]:
    """Generated problems as a dataset; every fifth has no picture and every seventh has two."""
    images = ImageStore(workspace.images)
    problems = []
    made = list(generate(count, seed))
    for index, one in enumerate(made):
        pictures = [images.put(one.image)]
        if index % 5 == 4:
            pictures = []
        elif index % 7 == 6:
            pictures.append(images.put(made[index - 1].image))
        problems.append(
            Problem(
                source="synth",
                source_id=one.source_id,
                question=one.question,
                images=tuple(pictures),
                answer=one.answer,
                choices=tuple(one.choices) if one.choices else None,
                answer_type=one.answer_type,
                solution=one.solution,
            )
        )
    write_dataset(workspace, name, problems)
    return problems


def write_dataset(workspace: Workspace, name: str, problems: list[Problem]) -> None:
    with workspace.new_version(name) as version:
        write_table(version.problems, [p.row() for p in problems], schema.PROBLEMS)
        write_json(version.path / "manifest.json", {"problems": len(problems)})


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Datasets `few` (24 problems) and `held` (8 others)."""
    place = Workspace(tmp_path_factory.mktemp("workspace"))
    add_dataset(place, "few", 24, 11)
    add_dataset(place, "held", 8, 12)
    return place


def tiny_config(**changes: object) -> TrainConfig:
    """A config of a run that takes seconds; dotted keys are given with `__`."""
    values: dict = {
        "dataset": "few",
        "run": "test",
        "steps": 2,
        "rollout": {"prompts_per_step": 6, "samples_per_prompt": 4, "max_tokens": 12, "engine": {"max_model_len": 512}},
        "optimizer": {"lr": 1e-3},
    }
    for key, value in changes.items():
        *sections, last = key.split("__")
        place = values
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return parse_config(json.loads(json.dumps(values)))


def make_samples(
    folder: Path, workspace: Workspace, problems: list[Problem], per_problem: int = 3, seed: int = 0
) -> list[TrainSample]:
    """Samples with uneven random responses, as if the sampler had drawn them; its log-probs are all 0."""
    processor = load_processor(folder)
    builder = PromptBuilder(processor, TEMPLATES["plain"], ImageStore(workspace.images))
    reader = PictureReader(processor, ImageStore(workspace.images), family_of(folder))
    rng = random.Random(seed)
    samples = []
    for place, problem in enumerate(problems):
        request = builder.request(problem.question, problem.choices, problem.images)
        made = processor(text=[request.prompt], images=list(request.images) or None)
        pictures = reader.read(problem)
        for _ in range(per_problem):
            length = rng.randint(1, 14)
            response = [rng.randrange(20, 400) for _ in range(length)]
            prompt_ids = list(made["input_ids"][0])
            samples.append(TrainSample(prompt_ids, response, [0.0] * length, rng.uniform(-2, 2), pictures, place))
    return samples


@pytest.fixture(scope="session")
def few(workspace: Workspace) -> list[Problem]:
    from train.data import load_problems

    return load_problems(workspace, ["few"])


@pytest.fixture(scope="session")
def sampler() -> Iterator[LocalVLLM]:
    """One engine on the embedded model for all tests that need no fresh one."""
    engine = LocalVLLM(TINY, ENGINE)
    yield engine
    engine.close()


@pytest.fixture
def shared(sampler: LocalVLLM, monkeypatch: pytest.MonkeyPatch) -> LocalVLLM:
    """Loops use the shared engine, which holds the embedded model's weights again."""
    lend(sampler, monkeypatch)
    return sampler


def lend(sampler: LocalVLLM, patch: pytest.MonkeyPatch) -> None:
    """Loops made under the patch take this engine, with the embedded model's weights, and leave it open."""
    sync(make_learner(TINY, tiny_config(), Ranks()), sampler, 0, trainable_only=False)
    patch.setattr(train.loop, "make_engine", lambda *_: sampler)
    patch.setattr(sampler, "close", lambda: None)


def load_policy(folder: Path, freeze_vision: bool = True, temperature: float = 1.0) -> Policy:
    return Policy.load(folder, torch.float32, temperature, freeze_vision)


def one_step(
    folder: Path, config: TrainConfig, samples: list[TrainSample]
) -> tuple[dict[str, Any], dict[str, float], Any]:
    """Gradients before clipping, metrics, and the learner after one step in plain torch."""
    learner = make_learner(folder, config, Ranks())
    assert isinstance(learner, TorchLearner)
    trainer = Trainer(learner, config, Ranks())
    trainer.strict = False
    gradients = watched_gradients(learner)
    return gradients, trainer.learn(samples), learner


def watched_gradients(learner: TorchLearner) -> dict[str, torch.Tensor]:
    """Filled with the gradients before clipping at the learner's next update."""
    gradients: dict[str, torch.Tensor] = {}
    update = learner.update

    def watched(lr: float) -> float:
        for name, parameter in learner.policy.model.named_parameters():
            if parameter.grad is not None:
                gradients[name] = parameter.grad.clone()
        return update(lr)

    learner.update = watched  # type: ignore[method-assign]
    return gradients


def assert_close(got: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor], tolerance: float) -> None:
    """Equal gradients up to `tolerance`, as a share of the whole gradient's norm."""
    assert got.keys() == wanted.keys()
    scale = torch.cat([g.flatten() for g in wanted.values()]).norm()
    for name in wanted:
        assert (got[name] - wanted[name]).norm() <= tolerance * scale, name
