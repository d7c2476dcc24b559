"""Fill each batch with rows of about one size, in an order of chance: a long row pads all others.

A prediction has ten images where a score has one. Mixed, fifteen scores of a batch are padded to
the prediction's length, and a step took ten times as long as of scores alone (training/LOG.md).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from torch.utils.data import Sampler

from training.finetuning.data.cases import Example

ANSWER_STEP = 160
"""Letters by which answers count as of another size: scores have under 100, reasons over 300."""


def size_of(example: Example) -> tuple[int, int]:
    """What a row is padded by: its images, and how long its answer is."""
    return len(example.images), len(example.answer) // ANSWER_STEP


def even_order(sizes: Sequence[Hashable], *, batch: int, seed: int) -> list[int]:
    """All rows, cut by `batch` into rows of one size; what is left over of each size comes last."""
    rng = np.random.default_rng((seed, 0xE7E4))
    by_size: dict[Hashable, list[int]] = defaultdict(list)
    for row in rng.permutation(len(sizes)):
        by_size[sizes[row]].append(int(row))
    batches: list[tuple[float, list[int]]] = []
    left = []
    for rows in by_size.values():
        whole = len(rows) - len(rows) % batch
        begin = rng.random()
        # Each size evenly over the whole: a run that ends early has met every one.
        batches += [
            ((number + begin) / (whole // batch), rows[number * batch : (number + 1) * batch])
            for number in range(whole // batch)
        ]
        left += rows[whole:]
    return [row for _, rows in sorted(batches) for row in rows] + left


class EvenBatches(Sampler[int]):
    """The same order for a seed, and another one each time through; resumption relies on it."""

    def __init__(self, sizes: Sequence[Hashable], *, batch: int, seed: int) -> None:
        self._sizes, self._batch, self._seed = sizes, batch, seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._sizes)

    def __iter__(self) -> Iterator[int]:
        return iter(even_order(self._sizes, batch=self._batch, seed=self._seed + self._epoch))


def evenly_batched(trainer: Any, sizes: Sequence[Hashable], *, batch: int, seed: int) -> Any:
    """A trainer of the library whose batches are even."""
    sampler = EvenBatches(sizes, batch=batch, seed=seed)
    trainer._get_train_sampler = lambda dataset=None: sampler
    return trainer
