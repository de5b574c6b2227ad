"""The server driver against one real vLLM server: the same log-probs as the learner's, before and after a push."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

import train.start
from tests.train.conftest import add_dataset
from tests.train.helpers.same_run import config_of, metrics
from tests.workbench.serving import free_port, serving
from train.distributed import Ranks
from train.learner.batching import TrainSample, collate
from train.learner.sync import sync
from train.loop import Loop
from train.rollouts import Group, sample
from workbench.errors import UserError
from workbench.models import TINY
from workbench.rollout.requests import RolloutRequest
from workbench.rollout.sampling import EngineConfig, SamplingConfig
from workbench.rollout.vllm_server import ServerVLLM
from workbench.workspace import Workspace

pytestmark = pytest.mark.engine
DRAWN = SamplingConfig(temperature=1.0, max_tokens=24)
GREEDY = SamplingConfig(temperature=0.0, max_tokens=24)


# Says which process loaded it.
PLUGIN = """
import multiprocessing, os
from pathlib import Path
from workbench.prompts import TEMPLATES, PromptTemplate

TEMPLATES.register("served")(PromptTemplate("served", "", "", "", "boxed"))
with (Path(__file__).parent / "loaded").open("a") as file:
    file.write(f"{os.getpid()} {multiprocessing.current_process().name}\\n")
"""


@pytest.fixture(scope="module")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("server")
    (folder / "own.py").write_text(PLUGIN)
    return folder


@pytest.fixture(scope="module")
def url(server_folder: Path) -> Iterator[str]:
    with serving(server_folder, "tiny", "max_model_len=512", "--plugin", str(server_folder / "own.py")) as found:
        yield found


def test_every_process_of_a_server_loads_the_plugins(url: str, server_folder: Path) -> None:
    processes = [line.split() for line in (server_folder / "loaded").read_text().splitlines()]
    names = [name for _, name in processes]
    # `eureka serve`, which becomes vLLM's API server, and the processes that this spawns.
    assert len(names) == 4 and names.count("MainProcess") == 2 and names[2].startswith("EngineCore")
    assert names[3].startswith("VllmWorker") and len({pid for pid, _ in processes}) == 3


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    place = Workspace(tmp_path_factory.mktemp("workspace"))
    add_dataset(place, "few", 24, 11)
    add_dataset(place, "held", 8, 12)
    return place


def served_config(url: str, run: str, **changes: Any) -> Any:
    return config_of(run, rollout__engine={"max_model_len": 512, "servers": [url]}, **changes)


@pytest.fixture(scope="module")
def loop(url: str, workspace: Workspace) -> Iterator[Loop]:
    made = Loop(served_config(url, "probed"), workspace, workspace.run("probed"), Ranks())
    assert isinstance(made.sampler, ServerVLLM)
    yield made
    made.close()


def probe(loop: Loop, sampling: SamplingConfig, n: int, seed: int = 3) -> list[Group]:
    """Answers to problems without a picture, with one and with two."""
    problems = loop.stream.problems[:14]
    assert {len(problem.images) for problem in problems} == {0, 1, 2}
    return sample(loop.sampler, loop.prompts, list(enumerate(problems)), sampling, n, seed)


def assert_agreement(loop: Loop, groups: list[Group]) -> None:
    """The server's prompt tokens are the processor's, its log-probs the learner's."""
    policy = loop.learner.policy
    for group in groups:
        request = loop.prompts.request(group.problem.question, group.problem.choices, group.problem.images)
        made = loop.processor(text=[request.prompt], images=list(request.images) or None)
        assert group.prompt_ids == list(made["input_ids"][0])
        pictures = loop.pictures.read(group.problem)
        assert group.rollouts
        for rollout in group.rollouts:
            one = TrainSample(group.prompt_ids, rollout.sample.token_ids, rollout.sample.logprobs, 0.0, pictures)
            with torch.no_grad():
                ours, _ = policy(collate([[one]], policy.image_token, policy.pad_token))
            torch.testing.assert_close(ours, torch.tensor(rollout.sample.logprobs), atol=1e-5, rtol=0)


def tokens(groups: list[Group]) -> list[list[list[int]]]:
    return [[rollout.sample.token_ids for rollout in group.rollouts] for group in groups]


def test_answers_are_drawn_from_the_learner_s_distribution(loop: Loop) -> None:
    greedy, drawn = probe(loop, GREEDY, 1), probe(loop, DRAWN, 3)
    assert_agreement(loop, greedy)
    assert_agreement(loop, drawn)
    for group in drawn:
        for rollout in group.rollouts:
            ids, tokenizer = rollout.sample.token_ids, loop.processor.tokenizer
            assert rollout.sample.text == tokenizer.decode(ids, skip_special_tokens=True)
            assert rollout.sample.finish_reason == ("stop" if ids[-1] == tokenizer.eos_token_id else "length")


def test_a_seed_gives_the_same_tokens_again(loop: Loop) -> None:
    first = tokens(probe(loop, DRAWN, 4))
    assert tokens(probe(loop, DRAWN, 4)) == first
    assert tokens(probe(loop, DRAWN, 4, seed=4)) != first


def test_groups_are_told_as_they_end_and_unusable_requests_are_not(loop: Loop) -> None:
    picture = Image.new("RGB", (56, 56))
    usable = loop.prompts.request("3 + 4 ?", None, ())
    requests = [
        usable,
        RolloutRequest(usable.prompt, (picture,) * 5),
        RolloutRequest(usable.prompt, (Image.new("RGB", (2000, 2)),)),
        RolloutRequest(usable.prompt * 200),
        usable,
    ]
    told: dict[int, Any] = {}
    groups = loop.sampler.generate(requests, DRAWN, 2, 0, lambda i, group: told.update({i: group}))
    assert [g.unusable for g in groups] == [None, "too_many_images", "image_too_narrow", "prompt_too_long", None]
    assert told == {0: groups[0], 4: groups[4]}
    assert [len(group.samples) for group in groups] == [2, 0, 0, 0, 2]


def test_pushed_weights_are_the_learner_s_and_nothing_remembers_the_old(loop: Loop) -> None:
    before = probe(loop, GREEDY, 1)
    with torch.no_grad():
        for _, parameter in loop.learner.policy.weights(trainable_only=True):
            parameter.add_(0.01 * torch.randn_like(parameter))
    sync(loop.learner, loop.sampler, 1, trainable_only=True)
    after = probe(loop, GREEDY, 1)
    assert {group.weight_version for group in after} == {1}
    assert [g.rollouts[0].sample.logprobs for g in after] != [g.rollouts[0].sample.logprobs for g in before]
    assert_agreement(loop, after)
    assert_agreement(loop, probe(loop, DRAWN, 2))


def test_a_banned_token_is_not_sampled_however_likely(loop: Loop) -> None:
    sampler, head = loop.sampler, loop.learner.policy.model.lm_head
    assert isinstance(sampler, ServerVLLM)
    banned = [int(token) for token in sampler.bias]
    likely = probe(loop, GREEDY, 1)[0].rollouts[0].sample.token_ids[0]
    with torch.no_grad():
        head.weight[banned] = 1.5 * head.weight[likely]
    sync(loop.learner, sampler, 2, trainable_only=True)
    groups = probe(loop, DRAWN, 4)
    drawn = {token for group in tokens(groups) for response in group for token in response}
    assert drawn and not drawn & set(banned)
    assert_agreement(loop, groups)


def test_a_run_trains_on_the_server_from_the_model_s_own_weights(url: str, loop: Loop, workspace: Workspace) -> None:
    """Earlier trainers, one of them killed, left a paused server with other weights, with which the first step's gap
    would stop the run."""
    assert isinstance(loop.sampler, ServerVLLM)
    loop.sampler.servers.call("/pause?mode=wait")
    run = train.start.train(served_config(url, "served", steps=2), workspace)
    rows = metrics(run)
    assert [row["step"] for row in rows] == [0, 1, 2]
    assert all(row["gap/max"] <= 1e-4 and row["samples/all"] == 24 for row in rows[1:])
    assert rows[1]["policy/grad_norm"] > 0


def test_a_server_that_cannot_be_used_is_one_clear_line(url: str) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UserError, match=rf"no vLLM server answers at {nobody} .*; start it as: eureka serve .*/tiny"):
        ServerVLLM(TINY, EngineConfig(servers=[url, nobody], max_model_len=512))
    with pytest.raises(UserError, match=rf"{url} has max_pixels None instead of 50176; start it as: eureka serve"):
        ServerVLLM(TINY, EngineConfig(servers=[url], max_model_len=512, max_pixels=50176))
