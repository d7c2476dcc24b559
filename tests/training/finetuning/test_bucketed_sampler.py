"""Batches hold rows of one size, every row occurs once, and a seed always gives the same order."""

from collections import Counter

import pytest

from training.finetuning.sft.bucketed_sampler import BucketedSampler, bucketed_order

SIZES = ["score"] * 37 + ["predict"] * 9 + ["explain"] * 5
BATCH = 4


def batches(seed: int) -> list[list[str]]:
    """The sizes of the rows of each batch; the last batch is incomplete."""
    order = bucketed_order(SIZES, batch=BATCH, seed=seed)
    assert sorted(order) == list(range(len(SIZES)))
    return [[SIZES[row] for row in order[at : at + BATCH]] for at in range(0, len(SIZES), BATCH)]


@pytest.mark.parametrize("seed", range(5))
def test_all_batches_hold_rows_of_one_size_and_the_remaining_rows_come_last(seed: int) -> None:
    *complete, rest = batches(seed)
    assert all(len(set(sizes)) == 1 for sizes in complete)
    assert Counter(sizes[0] for sizes in complete) == {"score": 9, "predict": 2, "explain": 1}
    assert sorted(rest) == ["explain", "predict", "score"]


@pytest.mark.parametrize("seed", range(20))
def test_the_batches_of_a_size_are_spread_evenly_over_the_order(seed: int) -> None:
    sizes = [batch[0] for batch in batches(seed)[:-1]]
    first, second = (at for at, size in enumerate(sizes) if size == "predict")
    assert sizes[first:second].count("score") in (4, 5)


def test_each_epoch_has_its_own_order_and_a_seed_repeats_it() -> None:
    sampler, repeated = (BucketedSampler(SIZES, batch=BATCH, seed=3) for _ in range(2))
    first = list(sampler)
    sampler.set_epoch(1)
    repeated.set_epoch(1)
    assert list(sampler) == list(repeated) != first
    assert len(sampler) == len(SIZES)
