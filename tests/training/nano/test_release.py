"""The shipped model is complete, and accurate on held-out users."""

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from shared.domain.taste import Element
from shared.embedding.images.package_weights import load_network
from shared.prompting.prompt import PROMPT_VERSION
from shared.vlm.checkpoint.checkpoint import MANIFEST, file_hash
from shared.vlm.engine.batching_engine import load_model
from shared.vlm.pairwise import Pair
from shared.vlm.pictures.medium_classifier import FILE, MediumClassifier
from shared.vlm.pictures.picture_features import PictureFeatures
from shared.vlm.pictures.picture_reader import PictureReader
from shared.vlm.settings import ModelSettings
from tests.support.project_root import PROJECT_ROOT
from training.evaluation.held_out.__main__ import measure
from training.evaluation.held_out.report import HeldOutReport
from training.evaluation.held_out.users import draw_held_out_users
from training.evaluation.real_words.reference import measure_pixels
from training.evaluation.serving_model import SHIPPED
from training.nano.model.export import MAX_BYTES, WEIGHTS
from training.prefersim.drawing.degradations import degrade
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import HUES, sample_attributes

pytestmark = pytest.mark.model

FOLDER = PROJECT_ROOT / SHIPPED
USERS, SEED = 60, 60
"""A smaller and different sample than the 300 users of LOG.md."""
DRAWINGS = 100
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    file = FOLDER / MANIFEST
    if not file.exists():
        pytest.fail(
            f"{SHIPPED}/{MANIFEST} is missing: the shipped model is not there, or was not written"
            f" completely. Train it with `python -m training.nano --to {SHIPPED}`."
        )
    content: dict[str, Any] = json.loads(file.read_text())
    return content


@pytest.fixture(scope="module")
def report(manifest: dict[str, Any]) -> HeldOutReport:
    return measure(FOLDER, users=USERS, seed=SEED)


def test_every_file_has_the_hash_of_the_manifest(manifest: dict[str, Any]) -> None:
    assert {name: file_hash(FOLDER / name) for name in manifest["sha256"]} == manifest["sha256"]
    assert manifest["version"].endswith(manifest["sha256"][WEIGHTS][:8])


def test_the_model_was_trained_on_the_prompts_of_this_version(manifest: dict[str, Any]) -> None:
    assert manifest["prompt_version"] == PROMPT_VERSION, "train it again with these prompts"


def test_the_folder_is_small_enough_to_ship(manifest: dict[str, Any]) -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= MAX_BYTES


def test_drawings_of_the_simulator_are_left_to_the_network() -> None:
    rng = np.random.default_rng(SEED)
    pixels = render(draw_scenes(rng, DRAWINGS), sample_attributes(rng, DRAWINGS), rng)
    files = [*map(as_image, pixels[::2]), *(degrade(image, rng) for image in pixels[1::2])]
    assert reader().read(files).count(None) >= 0.98 * DRAWINGS


def test_photographs_get_measured_words_and_no_word_of_a_drawing() -> None:
    photographs = [getattr(data, name)() for name in PHOTOGRAPHS]
    read = reader().read([Image.fromarray(pixels) for pixels in photographs])
    for pixels, shown in zip(photographs, read, strict=True):
        assert shown is not None
        reference = measure_pixels(pixels, np.ones(pixels.shape[:2], bool))
        named = {element: words[0] for element, words in shown.words.items() if words}
        for element in (Element.SATURATION, Element.DETAIL):
            assert named[element] == reference.words[element]
        # Of a hue between two names either one is right.
        assert abs((HUES[named[Element.COLOR]] - reference.hue + 180) % 360 - 180) < 25
        assert Element.ART_STYLE not in named
        assert named.get(Element.MEDIUM) in (None, "photograph")


def reader() -> PictureReader:
    classifier = MediumClassifier.read(FOLDER)
    assert classifier is not None, (
        f"{SHIPPED} has no {FILE}: run `python -m training.nano.pictures`"
    )
    return PictureReader(classifier, PictureFeatures(load_network()))


@pytest.mark.slow
def test_the_model_scores_the_better_of_two_images_higher(report: HeldOutReport) -> None:
    assert report.pairs["predicted"]["all-different"].value >= 0.95
    assert report.pairs["predicted"]["one-element"].value >= 0.85


@pytest.mark.slow
def test_the_user_blind_control_is_near_chance(report: HeldOutReport) -> None:
    assert report.pairs["user_blind"]["all-different"].value == pytest.approx(0.5, abs=0.15)
    assert report.pairs["user_blind"]["one-element"].value == pytest.approx(0.5, abs=0.15)


@pytest.mark.slow
async def test_the_model_compares_two_images_in_one_prompt() -> None:
    users = draw_held_out_users(8, seed=SEED)
    model = load_model(ModelSettings(model=FOLDER))
    try:
        pairs = [
            Pair(user.references, *images)
            for user in users
            for images in (
                (user.pairs[0].better, user.pairs[0].worse),
                (user.pairs[0].worse, user.pairs[0].better),
            )
        ]
        answers = await model.compare(pairs)
    finally:
        model.close()
    assert {answer.parsed.failures for answer in answers} == {()}
    chosen = [answer.parsed.choice for answer in answers]
    assert chosen.count("A") == chosen.count("B"), "the order of the images influences the choice"
    right = [choice == "AB"[k % 2] for k, choice in enumerate(chosen)]
    assert sum(right) >= 0.9 * len(right)
