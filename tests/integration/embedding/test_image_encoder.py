"""The pretrained image encoder on real photographs of the scikit-image package."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from shared.embedding.images import package_weights
from shared.embedding.images.package_weights import PACKAGE, BadWeights, load_network
from shared.embedding.images.pretrained import BATCH, DIMENSION, PretrainedEncoder, network_input
from shared.embedding.protocol import Vectors

CLASSES = {"chelsea": 285, "coffee": 967, "rocket": 657}
"""ImageNet classes: Egyptian cat, espresso, missile."""


def photograph(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)())


@pytest.fixture(scope="module")
def encoder() -> Iterator[PretrainedEncoder]:
    encoder = PretrainedEncoder()
    yield encoder
    encoder.close()


@pytest.mark.parametrize(("name", "expected"), CLASSES.items())
def test_the_network_recognizes_photographs(name: str, expected: int) -> None:
    network = load_network()
    pixels = torch.from_numpy(network_input(photograph(name))[None])
    with torch.inference_mode():
        probabilities = network.classes(network.features(pixels))[0]
    assert expected in probabilities.topk(2).indices.tolist()


async def test_vectors_are_unit_vectors_in_the_order_of_the_images(
    encoder: PretrainedEncoder,
) -> None:
    names = ["chelsea", "coffee", "rocket", "astronaut"]
    images = [photograph(name) for name in names] * 3
    assert len(images) > BATCH
    vectors = await encoder.encode(images)
    assert vectors.shape == (len(images), DIMENSION)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for index, image in enumerate(images[: len(names)]):
        alone = await encoder.encode([image])
        np.testing.assert_allclose(vectors[index], alone[0], atol=1e-5)


async def test_no_image_has_no_vector(encoder: PretrainedEncoder) -> None:
    assert (await encoder.encode([])).shape == (0, DIMENSION)


async def test_copies_of_a_photograph_are_closer_than_other_photographs(
    encoder: PretrainedEncoder,
) -> None:
    cat, coffee = photograph("chelsea"), photograph("coffee")
    copies = [cat.resize((160, 106)), cat.crop((20, 10, 440, 290)), as_jpeg(cat, quality=40)]
    vectors = await encoder.encode([cat, coffee, *copies])
    to_coffee = similarity(vectors[0], vectors[1])
    assert all(similarity(vectors[0], copy) > to_coffee + 0.3 for copy in vectors[2:])


def test_changed_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / "weights.pth"
    changed.write_bytes(package_weights.weights_path().read_bytes() + b"x")
    monkeypatch.setattr(package_weights, "weights_path", lambda: changed)
    with pytest.raises(BadWeights, match="SHA-256 differs"):
        load_network()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_weights, "PACKAGE", "no_such_package_with_weights")
    with pytest.raises(BadWeights, match="no_such_package_with_weights"):
        load_network()


def test_no_code_of_the_package_runs() -> None:
    load_network()
    assert PACKAGE not in sys.modules


def similarity(first: Vectors, second: Vectors) -> float:
    return float(first @ second)


def as_jpeg(image: Image.Image, *, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue()))


async def test_photographs_get_broad_words_where_they_are_sure(encoder: PretrainedEncoder) -> None:
    names = ["chelsea", "coffee", "astronaut", "brick"]
    vectors = await encoder.encode([photograph(name) for name in names])
    cat, *others = await encoder.subject_words(vectors)
    assert [word.word for word in cat] == ["cat", "mammal", "animal"]
    assert 0.7 < cat[0].probability <= cat[1].probability <= cat[2].probability <= 1
    assert others == [()] * 3
    assert await encoder.subject_words(vectors[:0]) == []


async def test_a_stored_vector_gives_the_words_without_the_image(
    encoder: PretrainedEncoder,
) -> None:
    vectors = await encoder.encode([photograph("chelsea")])
    read = np.asarray(vectors.tolist(), np.float32)  # as Qdrant returns it
    assert await encoder.subject_words(read) == await encoder.subject_words(vectors)
