"""The five elements are drawn into different things: none can be told from another's pixels."""

import time
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from shared.domain.taste import ELEMENTS
from tests.training.prefersim.drawings import draw, drawings
from tests.training.prefersim.probe import Probe, fit
from training.prefersim.drawing.colors import measured_color
from training.prefersim.drawing.renderer import render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import CHROMA, HUES, SIZES, Attributes, sample_attributes

STYLE, COLOR, MEDIUM, SATURATION, DETAIL = range(5)
OF_LIGHT = (STYLE, MEDIUM, DETAIL)
OF_COLOR = (COLOR, SATURATION)
READ_AT_LEAST = {STYLE: 0.82, MEDIUM: 0.94, DETAIL: 0.65}
"""What a linear map on pooled patches reaches; a network that sees the whole image gets further."""
TESTED = 800
EXCHANGED = 400
TWO = [(element, other) for element in OF_LIGHT for other in range(5) if element != other]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@cache
def probe() -> Probe:
    return fit(*drawings(4000, seed=1))


@cache
def read() -> tuple[Attributes, Attributes]:
    """What the probe reads in new drawings, and what they show."""
    pixels, truth = drawings(TESTED, seed=2)
    return probe().read(pixels), truth


def another_value(truth: Attributes, element: int) -> Attributes:
    """The same rows, with every value of one element exchanged."""
    rng = np.random.default_rng(element)
    swapped = truth.copy()
    steps = rng.integers(1, SIZES[element], len(truth))
    swapped[:, element] = (truth[:, element] + steps) % SIZES[element]
    return swapped


@cache
def right_with_exchanged(other: int | None) -> npt.NDArray[np.bool_]:
    """Whether each element is read rightly, on the same scenes, with one element exchanged."""
    truth = drawings(TESTED, seed=2)[1][:EXCHANGED]
    shown = truth if other is None else another_value(truth, other)
    return np.asarray(probe().read(draw(shown, seed=7)) == shown)


def named_color(hue: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    apart = np.abs((hue[:, None] - np.array(tuple(HUES.values())) + 180) % 360 - 180)
    return apart.argmin(1)


def named_saturation(chroma: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    return np.abs(chroma[:, None] - np.array(tuple(CHROMA.values()))).argmin(1)


@pytest.mark.parametrize("element", OF_LIGHT)
def test_a_linear_probe_reads_style_medium_and_detail_from_the_light(element: int) -> None:
    told, truth = read()
    assert (told[:, element] == truth[:, element]).mean() >= READ_AT_LEAST[element]


def test_a_misread_detail_is_nearly_always_the_neighbor() -> None:
    told, truth = read()
    assert (np.abs(told - truth)[:, DETAIL] <= 1).mean() >= 0.97


@pytest.mark.parametrize("element", OF_COLOR)
def test_the_light_says_nothing_of_color_and_saturation(element: int) -> None:
    told, truth = read()
    assert (told[:, element] == truth[:, element]).mean() <= 1 / SIZES[element] + 0.05


@pytest.mark.parametrize("element", OF_COLOR)
def test_the_light_of_a_drawing_stays_to_the_byte_when_its_color_is_exchanged(element: int) -> None:
    truth = drawings(TESTED, seed=2)[1][:100]
    before, after = draw(truth, seed=7), draw(another_value(truth, element), seed=7)
    assert not np.array_equal(before, after)
    assert np.array_equal(before.max(-1), after.max(-1))


def test_color_and_saturation_are_measured_back_whatever_else_is_shown() -> None:
    pixels, truth = drawings(TESTED, seed=2)
    hue, chroma = measured_color(pixels)
    assert (named_color(hue) == truth[:, COLOR]).all()
    assert (named_saturation(chroma) == truth[:, SATURATION]).all()


@pytest.mark.parametrize("other", OF_LIGHT)
def test_a_drawing_keeps_its_color_and_saturation_when_another_element_is_exchanged(
    other: int,
) -> None:
    truth = drawings(TESTED, seed=2)[1][:200]
    hue, chroma = measured_color(draw(truth, seed=7))
    hue_after, chroma_after = measured_color(draw(another_value(truth, other), seed=7))
    moved = np.abs((hue_after - hue + 180) % 360 - 180)
    # Colors lie 27 degrees apart and saturations .16.
    assert moved.max() <= 13
    assert moved.mean() <= 4
    assert np.abs(chroma_after - chroma).mean() <= 0.05


@pytest.mark.parametrize(("element", "other"), TWO)
def test_what_the_probe_reads_stays_right_when_another_element_is_exchanged(
    element: int, other: int
) -> None:
    before, after = (right_with_exchanged(o)[:, element].mean() for o in (None, other))
    assert after >= before - 0.06


@pytest.mark.parametrize(("element", "other"), TWO)
def test_knowing_one_element_does_not_help_to_guess_another(element: int, other: int) -> None:
    told, truth = read()
    counts = np.zeros((SIZES[element], SIZES[other]))
    np.add.at(counts, (told[:, element], truth[:, other]), 1)
    best_guess = counts.max(1).sum() / counts.sum()
    blind_guess = counts.sum(0).max() / counts.sum()
    assert best_guess <= blind_guess + 0.08


def test_a_core_draws_two_hundred_images_a_second() -> None:
    rng = np.random.default_rng(0)
    rows = sample_attributes(rng, 50)
    render(draw_scenes(rng, 50), rows, rng)
    start = time.process_time()
    for _ in range(4):
        render(draw_scenes(rng, 50), rows, rng)
    assert 200 / (time.process_time() - start) >= 200


def test_every_element_has_the_values_that_were_promised() -> None:
    least = dict(zip(ELEMENTS, (12, 12, 6, 5, 4), strict=True))
    assert all(size >= least[e] for e, size in zip(ELEMENTS, SIZES, strict=True))
