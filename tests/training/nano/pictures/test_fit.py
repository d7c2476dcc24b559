"""Mediums are named only from thresholds that hold on packages which the fit did not contain."""

import numpy as np
import pytest
from PIL import Image

from shared.domain.images.picture_alpha import ALPHA
from shared.vlm.pictures.medium_classifier import MIN_DRAWING
from training.evaluation.real_pictures.picture_sets import PICTURE_SETS
from training.evaluation.real_words.word_sets import WORD_SETS
from training.nano.pictures.examples import DRAWING, Examples, Floats
from training.nano.pictures.fit import NEVER, example_weights, fit, left_out, thresholds
from training.nano.pictures.report import as_table
from training.nano.pictures.sources import MEDIUM_OF_KIND, TRAINING_SETS
from training.nano.pictures.variants import changed

CLASSES = (DRAWING, "painting", "photograph", "screenshot")


def with_size(features: Floats) -> Floats:
    """Statistics that end with the size of a large square picture."""
    size = np.zeros((len(features), 5), np.float32)
    size[:, 0] = np.log(512)
    return np.concatenate([features, size], axis=1)


def examples(*, by_package: bool) -> Examples:
    """Classes on four axes; `by_package`, screenshots instead show their package's number."""
    rng = np.random.default_rng(4)
    parts = []
    for number, name in enumerate(CLASSES):
        for package in range(6):
            features = rng.normal(0, 0.4, (60, 16)).astype(np.float32)
            if name == "screenshot" and by_package:
                features[:, 10 + package] += 6
                features[:, 1 + package % 2] += 3
            else:
                features[:, number] += 6
            source = "simulator" if name == DRAWING else f"{name} {package}"
            parts.append(
                Examples(
                    with_size(features[:, :4]),
                    features[:, 4:],
                    np.full(60, name),
                    np.full(60, source),
                )
            )
    return Examples.of(parts)


def test_classes_that_look_alike_in_all_packages_are_named() -> None:
    learned = examples(by_package=False)
    drawing, mediums = left_out(learned)
    chosen = thresholds(learned, drawing, mediums)
    assert (chosen < NEVER).all()
    assert ((drawing >= MIN_DRAWING) == (learned.classes == DRAWING)).mean() > 0.99


def test_a_medium_that_looks_different_in_each_package_is_never_named() -> None:
    learned = examples(by_package=True)
    drawing, mediums = left_out(learned)
    chosen = dict(zip(fit(learned).mediums, thresholds(learned, drawing, mediums), strict=True))
    named = [name for name, limit in chosen.items() if limit < NEVER]
    assert "screenshot" not in named
    table = as_table(
        learned, fit(learned).mediums, (drawing, mediums), np.array([*chosen.values()])
    )
    assert "| screenshot, screenshot 3 | 60 |" in table


def test_each_class_and_each_package_of_a_class_weighs_the_same() -> None:
    learned = examples(by_package=False)
    uneven = learned.take(np.arange(len(learned.classes)) % 360 > 40)
    weights = example_weights(uneven)
    sums = [weights[uneven.classes == name].sum() for name in CLASSES]
    assert sums == pytest.approx([sums[0]] * len(CLASSES))


def test_no_held_out_package_is_in_the_training() -> None:
    held_out = {s.package for s in (*PICTURE_SETS, *WORD_SETS) if s.use == "held_out"}
    assert not held_out & {s.package for s in TRAINING_SETS}
    assert {s.kind for s in TRAINING_SETS} == set(MEDIUM_OF_KIND)


def test_every_medium_has_several_packages() -> None:
    for kind in MEDIUM_OF_KIND:
        assert len({s.package for s in TRAINING_SETS if s.kind == kind}) >= 2


def test_a_changed_picture_is_rgb_without_its_alpha_channel_and_repeatable() -> None:
    picture = Image.new("RGB", (300, 200), (90, 120, 30))
    picture.info[ALPHA] = Image.new("L", (300, 200), 255)
    first, second = (
        [changed(picture, np.random.default_rng(seed)) for seed in range(12)] for _ in range(2)
    )
    assert [image.tobytes() for image in first] == [image.tobytes() for image in second]
    assert {image.mode for image in first} == {"RGB"}
    assert not any(ALPHA in image.info for image in first)
    assert len({image.size for image in first}) > 3
    assert ALPHA in picture.info
