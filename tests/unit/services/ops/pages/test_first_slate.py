"""A new user is asked about the images that tell most about a taste."""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.ops.pages.playground.first_slate import first_questions
from services.ops.sample_images import SampleImage
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.telling_images import most_telling
from shared.embedding.protocol import Vectors
from tests.fakes.stores import InMemoryImageVectors
from tests.unit.services.ops.site import site

COLORS = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (30, 40, 200)}


def sample(name: str, color: tuple[int, int, int], *, seed: int) -> SampleImage:
    """A picture of about this color."""
    noise = np.random.default_rng(seed).integers(-12, 13, (64, 64, 3))
    pixels = np.clip(np.asarray(color) + noise, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP")
    return SampleImage(name, "own", name, buffer.getvalue())


def samples(**numbers: int) -> list[SampleImage]:
    return [
        sample(f"{color}-{n}", COLORS[color], seed=hash_of(color, n))
        for color, count in numbers.items()
        for n in range(count)
    ]


def hash_of(color: str, number: int) -> int:
    return 100 * list(COLORS).index(color) + number


class HalfEncoder:
    """Knows only whether a picture is red; the others look alike to it."""

    name, dimension = "half", 2

    async def encode(self, images: Sequence[Image.Image]) -> Vectors:
        is_red = [np.asarray(image)[0, 0, 0] > 100 for image in images]
        return np.asarray([[red, not red] for red in is_red], np.float32)


async def test_the_first_questions_are_about_different_things() -> None:
    offered = samples(red=12, green=5, blue=5)
    chosen = await first_questions(offered, answered=(), encoded_images=None, count=3)
    assert {image.name.split("-")[0] for image in chosen} == set(COLORS)


async def test_image_vectors_decide_where_there_is_an_encoder() -> None:
    store = InMemoryImageVectors()
    encoded = EncodedImages(HalfEncoder(), store)
    offered = samples(red=3, green=9, blue=9)
    for _ in range(2):
        chosen = await first_questions(offered, answered=(), encoded_images=encoded, count=1)
        assert chosen[0].name.startswith("red")
    assert len(store.by_hash) == 21
    store.unavailable = "it restarts"
    seen = await first_questions(offered, answered=(), encoded_images=encoded, count=3)
    assert {image.name.split("-")[0] for image in seen} == set(COLORS)


async def test_what_is_answered_is_not_asked_again() -> None:
    offered = samples(red=6, green=6, blue=6)
    answered = {image.image_id for image in offered if image.name.startswith(("red", "green"))}
    chosen = await first_questions(offered, answered=answered, encoded_images=None, count=1)
    assert chosen[0].name.startswith("blue")
    answered.add(chosen[0].image_id)
    again = await first_questions(offered, answered=answered, encoded_images=None, count=18)
    assert len(again) == 5
    assert not {image.image_id for image in again} & answered


def test_questions_tell_more_about_other_images_than_random_ones() -> None:
    rng = np.random.default_rng(3)
    centers = rng.normal(size=(8, 20))
    vectors = centers[rng.integers(0, 8, 120)] + rng.normal(0, 0.3, (120, 20))

    def unexplained(places: list[int]) -> float:
        """Variance of the appeals of all images that the answers leave open."""
        centered = vectors - vectors.mean(axis=0)
        covariance = centered @ centered.T
        covariance /= np.trace(covariance) / len(covariance)
        known = covariance[np.ix_(places, places)] + 0.1 * np.eye(len(places))
        across = covariance[:, places]
        return float(np.trace(covariance - across @ np.linalg.solve(known, across.T)))

    chosen = unexplained(most_telling(vectors, known=(), count=8))
    by_chance = [unexplained(list(rng.permutation(120)[:8])) for _ in range(200)]
    assert chosen < min(by_chance)


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_few_or_equal_pictures_are_all_asked_about(count: int) -> None:
    equal = [sample(f"same-{n}", COLORS["red"], seed=1) for n in range(count)]
    assert len(await first_questions(equal, answered=(), encoded_images=None)) == count


async def test_the_page_numbers_the_questions_and_shows_them_first(tmp_path: Path) -> None:
    for image in samples(red=10, green=4, blue=4):
        (tmp_path / f"{image.name}.webp").write_bytes(image.data)
    async with site(ops_samples=tmp_path).client() as client:
        page = (await client.get("/playground/samples?user=ana")).text
    picks = re.findall(r'data-image-id="([^"]+)"[^>]*?(?:data-question="(\d+)")?>', page)
    assert len(picks) == 18
    assert [number for _, number in picks] == [*map(str, range(1, 13)), *[""] * 6]
    assert len({image_id.split("-")[1] for image_id, _ in picks[:3]}) == 3
