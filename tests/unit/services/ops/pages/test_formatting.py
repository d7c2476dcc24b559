"""Formatted numbers, ages and shapes of pages."""

import pytest

from services.ops.pages.rendering.formatting import count, duration, marked, milliseconds
from services.ops.pages.rendering.shapes import polyline, radar


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (9_999, "9,999"), (12_400, "12.4k"), (3_000_000, "3.0M")]
)
def test_large_counts_are_shortened(number: int, text: str) -> None:
    assert count(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (-3, "0 s"), (59, "59 s"), (120, "2 min"), (12_000, "3 h 20 min"), (9e5, "10 d")],
)
def test_ages_have_one_or_two_units(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_a_second_or_more_is_shown_in_seconds() -> None:
    assert [milliseconds(n) for n in (None, 4.4, 2400)] == ["-", "4 ms", "2.4 s"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("take `a<b` or", "take <code>a&lt;b</code> or"),
        ("one ` alone & <b>", "one ` alone &amp; &lt;b&gt;"),
        ("plain", "plain"),
    ],
)
def test_code_in_a_text_is_marked_and_everything_escaped(text: str, html: str) -> None:
    assert marked(text) == html


def test_a_full_score_reaches_the_rim_and_a_zero_score_the_center() -> None:
    assert radar([5, 0]).split() == ["50,14", "50,50"]


def test_a_line_goes_from_left_to_right_below_its_top() -> None:
    assert polyline([0, 5, 20], 100, 50, 10) == "0.0,50.0 50.0,25.0 100.0,0.0"
    assert polyline([], 100, 50, 10) == ""
