"""An effect of a reference is the amount by which the subject score falls without it."""

import asyncio
from importlib import resources

import numpy as np
import pytest
from PIL import Image

from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.reference_effects import MIN_EFFECT, NEUTRAL, reference_effects
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.protocol import Vectors

PICTURES = {
    "liked": ("chelsea.png", "astronaut.png", "camera.png"),
    "disliked": ("coins.png", "page.png", "text.png"),
    "new": ("coffee.png", "moon.png", "ihc.png"),
}


def unit(rows: Vectors) -> Vectors:
    vectors: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def near(rng: np.random.Generator, count: int, side: int) -> Vectors:
    rows = np.abs(rng.normal(0, 0.3, (count, 12)))
    rows[:, side] += 1
    return unit(rows.astype(np.float32))


def encoded(names: tuple[str, ...]) -> Vectors:
    """Real photographs of scikit-image, which needs no download for these."""
    images = []
    for name in names:
        with resources.as_file(resources.files("skimage") / "data" / name) as file:
            images.append(Image.open(file).convert("RGB"))
    encoder = PretrainedEncoder()
    try:
        return asyncio.run(encoder.encode(images))
    finally:
        encoder.close()


def check_each_claim(references: SubjectReferences, images: Vectors) -> int:
    """Take each named reference away and score again; returns the number of claims."""
    scores = references.scores(images)
    claims = 0
    for side, effects in zip(
        ("liked", "disliked"), reference_effects(references, images), strict=True
    ):
        sign = 1 if side == "liked" else -1
        for row, column in zip(*np.nonzero(effects.resembles), strict=True):
            if sign * effects.points[row, column] < MIN_EFFECT:
                continue
            sides = {"liked": references.liked, "disliked": references.disliked}
            sides[side] = np.delete(sides[side], column, axis=0)
            rest = SubjectReferences(**sides).scores(images)
            assert sign * (scores[row] - rest[row]) > 0
            assert scores[row] - rest[row] == pytest.approx(effects.points[row, column])
            claims += 1
    return claims


def test_without_a_named_reference_the_score_moves_as_claimed() -> None:
    rng = np.random.default_rng(3)
    claims = 0
    for _ in range(20):
        references = SubjectReferences(near(rng, 5, 0), near(rng, 4, 1))
        claims += check_each_claim(references, np.concatenate([near(rng, 4, 0), near(rng, 4, 1)]))
    assert claims > 100


def test_the_claims_about_real_pictures_hold() -> None:
    vectors = {name: encoded(files) for name, files in PICTURES.items()}
    references = SubjectReferences(vectors["liked"], vectors["disliked"])
    assert check_each_claim(references, np.concatenate(list(vectors.values()))) >= 3


def test_a_side_that_would_be_gone_makes_the_score_neutral() -> None:
    rng = np.random.default_rng(4)
    references = SubjectReferences(near(rng, 2, 0), near(rng, 5, 1))
    images = near(rng, 3, 0)
    liked, _ = reference_effects(references, images)
    assert liked.points == pytest.approx(references.scores(images)[:, None] - NEUTRAL * np.ones(2))


def test_an_image_resembles_a_reference_that_equals_it() -> None:
    rng = np.random.default_rng(5)
    references = SubjectReferences(near(rng, 5, 0), near(rng, 5, 1))
    liked, _ = reference_effects(references, references.liked)
    assert liked.resembles.diagonal().all()
    assert liked.similarity.diagonal() == pytest.approx(1)


def test_one_like_is_compared_with_other_images_of_the_tenant() -> None:
    rng = np.random.default_rng(6)
    nothing = np.zeros((0, 12), np.float32)
    background = np.concatenate([near(rng, 6, side) for side in (1, 2, 3)])
    references = SubjectReferences(near(rng, 1, 0), nothing, background)
    images = np.concatenate([near(rng, 2, 0), near(rng, 2, 2)])
    liked, disliked = reference_effects(references, images)
    assert liked.resembles[:2, 0].all()
    assert (references.scores(images)[liked.resembles[:, 0]] > NEUTRAL).all()
    # Without the only like nothing is known, and the score is neutral.
    assert liked.points[:, 0] == pytest.approx(references.scores(images) - NEUTRAL)
    assert disliked.points.shape == (4, 0)
