"""From samples to micro-batches: padded rows of like length within a token budget."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from train.losses import Aggregation, token_weight

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Pictures:
    """A problem's pictures as the processor made them, shared by all its samples.

    `pixels` has shape (patches, values a patch), `grid` (pictures, 3): patches in time, height and width.
    """

    problem_id: str
    pixels: "torch.Tensor"
    grid: "torch.Tensor"


@dataclass
class TrainSample:
    """One response to learn from: exactly the tokens the sampler saw and drew, and its log-probs of the drawn ones.

    `group` is its group's place in the step's whole batch, over all ranks; `pictures` are shared by the group.
    `weight` is the share of each of its tokens in the update; `old` are the learner's log-probs from before a step of
    several updates, `reference` the reference model's.
    """

    prompt_ids: list[int]
    response_ids: list[int]
    sampler_logprobs: list[float]
    advantage: float
    pictures: Pictures | None = None
    group: int = 0
    weight: float = 0.0
    old: "torch.Tensor | None" = field(default=None, repr=False)
    reference: "torch.Tensor | None" = field(default=None, repr=False)

    @property
    def length(self) -> int:
        return len(self.prompt_ids) + len(self.response_ids)


@dataclass(frozen=True)
class MicroBatch:
    """Right-padded rows, (rows, width), and one flat value a response token, (n,), row after row.

    `predicts` marks the positions whose next token is a response token; there are n of them, in the same order.
    `pictures` holds one entry a row that has pictures, in row order; `rows` is the row of each response token.
    """

    input_ids: "torch.Tensor"
    attention_mask: "torch.Tensor"
    mm_token_type_ids: "torch.Tensor"
    predicts: "torch.Tensor"
    pictures: list[Pictures]
    targets: "torch.Tensor"
    advantages: "torch.Tensor"
    weights: "torch.Tensor"
    rows: "torch.Tensor"
    sampler_logprobs: "torch.Tensor"
    old: "torch.Tensor | None"
    reference: "torch.Tensor | None"


def set_weights(
    samples: Sequence[TrainSample], aggregation: Aggregation, tokens: int, sequences: int, max_tokens: int
) -> None:
    """Give every sample its token weight in an update of so many tokens and sequences (over all ranks)."""
    for sample in samples:
        sample.weight = token_weight(len(sample.response_ids), aggregation, tokens, sequences, max_tokens)


def cut(samples: Sequence[TrainSample], budget: int) -> list[list[TrainSample]]:
    """Groups of samples of like length, each at most `budget` tokens with padding; a longer one stands alone."""
    groups: list[list[TrainSample]] = []
    for sample in sorted(samples, key=lambda s: s.length, reverse=True):
        # The first of a group is its longest, so it sets the width.
        if groups and groups[-1][0].length * (len(groups[-1]) + 1) <= budget:
            groups[-1].append(sample)
        else:
            groups.append([sample])
    return groups


def collate(samples: Sequence[TrainSample], image_token: int, pad_token: int, merge: int) -> MicroBatch:
    """Pad samples into one micro-batch. `merge` is the picture's patches a token along each side.

    Raises ValueError if a row's image tokens and its pictures do not match: it would learn without its picture.
    """
    import torch

    width = max(sample.length for sample in samples)
    input_ids = torch.full((len(samples), width), pad_token)
    attention_mask = torch.zeros(len(samples), width, dtype=torch.long)
    predicts = torch.zeros(len(samples), width, dtype=torch.bool)
    for row, sample in enumerate(samples):
        promised = sample.prompt_ids.count(image_token)
        shown = int(sample.pictures.grid.prod(-1).sum()) // merge**2 if sample.pictures else 0
        if promised != shown:
            raise ValueError(f"a prompt has {promised} image tokens but its pictures make {shown}")
        input_ids[row, : sample.length] = torch.tensor(sample.prompt_ids + sample.response_ids)
        attention_mask[row, : sample.length] = 1
        predicts[row, len(sample.prompt_ids) - 1 : sample.length - 1] = True
    in_prompt = torch.arange(width)[None] < torch.tensor([len(s.prompt_ids) for s in samples])[:, None]
    lengths = torch.tensor([len(s.response_ids) for s in samples])
    olds = [sample.old for sample in samples if sample.old is not None]
    references = [sample.reference for sample in samples if sample.reference is not None]
    return MicroBatch(
        input_ids=input_ids,
        attention_mask=attention_mask,
        mm_token_type_ids=((input_ids == image_token) & in_prompt).int(),
        predicts=predicts,
        pictures=[sample.pictures for sample in samples if sample.pictures],
        targets=torch.tensor([token for sample in samples for token in sample.response_ids]),
        advantages=torch.tensor([s.advantage for s in samples]).repeat_interleave(lengths),
        weights=torch.tensor([s.weight for s in samples]).repeat_interleave(lengths),
        sampler_logprobs=torch.tensor([p for sample in samples for p in sample.sampler_logprobs]),
        rows=torch.arange(len(samples)).repeat_interleave(lengths),
        old=torch.cat(olds) if olds else None,
        reference=torch.cat(references) if references else None,
    )
