"""Several processes give what one gives, and one that dies is heard of."""

import os

import pytest

from training.prefersim.drawing.parallel import WorkerEnded, in_order

LAST = 7


def _doubled(number: int) -> int:
    return 2 * number


def _ended_at_the_last(number: int) -> int:
    if number == LAST:
        os._exit(1)  # as the kernel ends a process when memory is short
    return number


def _refused_at_the_last(number: int) -> int:
    if number == LAST:
        raise ValueError("cannot be drawn")
    return number


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("at_once", [1, 3])
def test_everything_comes_back_in_its_order(workers: int, at_once: int) -> None:
    made = in_order(_doubled, range(LAST + 1), workers=workers, at_once=at_once)
    assert list(made) == [2 * number for number in range(LAST + 1)]


def test_a_process_that_dies_is_an_error_and_nobody_waits() -> None:
    with pytest.raises(WorkerEnded, match=r"one of 2 processes .* fewer workers"):
        list(in_order(_ended_at_the_last, range(LAST + 1), workers=2))


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_comes_back_as_it_was_raised(workers: int) -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        list(in_order(_refused_at_the_last, range(LAST + 1), workers=workers))


def test_who_wants_no_more_waits_for_no_more() -> None:
    made = in_order(_doubled, range(1000), workers=2)
    assert next(made) == 0
    made.close()  # type: ignore[attr-defined]  # a generator
