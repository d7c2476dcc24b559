"""Color, saturation and detail are measured, whatever the background of a cut-out is."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from shared.domain.images.picture_alpha import ALPHA
from shared.domain.taste import Element
from shared.vlm.pictures.measured_words import EDGES, HUES, SATURATIONS, measure
from shared.vlm.pictures.visible_part import visible_part
from training.prefersim.drawing import sharpness
from training.prefersim.values import vocabulary


def words(picture: Image.Image) -> dict[Element, str]:
    return measure(picture, visible_part(picture)).words


def plain(hue: float, saturation: float, value: float = 0.8) -> Image.Image:
    color = (round(255 * hue / 360), round(255 * saturation), round(255 * value))
    return Image.new("HSV", (120, 90), color).convert("RGB")


def cut_out(background: str) -> Image.Image:
    picture = Image.new("RGB", (200, 160), background)
    ImageDraw.Draw(picture).ellipse((60, 40, 150, 120), fill=(200, 60, 50))
    ImageDraw.Draw(picture).ellipse((90, 60, 110, 80), fill=(120, 40, 30))
    return picture


def test_the_names_and_levels_are_those_of_the_simulator() -> None:
    assert dict(vocabulary.HUES) == dict(HUES)
    assert dict(vocabulary.CHROMA) == dict(SATURATIONS)
    assert dict(sharpness.EDGES) == dict(EDGES)


@pytest.mark.parametrize("color", HUES)
def test_a_plain_picture_has_the_color_of_its_hue(color: str) -> None:
    assert words(plain(HUES[color], 0.7))[Element.COLOR] == color


@pytest.mark.parametrize("level", SATURATIONS)
def test_a_plain_picture_has_the_level_of_its_saturation(level: str) -> None:
    assert words(plain(100, SATURATIONS[level]))[Element.SATURATION] == level


def test_a_gray_picture_has_no_color() -> None:
    assert Element.COLOR not in words(Image.new("RGB", (64, 64), (128, 128, 128)))
    assert Element.COLOR not in words(plain(30, 0.02))


def test_two_colors_have_the_name_of_the_one_with_more_chroma() -> None:
    picture = plain(235, 0.8)
    picture.paste(plain(56, 0.8).crop((0, 0, 50, 90)), (0, 0))
    assert words(picture)[Element.COLOR] == "blue"


def test_a_colored_background_counts() -> None:
    assert words(cut_out("#2255cc"))[Element.COLOR] == "blue"


def test_finer_structure_is_more_detail() -> None:
    levels = []
    for cells in (1, 6, 14, 42):
        checks = np.indices((84, 84)).sum(0) * cells // 84 % 2
        pixels = np.repeat((90 + 120 * checks).astype(np.uint8)[..., None], 3, axis=2)
        levels.append(tuple(EDGES).index(words(Image.fromarray(pixels))[Element.DETAIL]))
    assert levels == sorted(levels)
    assert levels[0] < levels[-1]


@pytest.mark.parametrize("background", ["white", "black", "#808080"])
def test_a_cut_out_has_the_same_words_on_every_neutral_background(background: str) -> None:
    on_white, other = words(cut_out("white")), words(cut_out(background))
    assert on_white[Element.COLOR] == other[Element.COLOR] == "red"
    assert on_white[Element.SATURATION] == other[Element.SATURATION]


def test_soft_shadows_are_not_visible_where_the_alpha_channel_is_known() -> None:
    picture = cut_out("white")
    alpha = Image.new("L", picture.size, 0)
    ImageDraw.Draw(alpha).ellipse((60, 40, 150, 120), fill=255)
    ImageDraw.Draw(picture).rectangle((60, 125, 190, 150), fill=(190, 190, 190))
    ImageDraw.Draw(alpha).rectangle((60, 125, 190, 150), fill=80)
    without_alpha = measure(picture, visible_part(picture))
    picture.info[ALPHA] = alpha
    assert words(picture) == words(cut_out("white"))
    assert measure(picture, visible_part(picture)).saturation > without_alpha.saturation


def test_a_picture_of_one_color_is_visible_as_a_whole() -> None:
    part = visible_part(Image.new("RGB", (50, 40), "white"))
    assert part.mask.all()
    assert part.share == 1


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (2000, 2)])
def test_extreme_shapes_are_measured(size: tuple[int, int]) -> None:
    assert set(words(Image.new("RGB", size, (200, 30, 30)))) == {
        Element.COLOR,
        Element.SATURATION,
        Element.DETAIL,
    }
