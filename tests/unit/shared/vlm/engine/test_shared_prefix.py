"""Rows with a common prefix share a pass, and every row is in exactly one pass."""

import pytest

from shared.vlm.engine.shared_prefix import MAX_ROWS, MIN_SHARED_ROWS, group_by_prefix

SEVERAL = MIN_SHARED_ROWS
FEW = MIN_SHARED_ROWS - 1


@pytest.mark.parametrize(
    ("prefixes", "expected"),
    [
        ("", []),
        ("a", [[0]]),
        ("abc", [[0, 1, 2]]),
        ("a" * SEVERAL, [[*range(SEVERAL)]]),
        ("b" + "a" * SEVERAL + "c", [[*range(1, SEVERAL + 1)], [0, SEVERAL + 1]]),
        ("ab" * SEVERAL, [[*range(0, 2 * SEVERAL, 2)], [*range(1, 2 * SEVERAL, 2)]]),
        ("a" * FEW + "b" * FEW, [[*range(2 * FEW)]]),
        ("a" * (MAX_ROWS + 1), [[*range(MAX_ROWS)], [MAX_ROWS]]),
    ],
)
def test_rows_are_grouped_by_prefix(prefixes: str, expected: list[list[int]]) -> None:
    assert group_by_prefix(prefixes) == expected


def test_no_row_is_left_out_or_computed_twice() -> None:
    prefixes = [number * number % 17 for number in range(200)]
    assert sorted(row for rows in group_by_prefix(prefixes) for row in rows) == [*range(200)]
