"""Supervised fine-tuning in the same loop: the gold answer, or solution and answer, where RL has sampled responses.

Problems, their order, prompts, token weights, optimizer, sync, held-out evaluation and checkpoints are those of an RL
run; only what is learned differs.
"""

import re
from collections import Counter
from collections.abc import Sequence

from train.algorithm.rewards import format_fault
from train.distributed import Ranks
from train.loop import Loop
from train.rollouts import Group, Rollout, judge
from train.run.metrics import Metrics, Timer
from workbench.errors import UserError
from workbench.prompts import PromptTemplate, clean_question
from workbench.rollout.engine import Sample
from workbench.schema import Problem
from workbench.verify import Verdict

# The format reward wants a thought, and `sft` has none to teach.
NO_THOUGHT = "I answer at once."
# A solution's own tags and boxes would make the target's ambiguous.
_TAG = re.compile(r"</?(?:think|answer)>")
_BOX = re.compile(r"\\f?boxed\b")


def target_text(problem: Problem, template: PromptTemplate, thought: str | None) -> str:
    """What a response to the problem should be: the thought, then the gold answer as the template asks for it."""
    answer = template.answer.replace("{}", _plain(problem.answer))
    if template.format == "boxed":
        return f"{_plain(thought)}\n{answer}" if thought else answer
    return f"<think> {_plain(thought or NO_THOUGHT)} </think><answer> {answer} </answer>"


def _plain(text: str) -> str:
    return _BOX.sub("", _TAG.sub("", clean_question(text))).strip()


class SupervisedLoop(Loop):
    """A run with `method` `sft` or `cot_sft`: one written target a problem, `prompts_per_step` problems a step.

    There is no rollouts table, since no model wrote these responses, and no gap, since nothing was sampled.
    """

    def check(self, problems: Sequence[Problem]) -> None:
        """Also raises UserError where `cot_sft` finds no solution at all."""
        super().check(problems)
        if self.config.method == "cot_sft" and not any(problem.solution for problem in problems):
            names = ", ".join(ref.partition("@")[0] for ref in self.config.datasets)
            raise UserError(
                f"none of the {len(problems):,} problems of {names} has a solution, which method=cot_sft learns; "
                "choose another dataset or method=sft"
            )

    def practise(self, step: int, timer: Timer) -> Metrics:
        """Write this rank's targets and learn them."""
        with timer("target"):
            batch = list(enumerate(self.stream.take(self.config.rollout.prompts_per_step)))
            groups = [self.target(place, problem) for place, problem in self.ranks.share(batch)]
            self.leave_out_refused(groups)
        with timer("learn"):
            self.sampler.sleep()
            learned = self.trainer.learn(self.training_samples(groups))
            self.pictures.forget()
        return summarize(groups, self.ranks) | learned

    def target(self, place: int, problem: Problem) -> Group:
        """The problem with its target as the one response: its prompt's tokens as vLLM would expand them, its own with
        the end token that a sampler stops at. Without a response, and with the reason, where it cannot be learned.
        """
        request = self.prompts.request(problem.question, problem.choices, problem.images)
        group = Group(place, problem, request.prompt, [], self.progress.step, [], self.sampler.limits.unusable(request))
        thought = problem.solution if self.config.method == "cot_sft" else None
        if self.config.method == "cot_sft" and not thought:
            group.unusable = "no_solution"
        if group.unusable:
            return group
        text, tokenizer = target_text(problem, self.template, thought), self.processor.tokenizer
        # A control token's name in a solution is text: as a token it could end a turn or stand for a picture.
        plain = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        target = [*plain, tokenizer.eos_token_id]
        made = self.processor(text=[request.prompt], images=list(request.images) or None)
        group.prompt_ids = list(made["input_ids"][0])
        room = min(self.sampling.max_tokens, self.sampler.limits.max_model_len - len(group.prompt_ids))
        if len(target) > room:
            group.unusable = "target_too_long"
        else:
            group.rollouts = [Rollout(Sample(target, [0.0] * len(target), text, "stop"))]
        return group

    def leave_out_refused(self, groups: Sequence[Group]) -> None:
        """Take out targets that would earn no full reward as a response: RL could not learn from them either."""
        config = self.config
        judge(groups, self.verifier, self.template, config.rewards, config.rollout.max_tokens, self.prompts.images)
        for group in groups:
            for rollout in group.rollouts:
                if rollout.judgement is not None and rollout.judgement.verdict == Verdict.UNSCORABLE:
                    group.unusable = "gold_unscorable"
                elif not rollout.correct or format_fault(rollout.sample.text, self.template.format):
                    group.unusable = "target_refused"
            if group.unusable:
                group.rollouts = []


def summarize(groups: Sequence[Group], ranks: Ranks) -> Metrics:
    """Counts over every rank's problems of a step, those left out by reason; lengths are in target tokens."""
    lengths = [len(rollout.sample.token_ids) for group in groups for rollout in group.rollouts]
    left_out = Counter(group.unusable for group in groups if group.unusable)
    everywhere = ranks.gather((lengths, left_out, len(groups)))
    found = [length for one in everywhere for length in one[0]]
    metrics: Metrics = {
        "length/mean": sum(found) / len(found) if found else None,
        "length/max": float(max(found, default=0)),
        "samples/all": float(len(found)),
        "samples/tokens": float(sum(found)),
        "groups/all": float(sum(one[2] for one in everywhere)),
        "groups/prompt_too_long": 0.0,
    }
    for reason, count in sum((one[1] for one in everywhere), Counter[str]()).items():
        metrics[f"groups/{reason}"] = float(count)
    return metrics
