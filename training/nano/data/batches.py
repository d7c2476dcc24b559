"""Turn rows into tensors: token ids padded to their task's length, and the labels of the answers.

Every step of a task has one shape, so that compiled blocks are compiled once a task. There is no
packing and no accumulation: a batch is as many rows as its tokens allow.
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
"""Tokens that a row of each task is padded to: of the longest one (two words everywhere), or of a
task like it, because every other length is compiled anew; a test holds them."""
TOKENS_A_STEP: Final = 5800
PLACEHOLDER: Final = 2
"""The digit that scoring forces in place of those before it, to read all five in one pass."""
HIDDEN_SHARE: Final = 0.5
"""Of score rows: their digits read as the placeholder, so that no digit leans on another."""
NO_LABEL: Final = -100


@dataclass(frozen=True)
class Batch:
    """Rows of one task: what the model reads, what it should say, and which drawings it sees."""

    ids: Tensor  # (B, T)
    labels: Tensor  # (B, T), NO_LABEL outside the answers
    drawings: Tensor  # (images,)

    def answers(self) -> tuple[Tensor, Tensor]:
        """Where, of all B x T places in a row, an answer's next token is told, and which: (n,)."""
        told = self.labels[:, 1:] != NO_LABEL
        rows, places = told.nonzero(as_tuple=True)
        return rows * self.ids.shape[1] + places, self.labels[:, 1:][told]


def batch_at(
    step: int,
    *,
    task: Task,
    tokenizer: Any,
    pool: Pool,
    seed: int,
    tokens: int = TOKENS_A_STEP,
) -> Batch:
    """The batch of one step, drawn from (seed, step): a resumed training meets the same ones."""
    rng = np.random.default_rng((seed, step))
    shape = _references_shown(task, rng)
    count = max(1, tokens // LENGTHS[task])
    rows = [draw_row(task, rng, pool, shape=shape) for _ in range(count)]
    batch = encode(tokenizer, rows, length=LENGTHS[task])
    if task in ("easy", "assess"):
        hidden = torch.from_numpy(rng.random(count) < HIDDEN_SHARE)
        return Batch(without_digits(tokenizer, batch.ids, hidden), batch.labels, batch.drawings)
    return batch


def _references_shown(task: Task, rng: np.random.Generator) -> tuple[int, int]:
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
    for k, (asked, answered) in enumerate(zip(questions, answers, strict=True)):
        end = len(asked) + len(answered)
        if end > length:
            raise ValueError(f"A row has {end} tokens, more than {length}: raise LENGTHS.")
        ids[k, :end] = torch.tensor(asked + answered)
        labels[k, len(asked) : end] = torch.tensor(answered)
    return Batch(ids, labels, torch.tensor([k for row in rows for k in row.drawings]))


def question(tokenizer: Any, row: Row) -> str:
    """The chat up to the answer, as the processor writes it: an image is its nine tokens."""
    chat = tokenizer.apply_chat_template(
        row.prompt.messages(), add_generation_prompt=True, tokenize=False
    )
    return str(chat).replace(IMAGE_PAD, IMAGE_PAD * GRID.tokens)


def without_digits(tokenizer: Any, ids: Tensor, rows: Tensor) -> Tensor:
    """The digits of the chosen rows (B,) replaced by the placeholder."""
    digits = digit_ids(tokenizer)
    hide = torch.isin(ids, digits) & rows[:, None]
    return torch.where(hide, digits[PLACEHOLDER], ids)


def digit_ids(tokenizer: Any) -> Tensor:
    """The tokens of the digits 0-5."""
    return torch.tensor(tokenizer.convert_tokens_to_ids([f" {digit}" for digit in DIGITS]))
