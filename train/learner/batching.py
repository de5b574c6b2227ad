"""From samples to micro-batches: responses share their prompt, rows of like length fill a token budget."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from train.algorithm.losses import Aggregation, token_weight

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Pictures:
    """A problem's pictures as the processor made them, shared by all its samples.

    `pixels` and `grid`, with one row a picture, are what the model's family makes and takes: Qwen's are
    (patches, values a patch) and (pictures, 3), patches in time, height and width; InternVL's are
    (tiles, 3, height, width) and (pictures, 1), tiles. `tokens` are each picture's image tokens in the prompt.
    """

    problem_id: str
    pixels: "torch.Tensor"
    grid: "torch.Tensor"
    tokens: tuple[int, ...]


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


# Responses to the same prompt, which stand behind it in one row.
Row = Sequence[TrainSample]


@dataclass(frozen=True)
class MicroBatch:
    """Right-padded rows, (rows, width), and one flat value a response token, (n,), response after response.

    `attends` says which position sees which, (rows, 1, width, width); `shift` is how far behind its prompt's end a
    response stands, (rows, width): its positions begin anew there. `predicts` are the n places, in rows laid end to
    end, whose next token is a response token. `pictures` holds one entry a row that has pictures, in row order;
    `responses` is the index of each token's response; `most_targets` is the largest n of all ranks in this pass.
    """

    input_ids: "torch.Tensor"
    attention_mask: "torch.Tensor"
    attends: "torch.Tensor"
    shift: "torch.Tensor"
    mm_token_type_ids: "torch.Tensor"
    predicts: "torch.Tensor"
    pictures: list[Pictures]
    targets: "torch.Tensor"
    advantages: "torch.Tensor"
    weights: "torch.Tensor"
    responses: "torch.Tensor"
    sampler_logprobs: "torch.Tensor"
    old: "torch.Tensor | None"
    reference: "torch.Tensor | None"
    most_targets: int = 0


def set_weights(
    samples: Sequence[TrainSample], aggregation: Aggregation, tokens: int, sequences: int, max_tokens: int
) -> None:
    """Give every sample its token weight in an update of so many tokens and sequences (over all ranks)."""
    for sample in samples:
        sample.weight = token_weight(len(sample.response_ids), aggregation, tokens, sequences, max_tokens)


def share(samples: Sequence[TrainSample], width: int, budget: int) -> list[Row]:
    """Rows of responses that share their prompt while that saves work, each at most `budget` tokens.

    A response of R tokens that joins others of S behind a prompt of P saves the prompt's tokens and its P² pairs of
    attention, and adds 2·R·S pairs that are computed only to be masked. A token's passage through the linear layers of
    a block, 24·width² operations, is worth 6·width pairs of 4·width.
    """
    rows: list[list[TrainSample]] = []
    for sample in samples:
        prompt, response = len(sample.prompt_ids), len(sample.response_ids)
        row = rows[-1] if rows and rows[-1][0].group == sample.group else []
        others = sum(len(one.response_ids) for one in row)
        saves = 2 * response * others <= prompt * (prompt + 6 * width)
        if row and saves and row[0].prompt_ids == sample.prompt_ids and prompt + others + response <= budget:
            row.append(sample)
        else:
            rows.append([sample])
    return list(rows)


def length(row: Row) -> int:
    """Tokens of a row: the prompt and all its responses."""
    return len(row[0].prompt_ids) + sum(len(sample.response_ids) for sample in row)


def cut(rows: Sequence[Row], budget: int) -> list[list[Row]]:
    """Groups of rows of like length, each at most `budget` tokens with padding; a longer one stands alone."""
    groups: list[list[Row]] = []
    for row in sorted(rows, key=length, reverse=True):
        # The first of a group is its longest, so it sets the width.
        if groups and length(groups[-1][0]) * (len(groups[-1]) + 1) <= budget:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def collate(rows: Sequence[Row], image_token: int, pad_token: int) -> MicroBatch:
    """Pad rows into one micro-batch.

    Raises ValueError if a row's image tokens and its pictures do not match, picture by picture: it would learn without
    a picture or with another's place.
    """
    import torch

    width = max(length(row) for row in rows)
    input_ids = torch.full((len(rows), width), pad_token)
    # 0 is padding, 1 the prompt, 2 and on the responses behind it.
    part = torch.zeros(len(rows), width, dtype=torch.long)
    shift = torch.zeros(len(rows), width, dtype=torch.long)
    predicts: list[int] = []
    for index, row in enumerate(rows):
        first = row[0]
        # Text stands between two pictures' tokens, so that each picture must fill a place of its own size.
        promised = [len(list(run)) for token, run in groupby(first.prompt_ids) if token == image_token]
        shown = [*first.pictures.tokens] if first.pictures else []
        if promised != shown:
            raise ValueError(f"a prompt has places for {promised} image tokens but its pictures make {shown}")
        prompt = place = len(first.prompt_ids)
        input_ids[index, :prompt] = torch.tensor(first.prompt_ids)
        part[index, :prompt] = 1
        for number, sample in enumerate(row, start=2):
            end = place + len(sample.response_ids)
            input_ids[index, place:end] = torch.tensor(sample.response_ids)
            part[index, place:end] = number
            shift[index, place:end] = place - prompt
            # The prompt's last token predicts the first token of each response.
            predicts += [index * width + at for at in (prompt - 1, *range(place, end - 1))]
            place = end
    samples = [sample for row in rows for sample in row]
    lengths = torch.tensor([len(s.response_ids) for s in samples])
    olds = [sample.old for sample in samples if sample.old is not None]
    references = [sample.reference for sample in samples if sample.reference is not None]
    seen, sees = part[:, None, None, :], part[:, None, :, None]
    earlier = torch.ones(width, width, dtype=torch.bool).tril()
    return MicroBatch(
        input_ids=input_ids,
        attention_mask=(part > 0).long(),
        # Padding sees itself, since a softmax over nothing is no number.
        attends=earlier & ((seen == 1) & (sees > 0) | (seen == sees)),
        shift=shift,
        mm_token_type_ids=((input_ids == image_token) & (part == 1)).int(),
        predicts=torch.tensor(predicts),
        pictures=[row[0].pictures for row in rows if row[0].pictures],
        targets=torch.tensor([token for sample in samples for token in sample.response_ids]),
        advantages=torch.tensor([s.advantage for s in samples]).repeat_interleave(lengths),
        weights=torch.tensor([s.weight for s in samples]).repeat_interleave(lengths),
        sampler_logprobs=torch.tensor([p for sample in samples for p in sample.sampler_logprobs]),
        responses=torch.arange(len(samples)).repeat_interleave(lengths),
        old=torch.cat(olds) if olds else None,
        reference=torch.cat(references) if references else None,
    )
