"""Rows that begin alike are read together, and every row is read once."""

import pytest

from shared.vlm.engine.shared_prefix import MOST, WORTH_SHARING, passes

SEVERAL = WORTH_SHARING
FEW = WORTH_SHARING - 1


@pytest.mark.parametrize(
    ("beginnings", "expected"),
    [
        ("", []),
        ("a", [[0]]),
        ("abc", [[0, 1, 2]]),
        ("a" * SEVERAL, [[*range(SEVERAL)]]),
        ("b" + "a" * SEVERAL + "c", [[*range(1, SEVERAL + 1)], [0, SEVERAL + 1]]),
        ("ab" * SEVERAL, [[*range(0, 2 * SEVERAL, 2)], [*range(1, 2 * SEVERAL, 2)]]),
        ("a" * FEW + "b" * FEW, [[*range(2 * FEW)]]),
        ("a" * (MOST + 1), [[*range(MOST)], [MOST]]),
    ],
)
def test_passes(beginnings: str, expected: list[list[int]]) -> None:
    assert passes(beginnings) == expected


def test_no_row_is_left_out_or_read_twice() -> None:
    beginnings = [number * number % 17 for number in range(200)]
    assert sorted(place for one in passes(beginnings) for place in one) == [*range(200)]
