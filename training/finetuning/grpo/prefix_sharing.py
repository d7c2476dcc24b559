"""Read a question once for all the answers to it, in all passes of a step of GRPO.

A group's rows hold one question eight times, and a question (ten images) is several times as long
as an answer. Here the language model is handed a question with its answers behind it, of which each
sees the question and itself: the same states, and the same gradients, for a fraction of the work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from training.finetuning.grpo.vision_cache import PROJECTIONS, SEED

TAKES_MASKS: Final = ("sdpa", "eager")
"""Ways of attention that take a mask of who sees whom."""


@dataclass(frozen=True)
class _Learning:
    answer: int
    live: Tensor | None


@dataclass(frozen=True)
class _Writing:
    """Answers on their way: the cache holds a row a question, and behind it a token an answer."""

    cache: Any
    order: Tensor
    """Of each question the rows of its answers, (questions, group)."""
    where: Tensor
    """Of each row its place in that order, (rows,)."""
    asked: Tensor
    """The questions' mask, (questions, columns)."""


class SharedQuestions:
    """A language model, of a Qwen2.5-VL, that reads equal questions of a batch once.

    Questions are padded on the left, so that answers begin in one column.
    """

    def __init__(self, language_model: Any) -> None:
        self._whole: Callable[..., Any] = language_model.forward
        self._learning: _Learning | None = None
        self._writing: _Writing | None = None
        if language_model.config._attn_implementation in TAKES_MASKS:
            language_model.forward = self._forward

    @contextmanager
    def answered(self, answer: int, *, live: Tensor | None = None) -> Iterator[None]:
        """Within, the last `answer` columns of a batch are answers.

        Rows that are not `live` (rows,) are not read: their states are zeros.
        """
        self._learning = _Learning(answer, live)
        try:
            yield
        finally:
            self._learning = None

    def _forward(self, **told: Any) -> Any:
        embedded, mask, positions, cache = (
            told.get(name)
            for name in ("inputs_embeds", "attention_mask", "position_ids", "past_key_values")
        )
        flat = isinstance(mask, Tensor) and mask.dim() == 2
        if not flat or embedded is None or positions is None:
            return self._whole(**told)
        if self._learning is not None:
            return self._learn(embedded, mask, positions, self._learning, told)
        if cache is not None and cache.get_seq_length() == 0:
            return self._ask(embedded, mask, positions, told)
        if self._writing is not None and self._writing.cache is cache:
            return self._write(embedded, positions, self._writing, told)
        return self._whole(**told)

    def _ask(self, embedded: Tensor, mask: Tensor, positions: Tensor, told: dict[str, Any]) -> Any:
        """Before answers are written: a row a question."""
        self._writing = None
        questions = alike(embedded, mask)
        if len({len(rows) for rows in questions}) > 1:  # not groups of one size
            return self._whole(**told)
        order = torch.tensor(questions)
        first = order[:, 0].to(embedded.device)
        shared = {
            "inputs_embeds": embedded[first],
            "attention_mask": mask[first],
            "position_ids": positions[:, first],
        }
        found = self._whole(**told | shared)
        where = order.flatten().argsort().to(embedded.device)
        order = order.to(embedded.device)
        self._writing = _Writing(found.past_key_values, order, where, mask[first].bool())
        found.last_hidden_state = found.last_hidden_state[where // order.shape[1]]
        return found

    def _write(
        self, embedded: Tensor, positions: Tensor, writing: _Writing, told: dict[str, Any]
    ) -> Any:
        """The next token of every answer; all of a question's in one row."""
        group, asked = writing.order.shape[1], writing.asked
        tokens = (writing.cache.get_seq_length() - asked.shape[1]) // group + 1
        own = torch.eye(group, dtype=torch.bool, device=asked.device).repeat(1, tokens)
        sees = torch.cat(
            [asked[:, None].expand(-1, group, -1), own.expand(len(asked), -1, -1)], dim=2
        )
        shared = {
            "inputs_embeds": embedded[writing.order, 0],
            "attention_mask": _added(sees, embedded),
            "position_ids": positions[:, writing.order, 0],
        }
        found = self._whole(**told | shared)
        found.last_hidden_state = found.last_hidden_state.flatten(0, 1)[writing.where][:, None]
        return found

    def _learn(
        self,
        embedded: Tensor,
        mask: Tensor,
        positions: Tensor,
        learning: _Learning,
        told: dict[str, Any],
    ) -> Any:
        """One question with its answers at a time, so that nothing is padded."""
        self._writing = None  # what was written is written: its cache can go
        begin = embedded.shape[1] - learning.answer
        known = mask.bool().cpu()
        live = torch.ones(len(known), dtype=torch.bool)
        if learning.live is not None and learning.live.any():
            live = learning.live.bool().cpu()
        states, after = [embedded.new_zeros(1, embedded.shape[2])], 1
        places = torch.zeros(known.shape, dtype=torch.long)  # of each token in `states`; 0: unread
        found: Any = None
        for rows in alike(embedded[:, :begin], mask[:, :begin]):
            answered = [row for row in rows if live[row]]
            if not answered:
                continue
            row, column, part = _laid_out(known, answered, begin)
            shared = {
                "inputs_embeds": embedded[row, column][None],
                "attention_mask": _added(_who_sees_whom(part)[None], embedded),
                "position_ids": positions[:, row, column][:, None],
            }
            found = self._whole(**told | shared)
            places[row, column] = after + torch.arange(len(row))
            after += len(row)
            places[answered, :begin] = places[answered[0], :begin]
            states.append(found.last_hidden_state[0])
        found.last_hidden_state = torch.cat(states)[places.to(embedded.device)]
        return found


def alike(embedded: Tensor, mask: Tensor) -> list[list[int]]:
    """Rows (rows, columns, width) that are equal where `mask` (rows, columns) is one, together.

    They are told apart as images are in `once.py`.
    """
    chance = torch.Generator().manual_seed(SEED)
    width = torch.randn(embedded.shape[2], PROJECTIONS, generator=chance).to(embedded.device)
    place = torch.randn(embedded.shape[1], generator=chance).to(embedded.device)
    projected = (embedded.detach().float() @ width) * (place * mask)[..., None]
    marks = torch.cat([projected.sum(1), mask.sum(1, keepdim=True)], dim=1).cpu()
    _, which = torch.unique(marks, dim=0, return_inverse=True)
    together: dict[int, list[int]] = {}
    for row, question in enumerate(which.tolist()):
        together.setdefault(question, []).append(row)
    return list(together.values())


def _laid_out(known: Tensor, rows: list[int], begin: int) -> tuple[Tensor, Tensor, Tensor]:
    """The row and column of each token, and its part: 0 the question, then answer by answer."""
    asked = known[rows[0], :begin].nonzero()[:, 0]
    answer, column = known[rows, begin:].nonzero(as_tuple=True)
    return (
        torch.cat([torch.full_like(asked, rows[0]), torch.tensor(rows)[answer]]),
        torch.cat([asked, column + begin]),
        torch.cat([torch.zeros_like(asked), answer + 1]),
    )


def _who_sees_whom(part: Tensor) -> Tensor:
    """(tokens, tokens): the question and one's own part, as far as they have come."""
    return ((part[None] == 0) | (part[None] == part[:, None])).tril()


def _added(sees: Tensor, to: Tensor) -> Tensor:
    """What attention adds for it, (rows, 1, tokens, keys)."""
    unseen = torch.finfo(to.dtype).min
    added = torch.zeros(sees.shape, dtype=to.dtype, device=sees.device)
    return added.masked_fill(~sees, unseen)[:, None].to(to.device)
