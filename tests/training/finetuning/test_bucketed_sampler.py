"""Rows of one size share a batch, every row comes once, and a seed always gives the same order."""

from training.finetuning.sft.bucketed_sampler import BucketedSampler, bucketed_order

SIZES = ["score"] * 37 + ["predict"] * 9 + ["explain"] * 5


def test_batches_hold_rows_of_one_size_but_for_what_is_left_over() -> None:
    order = bucketed_order(SIZES, batch=4, seed=1)
    assert sorted(order) == list(range(len(SIZES)))
    batches = [{SIZES[row] for row in order[at : at + 4]} for at in range(0, 48, 4)]
    assert sum(len(kinds) == 1 for kinds in batches) >= 9 + 2 + 1
    assert batches[0] != batches[1] or batches[1] != batches[2] or len(batches) > 3


def test_each_time_through_is_another_order_that_can_be_had_again() -> None:
    sampler, again = (BucketedSampler(SIZES, batch=4, seed=3) for _ in range(2))
    first = list(sampler)
    sampler.set_epoch(1)
    again.set_epoch(1)
    assert list(sampler) == list(again) != first
    assert len(sampler) == len(SIZES)
