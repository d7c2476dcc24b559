"""Process each prompt once for all its completions, in every pass of a GRPO step.

The rows of a group repeat one prompt, and a prompt (ten images) is several times as long as a
completion. Here the language model gets a prompt followed by its completions, and each completion
attends to the prompt and to itself: the same states and gradients for a fraction of the work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from training.finetuning.grpo.vision_cache import PROJECTIONS, SEED

MASKED_ATTENTION: Final = ("sdpa", "eager")
"""Implementations of attention that accept a mask of our own."""


@dataclass(frozen=True)
class _Learning:
    """A pass over prompts with completions of `length` columns, in progress."""

    length: int
    live: Tensor | None


@dataclass(frozen=True)
class _Generating:
    """Generation in progress: the cache holds one row a prompt, then one token a completion."""

    cache: Any
    order: Tensor
    """Rows of the completions of each prompt, (prompts, group)."""
    place: Tensor
    """Position of each row in that order, (rows,)."""
    prompt_mask: Tensor
    """Mask of the prompts, (prompts, columns)."""


class SharedPrompts:
    """Wraps the language model of a Qwen2.5-VL so that equal prompts of a batch are processed once.

    Prompts are padded on the left, so that completions start in one column.
    """

    def __init__(self, language_model: Any) -> None:
        self._original: Callable[..., Any] = language_model.forward
        self._learning: _Learning | None = None
        self._generating: _Generating | None = None
        if language_model.config._attn_implementation in MASKED_ATTENTION:
            language_model.forward = self._forward

    @contextmanager
    def completions(self, length: int, *, live: Tensor | None = None) -> Iterator[None]:
        """Inside the block, the last `length` columns of a batch are completions.

        Rows that are not `live` (rows,) are skipped: their states are zeros.
        """
        self._learning = _Learning(length, live)
        try:
            yield
        finally:
            self._learning = None

    def _forward(self, **inputs: Any) -> Any:
        embedded, mask, positions, cache = (
            inputs.get(name)
            for name in ("inputs_embeds", "attention_mask", "position_ids", "past_key_values")
        )
        flat = isinstance(mask, Tensor) and mask.dim() == 2
        if not flat or embedded is None or positions is None:
            return self._original(**inputs)
        if self._learning is not None:
            return self._learn(embedded, mask, positions, self._learning, inputs)
        if cache is not None and cache.get_seq_length() == 0:
            return self._prefill(embedded, mask, positions, inputs)
        if self._generating is not None and self._generating.cache is cache:
            return self._decode(embedded, positions, self._generating, inputs)
        return self._original(**inputs)

    def _prefill(
        self, embedded: Tensor, mask: Tensor, positions: Tensor, inputs: dict[str, Any]
    ) -> Any:
        """Before generation: one row a prompt."""
        self._generating = None
        prompts = equal_rows(embedded, mask)
        if len({len(rows) for rows in prompts}) > 1:  # groups of different sizes
            return self._original(**inputs)
        order = torch.tensor(prompts)
        first = order[:, 0].to(embedded.device)
        shared = {
            "inputs_embeds": embedded[first],
            "attention_mask": mask[first],
            "position_ids": positions[:, first],
        }
        output = self._original(**inputs | shared)
        place = order.flatten().argsort().to(embedded.device)
        order = order.to(embedded.device)
        self._generating = _Generating(output.past_key_values, order, place, mask[first].bool())
        output.last_hidden_state = output.last_hidden_state[place // order.shape[1]]
        return output

    def _decode(
        self, embedded: Tensor, positions: Tensor, state: _Generating, inputs: dict[str, Any]
    ) -> Any:
        """The next token of every completion; all completions of a prompt are in one row."""
        group, prompt_mask = state.order.shape[1], state.prompt_mask
        tokens = (state.cache.get_seq_length() - prompt_mask.shape[1]) // group + 1
        own = torch.eye(group, dtype=torch.bool, device=prompt_mask.device).repeat(1, tokens)
        attends = torch.cat(
            [prompt_mask[:, None].expand(-1, group, -1), own.expand(len(prompt_mask), -1, -1)],
            dim=2,
        )
        shared = {
            "inputs_embeds": embedded[state.order, 0],
            "attention_mask": _additive_mask(attends, embedded),
            "position_ids": positions[:, state.order, 0],
        }
        output = self._original(**inputs | shared)
        output.last_hidden_state = output.last_hidden_state.flatten(0, 1)[state.place][:, None]
        return output

    def _learn(
        self,
        embedded: Tensor,
        mask: Tensor,
        positions: Tensor,
        learning: _Learning,
        inputs: dict[str, Any],
    ) -> Any:
        """One prompt with its completions at a time, so that nothing is padded."""
        self._generating = None  # generation has ended: its cache can be freed
        begin = embedded.shape[1] - learning.length
        unpadded = mask.bool().cpu()
        live = torch.ones(len(unpadded), dtype=torch.bool)
        if learning.live is not None and learning.live.any():
            live = learning.live.bool().cpu()
        states, count = [embedded.new_zeros(1, embedded.shape[2])], 1
        places = torch.zeros(unpadded.shape, dtype=torch.long)  # index into `states`; 0: skipped
        output: Any = None
        for rows in equal_rows(embedded[:, :begin], mask[:, :begin]):
            live_rows = [row for row in rows if live[row]]
            if not live_rows:
                continue
            row, column, part = _flatten(unpadded, live_rows, begin)
            shared = {
                "inputs_embeds": embedded[row, column][None],
                "attention_mask": _additive_mask(_attends(part)[None], embedded),
                "position_ids": positions[:, row, column][:, None],
            }
            output = self._original(**inputs | shared)
            places[row, column] = count + torch.arange(len(row))
            count += len(row)
            places[live_rows, :begin] = places[live_rows[0], :begin]
            states.append(output.last_hidden_state[0])
        output.last_hidden_state = torch.cat(states)[places.to(embedded.device)]
        return output


def equal_rows(embedded: Tensor, mask: Tensor) -> list[list[int]]:
    """Groups of rows (rows, columns, width) that are equal where `mask` (rows, columns) is one.

    They are compared by random projections, as images are in `vision_cache`.
    """
    generator = torch.Generator().manual_seed(SEED)
    width = torch.randn(embedded.shape[2], PROJECTIONS, generator=generator).to(embedded.device)
    place = torch.randn(embedded.shape[1], generator=generator).to(embedded.device)
    projected = (embedded.detach().float() @ width) * (place * mask)[..., None]
    fingerprints = torch.cat([projected.sum(1), mask.sum(1, keepdim=True)], dim=1).cpu()
    _, labels = torch.unique(fingerprints, dim=0, return_inverse=True)
    groups: dict[int, list[int]] = {}
    for row, label in enumerate(labels.tolist()):
        groups.setdefault(label, []).append(row)
    return list(groups.values())


def _flatten(unpadded: Tensor, rows: list[int], begin: int) -> tuple[Tensor, Tensor, Tensor]:
    """Row, column and part of each token; part 0 is the prompt, then one part a completion."""
    prompt = unpadded[rows[0], :begin].nonzero()[:, 0]
    completion, column = unpadded[rows, begin:].nonzero(as_tuple=True)
    return (
        torch.cat([torch.full_like(prompt, rows[0]), torch.tensor(rows)[completion]]),
        torch.cat([prompt, column + begin]),
        torch.cat([torch.zeros_like(prompt), completion + 1]),
    )


def _attends(part: Tensor) -> Tensor:
    """(tokens, tokens): each token attends to the prompt and its own part, up to itself."""
    return ((part[None] == 0) | (part[None] == part[:, None])).tril()


def _additive_mask(attends: Tensor, like: Tensor) -> Tensor:
    """The mask that attention adds to its scores, (rows, 1, tokens, keys)."""
    hidden = torch.finfo(like.dtype).min
    added = torch.zeros(attends.shape, dtype=like.dtype, device=attends.device)
    return added.masked_fill(~attends, hidden)[:, None].to(like.device)
