"""Several processes give the results of one process, and a dead process raises an error."""

import os

import pytest

from training.prefersim.drawing.parallel import WorkerDied, map_in_order

LAST = 7


def _doubled(number: int) -> int:
    return 2 * number


def _exit_at_the_last(number: int) -> int:
    if number == LAST:
        os._exit(1)  # like the kernel when memory is short
    return number


def _fail_at_the_last(number: int) -> int:
    if number == LAST:
        raise ValueError("cannot be drawn")
    return number


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("chunksize", [1, 3])
def test_results_are_in_the_order_of_the_items(workers: int, chunksize: int) -> None:
    results = map_in_order(_doubled, range(LAST + 1), workers=workers, chunksize=chunksize)
    assert list(results) == [2 * number for number in range(LAST + 1)]


def test_a_dead_process_raises_an_error_without_waiting() -> None:
    with pytest.raises(WorkerDied, match=r"one of 2 worker processes .* fewer workers"):
        list(map_in_order(_exit_at_the_last, range(LAST + 1), workers=2))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_of_the_function_is_raised_unchanged(workers: int) -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        list(map_in_order(_fail_at_the_last, range(LAST + 1), workers=workers))


def test_closing_the_iterator_does_not_wait_for_the_rest() -> None:
    results = map_in_order(_doubled, range(1000), workers=2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]  # a generator
