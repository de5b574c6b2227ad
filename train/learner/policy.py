"""The learner's model: log-probs of response tokens under exactly the distribution the sampler drew from."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from train.learner.batching import MicroBatch, Pictures
from train.learner.families import Family, family_of, towers
from workbench.images import ImageStore
from workbench.rollout.inputs import BAN_BIAS, banned_token_ids
from workbench.schema import Problem

# Logits held at once by the head, in numbers; above it they are computed in pieces and again in the backward pass.
HEAD_LOGITS = 2**27


class Policy(nn.Module):
    """A Hugging Face vision-language model; `forward` gives each response token's log-prob and entropy.

    With a frozen tower a picture's features are computed once and kept until `forget_pictures`.
    """

    def __init__(self, model: Any, family: Family, banned: Sequence[int], temperature: float, freeze_vision: bool):
        super().__init__()
        # Only an entropy bonus needs the entropy's gradient, which holds another set of logits.
        self.entropy_gradient = False
        self.model = model
        self.family = family
        self.temperature = temperature
        self.freeze_vision = freeze_vision
        config = model.config
        self.image_token: int = config.image_token_id
        self.pad_token: int = config.get_text_config().pad_token_id or 0
        self.width: int = config.get_text_config().hidden_size
        for name, parameter in self.named_parameters():
            parameter.requires_grad = not (freeze_vision and is_vision(name))
        bias = torch.zeros(config.get_text_config().vocab_size, device=model.device)
        bias[list(banned)] = BAN_BIAS
        self.register_buffer("bias", bias, persistent=False)
        self._features: dict[str, Any] = {}
        self._hidden: dict[str, nn.Module] = {}

    @classmethod
    def load(
        cls,
        folder: Path,
        dtype: torch.dtype,
        temperature: float,
        freeze_vision: bool,
        gradient_checkpointing: bool = False,
    ) -> "Policy":
        """Read a Hugging Face folder, onto the GPU where there is one. UserError for an unknown architecture."""
        from transformers import AutoModelForImageTextToText
        from transformers.utils import logging

        family = family_of(folder)
        # Loading and saving would draw bars between the lines of a run.
        logging.disable_progress_bar()
        # The mask that says which response sees what is one that this implementation takes.
        model = AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa")
        if torch.cuda.is_available():
            model = model.to("cuda")
        if gradient_checkpointing:
            model.gradient_checkpointing_enable({"use_reentrant": False})
        return cls(model, family, banned_token_ids(folder), temperature, freeze_vision).train()

    def forward(self, batch: MicroBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probs and entropies of the response tokens in nats, both (n,) like `targets`."""
        device = self.bias.device
        features: Sequence[torch.Tensor] = ()
        handle = None
        if batch.pictures:
            features = self._see(batch.pictures)
        elif self.learns_to_see:
            # Every rank must reach every trainable parameter, and in the same order (the tower before the language
            # model), or ZeRO adds up gradients of different parameters.
            blank = 0 * sum(f.sum() for f in self._see([self.family.blank(self.model.config)]))
            # Into the embeddings, where real pictures enter too: the backward pass then needs the same weights.
            embeddings = self.model.get_input_embeddings()
            handle = embeddings.register_forward_hook(lambda _, inputs, output: output + blank)
        try:
            states = self.model.model(
                input_ids=batch.input_ids.to(device),
                attention_mask=batch.attends.to(device),
                position_ids=self.family.positions(self.model, batch, device) - batch.shift.to(device),
                use_cache=False,
                **self.family.inputs(batch, features, device),
            ).last_hidden_state
        finally:
            if handle is not None:
                handle.remove()
        # A prompt's last place predicts the first token of each of its responses. Indexing with [] would add up their
        # gradients by all threads at once, in another order each time; this does it in order.
        hidden = states.flatten(0, 1).index_select(0, batch.predicts.to(device))
        targets = batch.targets.to(device)
        parts = math.ceil(max(len(targets), batch.most_targets) * self.bias.numel() / HEAD_LOGITS)
        if parts == 1:
            return self._head(hidden, targets)
        pieces = [
            checkpoint(self._head, h, t, use_reentrant=False)
            for h, t in zip(hidden.tensor_split(parts), targets.tensor_split(parts), strict=True)
        ]
        return torch.cat([piece[0] for piece in pieces]), torch.cat([piece[1] for piece in pieces])

    def _head(self, hidden: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # The sampler adds the ban before it divides by the temperature; the order matters for equal log-probs.
        logits = (self.model.lm_head(hidden).float() + self.bias) / self.temperature
        logprobs = logits.log_softmax(-1)
        with torch.set_grad_enabled(self.entropy_gradient and torch.is_grad_enabled()):
            entropy = -(logprobs.exp() * logprobs).sum(-1)
        return logprobs.gather(-1, targets[:, None])[:, 0], entropy

    @property
    def learns_to_see(self) -> bool:
        """Whether training changes parameters that only pictures reach."""
        parts = [getattr(self.model.model, name) for name in self.family.sight]
        return any(p.requires_grad for part in parts for p in part.parameters())

    def _see(self, pictures: Sequence[Pictures]) -> Sequence[torch.Tensor]:
        """The rows' pictures as they enter the language model; each problem's are encoded once for all its rows."""
        known: dict[str, Any] = self._features if self.freeze_vision else {}
        new = {p.problem_id: p for p in pictures if p.problem_id not in known}
        if new:
            with torch.set_grad_enabled(not self.freeze_vision and torch.is_grad_enabled()):
                features = list(self._vision(list(new.values())))
            for problem_id, entry in new.items():
                known[problem_id] = [features.pop(0) for _ in entry.tokens]
        return self.family.connect(self.model, [f for p in pictures for f in known[p.problem_id]])

    def _vision(self, pictures: Sequence[Pictures]) -> Sequence[torch.Tensor]:
        device = self.bias.device
        pixels = torch.cat([p.pixels for p in pictures]).to(device)
        grid = torch.cat([p.grid for p in pictures]).to(device)
        return self.family.encode(self.model, pixels, grid)

    def hide_frozen_tower(self) -> None:
        """Make a frozen vision tower a plain attribute: `forward` and `weights` know it, `parameters` does not."""
        if not self.freeze_vision:
            return
        for name, tower in list(self.model.named_modules()):
            parent, _, own = name.rpartition(".")
            if own == self.family.tower:
                owner = self.model.get_submodule(parent)
                del owner._modules[own]
                owner.__dict__[own] = tower
                self._hidden[name] = tower

    def forget_pictures(self) -> None:
        """Drop the kept features; called after each step.

        Kept longer they would break a promise: which pictures are encoded together decides the last bits, and a resumed
        run would encode with others what an undisturbed one had kept.
        """
        self._features.clear()

    def weights(self, trainable_only: bool) -> Iterator[tuple[str, torch.Tensor]]:
        """Parameters under their Hugging Face state-dict names, without copies."""
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad or not trainable_only:
                yield name, parameter
        if not trainable_only:
            for place, tower in self._hidden.items():
                yield from tower.named_parameters(place)


def is_vision(name: str) -> bool:
    """Whether a parameter belongs to the vision tower, as the published runs freeze it."""
    return not towers().isdisjoint(name.split("."))


class PictureReader:
    """Turns a problem's pictures into the learner's inputs, with the sampler's processor settings; once a step."""

    def __init__(self, processor: Any, store: ImageStore, family: Family):
        self.processor = processor
        self.store = store
        self.family = family
        self._known: dict[str, Pictures] = {}

    def read(self, problem: Problem) -> Pictures | None:
        """All pictures of a problem, preprocessed and kept until `forget`; None for a text-only one."""
        if not problem.images:
            return None
        if problem.problem_id not in self._known:
            images = [self.store.open(sha) for sha in problem.images]
            self._known[problem.problem_id] = self.family.read(self.processor, problem.problem_id, images)
        return self._known[problem.problem_id]

    def forget(self) -> None:
        """Drop the kept pictures."""
        self._known.clear()
