"""Weak cues stay readable; files vary in quality, size and aspect ratio, reproducibly."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.training.prefersim.drawings import drawings
from training.prefersim.drawing.colors import measured_color
from training.prefersim.drawing.degradations import (
    CLEAN,
    HALF,
    SIZES_OF_FILES,
    WIDEST,
    apply,
    as_file,
    degrade,
    degrade_to_canvas,
    draw_degradation,
    draw_strength,
)
from training.prefersim.drawing.renderer import render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.scales import toward_middle
from training.prefersim.values.vocabulary import CHROMA, HUES, sample_attributes


def test_the_clean_degradation_changes_no_byte() -> None:
    drawing = drawings(50, seed=3)[0][0]
    assert np.array_equal(np.asarray(apply(drawing, CLEAN, np.random.default_rng(0))), drawing)


def test_a_seed_determines_the_file() -> None:
    drawing = drawings(50, seed=3)[0][0]
    for seed in range(20):
        rng, again = np.random.default_rng(seed), np.random.default_rng(seed)
        degradation = draw_degradation(rng)
        assert degradation == draw_degradation(again)
        assert as_file(drawing, degradation, rng) == as_file(drawing, degradation, again)


def test_a_file_decodes_to_the_degraded_image() -> None:
    drawing = drawings(50, seed=3)[0][0]
    for seed in range(20):
        rng, again = np.random.default_rng(seed), np.random.default_rng(seed)
        degradation = draw_degradation(rng)
        with Image.open(io.BytesIO(as_file(drawing, degradation, rng))) as file:
            assert file.format == ("PNG" if degradation.quality is None else "JPEG")
            decoded = np.asarray(file.convert("RGB"))
        assert np.array_equal(decoded, np.asarray(degrade(drawing, again)))


def test_sizes_and_aspect_ratios_vary_within_their_bounds() -> None:
    drawing = drawings(50, seed=3)[0][0]
    rng = np.random.default_rng(0)
    sizes = np.array([degrade(drawing, rng).size for _ in range(200)])
    longer, ratio = sizes.max(1), sizes[:, 0] / sizes[:, 1]
    smallest, largest = SIZES_OF_FILES
    assert smallest - 1 <= longer.min() < smallest * 1.2
    assert largest * 0.85 < longer.max() <= largest + 1
    assert 1 / WIDEST - 0.03 <= ratio.min() < 0.8
    assert 1.25 < ratio.max() <= WIDEST + 0.05


def test_every_degradation_is_sometimes_applied_and_sometimes_not() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_degradation(rng) for _ in range(300)]
    for applied in (
        [degradation.blur > 0 for degradation in drawn],
        [degradation.noise > 0 for degradation in drawn],
        [degradation.quality is not None for degradation in drawn],
    ):
        assert 0.2 < np.mean(applied) < 0.85


@pytest.mark.parametrize(("blur", "noise"), [(0.9, 0.0), (0.0, 15.0)])
def test_a_stronger_degradation_changes_the_drawing_more(blur: float, noise: float) -> None:
    drawing = drawings(50, seed=3)[0][0].astype(float)

    def distance(share: float) -> float:
        degradation = replace(CLEAN, blur=blur * share, noise=noise * share)
        image = apply(drawing.astype(np.uint8), degradation, np.random.default_rng(0))
        return float(np.abs(np.asarray(image, float) - drawing).mean())

    assert 0 < distance(0.5) < distance(1)


def test_degraded_drawings_are_resized_to_the_canvas() -> None:
    pixels = drawings(50, seed=3)[0][:8]
    degraded = degrade_to_canvas(pixels, np.random.default_rng(0))
    assert degraded.shape == pixels.shape
    assert degraded.dtype == np.uint8


def test_a_cue_at_half_strength_is_measured_nearest_to_its_own_value() -> None:
    rng = np.random.default_rng(4)
    rows = sample_attributes(rng, 200)
    strength = np.full((200, 5), HALF, np.float32)
    hue, chroma = measured_color(render(draw_scenes(rng, 200), rows, rng, strength))
    hues, levels = np.array(tuple(HUES.values())), np.array(tuple(CHROMA.values()))
    distance = np.abs((hue[:, None] - hues + 180) % 360 - 180)
    assert (distance.argmin(1) == rows[:, 1]).mean() >= 0.99
    assert (np.abs(chroma[:, None] - levels).argmin(1) == rows[:, 3]).mean() >= 0.99


def test_a_weak_value_on_a_scale_moves_to_the_middle_and_stays_nearest_to_its_level() -> None:
    levels, chosen = np.array([0.0, 0.2, 0.5, 0.9]), np.arange(4)
    full = toward_middle(levels, chosen, np.ones(4, np.float32))
    weak = toward_middle(levels, chosen, np.full(4, HALF, np.float32))
    assert np.allclose(full, levels)
    assert np.allclose(weak, [0.05, 0.275, 0.425, 0.8])
    assert (np.abs(weak[:, None] - levels).argmin(1) == chosen).all()


def test_cues_have_full_or_half_strength() -> None:
    strength = draw_strength(np.random.default_rng(0), 400)
    assert strength.shape == (400, 5)
    assert set(np.unique(strength)) == {0.5, 1.0}
    assert ((strength == HALF).mean(0) > 0.2).all()
