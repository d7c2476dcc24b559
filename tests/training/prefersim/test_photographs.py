"""Restyled photographs are measured as their labels; held-out photographs are separate."""

from functools import cache

import numpy as np
import pytest

from training.prefersim.drawing.colors import Pixels, measured_color
from training.prefersim.drawing.photographs import HELD_OUT, IN_TRAINING, draw_photographs
from training.prefersim.drawing.sharpness import EDGES, edges_of
from training.prefersim.values.vocabulary import CHROMA, HUES, SIZES, UNKNOWN_VALUE, Attributes

COUNT = 120


@cache
def photographs(held_out: bool) -> tuple[Pixels, Attributes]:
    return draw_photographs(np.random.default_rng(5), COUNT, held_out=held_out)


@pytest.mark.parametrize("held_out", [False, True])
def test_measured_color_saturation_and_detail_equal_the_labels(held_out: bool) -> None:
    pixels, rows = photographs(held_out)
    hue, chroma = measured_color(pixels)
    edges = edges_of(pixels.max(-1) / np.float32(255))
    hues, levels = np.array(tuple(HUES.values())), np.array(tuple(CHROMA.values()))
    distance = np.abs((hue[:, None] - hues + 180) % 360 - 180)
    assert (distance.argmin(1) == rows[:, 1]).mean() >= 0.98
    assert (np.abs(chroma[:, None] - levels).argmin(1) == rows[:, 3]).mean() >= 0.98
    ratio = np.abs(np.log(edges[:, None] / np.array(tuple(EDGES.values()))))
    assert (ratio.argmin(1) == rows[:, 4]).mean() >= 0.98


@pytest.mark.parametrize("held_out", [False, True])
def test_style_and_medium_are_unknown_and_other_elements_vary(held_out: bool) -> None:
    _, rows = photographs(held_out)
    assert (rows[:, [0, 2]] == UNKNOWN_VALUE).all()
    for element in (1, 3, 4):
        assert set(rows[:, element]) == set(range(SIZES[element]))


def test_no_photograph_is_in_training_and_held_out() -> None:
    assert not set(IN_TRAINING) & set(HELD_OUT)
    assert len(IN_TRAINING) == len(set(IN_TRAINING))


def test_crops_differ_and_a_seed_determines_them() -> None:
    pixels, rows = photographs(False)
    again, rows_again = draw_photographs(np.random.default_rng(5), COUNT)
    assert np.array_equal(pixels, again)
    assert np.array_equal(rows, rows_again)
    assert len({image.tobytes() for image in pixels}) == COUNT
