"""Photographs with a color profile are described like their sRGB twins, by the shipped model."""

import asyncio
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import skimage
from PIL import Image

from shared.domain.taste import ELEMENTS, Element
from shared.images.decoding.decoder import decode
from shared.images.decoding.image_file import read_image
from shared.images.settings import ImageSettings
from shared.vlm.factory import open_model
from shared.vlm.protocol import Description
from shared.vlm.settings import ModelSettings
from tests.unit.shared.images.bad_images import encoded
from tests.unit.shared.images.decoding.profiles import PROFILES, converted

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]
PHOTOGRAPHS: Final = (
    *("astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "coffee.png"),
    *("coins.png", "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png"),
    *("microaneurysms.png", "motorcycle_left.png", "motorcycle_right.png", "retina.jpg"),
    "rocket.jpg",
)
"""All photographs that are installed with scikit-image; half of them are gray or nearly so."""
MOST_DIFFERENT: Final = 1
"""13 of 14 must agree, in each element and for each profile."""
SETTINGS: Final = ImageSettings()


@pytest.fixture(scope="module")
def photographs() -> list[Image.Image]:
    folder = Path(skimage.__file__).parent / "data"
    return [read_image(folder / name, ImageSettings(max_image_side=800)) for name in PHOTOGRAPHS]


def described(images: list[Image.Image]) -> list[Description]:
    async def describe() -> list[Description]:
        async with open_model(ModelSettings()) as model:
            return await model.describe(images)

    return asyncio.run(describe())


def different(
    twins: list[Description], descriptions: list[Description], element: Element
) -> list[str]:
    """The photographs whose word for an element differs from that of their twin."""
    rows = zip(PHOTOGRAPHS, twins, descriptions, strict=True)
    return [name for name, twin, other in rows if twin.words[element] != other.words[element]]


@pytest.fixture(scope="module")
def twins(photographs: list[Image.Image]) -> list[Description]:
    return described([decode(encoded(p, "JPEG", quality=92), "", SETTINGS) for p in photographs])


@pytest.mark.parametrize("name", PROFILES)
def test_photographs_with_a_profile_get_the_words_of_their_srgb_twins(
    name: str, photographs: list[Image.Image], twins: list[Description]
) -> None:
    profile = PROFILES[name]
    files = [
        encoded(converted(photograph, profile), "JPEG", quality=92, icc_profile=profile)
        for photograph in photographs
    ]
    descriptions = described([decode(file, "", SETTINGS) for file in files])
    for element in ELEMENTS:
        names = different(twins, descriptions, element)
        assert len(names) <= MOST_DIFFERENT, f"{name}, {element}: {names}"


def test_without_their_profile_these_photographs_look_less_saturated(
    photographs: list[Image.Image], twins: list[Description]
) -> None:
    """The photographs are able to show the fault that the test above excludes."""
    files = [
        encoded(converted(photograph, PROFILES["ProPhoto RGB"]), "JPEG", quality=92)
        for photograph in photographs
    ]
    descriptions = described([decode(file, "", SETTINGS) for file in files])
    assert len(different(twins, descriptions, Element.SATURATION)) > MOST_DIFFERENT
    # Gray pixels are gray in every profile.
    colored = [p for p in photographs if np.asarray(p).std(-1).mean() > 5]
    assert len(colored) >= 8
