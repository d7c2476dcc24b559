"""The reference measures known pictures, and agrees with the measurement of the model."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from shared.domain.taste import Element
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from shared.vlm.pictures.measured_words import measure
from shared.vlm.pictures.visible_part import visible_part
from training.evaluation.real_words.measure import CheckedPicture
from training.evaluation.real_words.reference import measure_file, measure_pixels
from training.evaluation.real_words.report import report
from training.prefersim.drawing.photographs import draw_photographs
from training.prefersim.drawing.renderer import render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import HUES, sample_attributes, words_of

MEASURED = (Element.COLOR, Element.SATURATION, Element.DETAIL)


def as_file(picture: Image.Image) -> bytes:
    memory = io.BytesIO()
    picture.save(memory, "PNG")
    return memory.getvalue()


def cut_out(seed: int) -> Image.Image:
    """Shapes with a soft shadow on a transparent background."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    shadow = ImageDraw.Draw(picture)
    shadow.ellipse((90, 200, 330, 280), fill=(0, 0, 0, 90))
    picture = picture.filter(ImageFilter.GaussianBlur(8))
    draw = ImageDraw.Draw(picture)
    for _ in range(6):
        left, top = (int(v) for v in rng.integers(60, 180, 2))
        color = tuple(int(v) for v in rng.integers(20, 255, 3))
        draw.rectangle((left, top, left + 90, top + 70), fill=(*color, 255))
    return picture


def test_the_reference_measures_the_true_color_and_saturation_of_drawings() -> None:
    rng = np.random.default_rng(7)
    attributes = sample_attributes(rng, 60)
    right = [
        {e: words[e] for e in MEASURED[:2]} == {e: true[e] for e in MEASURED[:2]}
        for pixels, row in zip(
            render(draw_scenes(rng, 60), attributes, rng), attributes, strict=True
        )
        for words, true in [
            (measure_pixels(pixels, np.ones(pixels.shape[:2], bool)).words, words_of(row))
        ]
    ]
    assert np.mean(right) >= 0.95


def test_the_reference_measures_the_true_saturation_and_detail_of_restyled_photographs() -> None:
    pixels, attributes = draw_photographs(np.random.default_rng(8), 40)
    right = [
        {e: words[e] for e in MEASURED[1:]} == {e: true[e] for e in MEASURED[1:]}
        for image, row in zip(pixels, attributes, strict=True)
        for words, true in [
            (measure_pixels(image, np.ones(image.shape[:2], bool)).words, words_of(row))
        ]
    ]
    assert np.mean(right) >= 0.9


def test_the_model_measures_cut_outs_as_the_reference_does() -> None:
    settings = ImageSettings()
    agree = []
    for seed in range(12):
        data = as_file(cut_out(seed))
        image = decode(data, "cut-out", settings)
        words = measure(image, visible_part(image)).words
        agree.append([words.get(e) == measure_file(data).words.get(e) for e in MEASURED])
    assert np.mean(agree, axis=0).min() >= 0.9


def test_transparent_pixels_are_not_measured() -> None:
    picture = Image.new("RGBA", (60, 60), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (20, 20, 40, 40))
    reference = measure_file(as_file(picture))
    assert reference.has_transparency
    assert reference.saturation == pytest.approx(1.0)
    assert abs(reference.hue - 240) < 1
    assert reference.words[Element.COLOR] == "blue"


def test_every_hue_has_its_name_and_gray_has_none() -> None:
    for color, degrees in HUES.items():
        pixels = np.asarray(
            Image.new("HSV", (8, 8), (round(degrees / 360 * 255), 200, 200)).convert("RGB")
        )
        assert measure_pixels(pixels, np.ones((8, 8), bool)).words[Element.COLOR] == color
    gray = measure_pixels(np.full((8, 8, 3), 90, np.uint8), np.ones((8, 8), bool))
    assert Element.COLOR not in gray.words


def test_the_report_counts_agreement_precision_and_coverage() -> None:
    def checked(medium: str | None, *, kind: str = "photograph") -> CheckedPicture:
        described = {Element.COLOR: "red"} | ({Element.MEDIUM: medium} if medium else {})
        return CheckedPicture(described, {Element.COLOR: "red"}, kind, has_transparency=False)

    pictures = [checked("photograph"), checked("oil painting"), checked(None), checked(None)]
    text = report({"photograph": {"package/photograph/birds": pictures}}, seed=1)
    assert "Photographs with the medium or style of a drawing: 0.250" in text
    assert "medium: right of named 0.500" in text
    assert "| package/photograph/birds | 4 | 1.000" in text
