"""A resized or re-encoded image is a duplicate; a drawing that differs in one element is not."""

import io

import numpy as np
import pytest
from PIL import Image

from shared.domain.taste import ELEMENTS
from training.dataset.near_duplicates import groups, same_image, signature
from training.prefersim.drawing.renderer import Pixels, as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import SIZES, sample_attributes

DRAWINGS = 40


def _drawings(seed: int) -> list[Image.Image]:
    rng = np.random.default_rng(seed)
    values = sample_attributes(rng, DRAWINGS)
    return [_file(p) for p in render(draw_scenes(rng, DRAWINGS), values, rng)]


def _file(pixels: Pixels) -> Image.Image:
    """A drawing as large as the image files of users."""
    return as_image(pixels).resize((336, 336), Image.Resampling.NEAREST)


@pytest.mark.parametrize("change", ["jpeg", "half", "double"])
def test_a_picture_saved_otherwise_is_the_same_image(change: str) -> None:
    same = 0
    for drawing in _drawings(1):
        if change == "jpeg":
            buffer = io.BytesIO()
            drawing.save(buffer, "JPEG", quality=75)
            other = Image.open(buffer)
        else:
            factor = 0.5 if change == "half" else 2
            side = int(drawing.width * factor)
            other = drawing.resize((side, side), Image.Resampling.BICUBIC)
        same += same_image(signature(drawing), signature(other))
    assert same >= 0.9 * DRAWINGS


@pytest.mark.parametrize("element", range(len(ELEMENTS)), ids=[e.value for e in ELEMENTS])
def test_a_drawing_that_differs_in_one_element_is_a_different_image(element: int) -> None:
    rng = np.random.default_rng(2)
    one = sample_attributes(rng, DRAWINGS)
    other = one.copy()
    other[:, element] = (other[:, element] + SIZES[element] // 2) % SIZES[element]
    scenes = draw_scenes(rng, DRAWINGS)
    first = [_file(p) for p in render(scenes, one, np.random.default_rng(3))]
    second = [_file(p) for p in render(scenes, other, np.random.default_rng(3))]
    different = sum(
        not same_image(signature(a), signature(b)) for a, b in zip(first, second, strict=True)
    )
    assert different >= 0.9 * DRAWINGS


def test_groups_find_every_copy_and_nothing_else() -> None:
    drawings = _drawings(4)
    signatures = {f"{n:03}": signature(d) for n, d in enumerate(drawings)}
    copies = {
        f"copy-{n:03}": signature(d.resize((200, 200), Image.Resampling.BICUBIC))
        for n, d in enumerate(drawings[:10])
    }
    first_names = groups(signatures | copies)
    assert all(first_names[name] == name for name in signatures)
    assert sum(first_names[name] == name.removeprefix("copy-") for name in copies) >= 9
