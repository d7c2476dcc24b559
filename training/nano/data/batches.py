"""Turn rows into tensors: padded token ids, and labels of the answers.

All rows of a task are padded to one length, so compiled blocks are compiled once for each task.
There is no packing and no gradient accumulation: a batch has as many rows as fit its tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from training.nano.data.image_pool import Pool
from training.nano.data.rows import COMPARED, EIGHT, FEWER, FULL, Row, Task, draw_row
from training.nano.model.architecture import GRID
from training.nano.model.vocabulary import DIGITS, IMAGE_PAD, TURN_END

LENGTHS: Final[Mapping[Task, int]] = {
    "describe": 40,
    "easy": 98,
    "assess": 98,
    "explain": 134,
    "predict": 184,
    "predict_eight": 250,
    "predict_fewer": 184,
    "compare": 360,
}
"""Tokens that rows of a task are padded to: the longest row (two words everywhere), or the length
of a similar task, because each length is compiled separately; a test checks them."""
TOKENS_PER_STEP: Final = 5800
PLACEHOLDER: Final = 2
"""The digit that scoring puts in place of the earlier digits, to read all five in one pass."""
HIDDEN_SHARE: Final = 0.5
"""Share of score rows with placeholders for digits, so that no digit depends on an earlier one."""
NO_LABEL: Final = -100


@dataclass(frozen=True)
class Batch:
    """Rows of one task: input tokens, labels, and the images of the prompts."""

    ids: Tensor  # (B, T)
    labels: Tensor  # (B, T), NO_LABEL outside the answers
    images: Tensor  # (images,) positions in the pool

    def answers(self) -> tuple[Tensor, Tensor]:
        """Positions in the flattened (B x T) batch that predict an answer token, and these tokens.

        Both are (n,).
        """
        labelled = self.labels[:, 1:] != NO_LABEL
        rows, positions = labelled.nonzero(as_tuple=True)
        return rows * self.ids.shape[1] + positions, self.labels[:, 1:][labelled]


def batch_at(
    step: int,
    *,
    task: Task,
    tokenizer: Any,
    pool: Pool,
    seed: int,
    tokens: int = TOKENS_PER_STEP,
) -> Batch:
    """The batch of one step, drawn from (seed, step): a resumed training gets the same batches."""
    rng = np.random.default_rng((seed, step))
    shape = _reference_counts(task, rng)
    count = max(1, tokens // LENGTHS[task])
    rows = [draw_row(task, rng, pool, shape=shape) for _ in range(count)]
    batch = encode(tokenizer, rows, length=LENGTHS[task])
    if task in ("easy", "assess"):
        hidden = torch.from_numpy(rng.random(count) < HIDDEN_SHARE)
        return Batch(without_digits(tokenizer, batch.ids, hidden), batch.labels, batch.images)
    return batch


def _reference_counts(task: Task, rng: np.random.Generator) -> tuple[int, int]:
    match task:
        case "predict_fewer":
            return FEWER[rng.integers(len(FEWER))]
        case "predict_eight":
            return EIGHT
        case "compare":
            return COMPARED[rng.integers(len(COMPARED))]
        case _:
            return FULL


def encode(tokenizer: Any, rows: Sequence[Row], *, length: int) -> Batch:
    """Token ids and labels, padded on the right to `length`."""
    ids = torch.full((len(rows), length), tokenizer.pad_token_id)
    labels = torch.full((len(rows), length), NO_LABEL)
    questions = tokenizer([question(tokenizer, row) for row in rows])["input_ids"]
    answers = tokenizer([row.answer + TURN_END for row in rows])["input_ids"]
    for k, (prompt_ids, answer_ids) in enumerate(zip(questions, answers, strict=True)):
        begin, end = len(prompt_ids), len(prompt_ids) + len(answer_ids)
        if end > length:
            raise ValueError(f"A row has {end} tokens, more than {length}: raise LENGTHS.")
        ids[k, :end] = torch.tensor(prompt_ids + answer_ids)
        labels[k, begin:end] = torch.tensor(answer_ids)
    return Batch(ids, labels, torch.tensor([k for row in rows for k in row.images]))


def question(tokenizer: Any, row: Row) -> str:
    """The chat up to the answer, as the processor writes it; an image is nine tokens."""
    chat = tokenizer.apply_chat_template(
        row.prompt.messages(), add_generation_prompt=True, tokenize=False
    )
    return str(chat).replace(IMAGE_PAD, IMAGE_PAD * GRID.tokens)


def without_digits(tokenizer: Any, ids: Tensor, rows: Tensor) -> Tensor:
    """Token ids with placeholders for the digits of the chosen rows (B,)."""
    digits = digit_ids(tokenizer)
    hide = torch.isin(ids, digits) & rows[:, None]
    return torch.where(hide, digits[PLACEHOLDER], ids)


def digit_ids(tokenizer: Any) -> Tensor:
    """The tokens of the digits 0-5."""
    return torch.tensor(tokenizer.convert_tokens_to_ids([f" {digit}" for digit in DIGITS]))
