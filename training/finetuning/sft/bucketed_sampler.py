"""Fill each batch with rows of about the same length, so that little is padded.

A prediction has ten images, a score has one. In a mixed batch, fifteen scores are padded to the
length of one prediction. Such a step took ten times as long as one with scores only
(training/LOG.md).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from torch.utils.data import Sampler

from training.finetuning.data.cases import Example

ANSWER_STEP = 160
"""Characters of one size class of answers: scores have under 100, rationales over 300."""


def size_of(example: Example) -> tuple[int, int]:
    """Size class of a row: number of images, and length of the answer."""
    return len(example.images), len(example.answer) // ANSWER_STEP


def bucketed_order(sizes: Sequence[Hashable], *, batch: int, seed: int) -> list[int]:
    """Row numbers so that each `batch` has one size; incomplete batches of all sizes come last."""
    rng = np.random.default_rng((seed, 0xE7E4))
    by_size: dict[Hashable, list[int]] = defaultdict(list)
    for row in rng.permutation(len(sizes)):
        by_size[sizes[row]].append(int(row))
    batches: list[tuple[float, list[int]]] = []
    left = []
    for rows in by_size.values():
        whole = len(rows) - len(rows) % batch
        begin = rng.random()
        # Each size is spread evenly over the order: a run that ends early has seen all sizes.
        batches += [
            ((number + begin) / (whole // batch), rows[number * batch : (number + 1) * batch])
            for number in range(whole // batch)
        ]
        left += rows[whole:]
    return [row for _, rows in sorted(batches) for row in rows] + left


class BucketedSampler(Sampler[int]):
    """A fixed order for a seed and an epoch; resumption relies on it."""

    def __init__(self, sizes: Sequence[Hashable], *, batch: int, seed: int) -> None:
        self._sizes, self._batch, self._seed = sizes, batch, seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._sizes)

    def __iter__(self) -> Iterator[int]:
        return iter(bucketed_order(self._sizes, batch=self._batch, seed=self._seed + self._epoch))


def with_bucketed_batches(trainer: Any, sizes: Sequence[Hashable], *, batch: int, seed: int) -> Any:
    """The same TRL trainer, with batches of rows of one size."""
    sampler = BucketedSampler(sizes, batch=batch, seed=seed)
    trainer._get_train_sampler = lambda dataset=None: sampler
    return trainer
