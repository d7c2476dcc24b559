"""Every store of image vectors returns them as they were written."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from shared.store.image_vectors import QdrantImageVectors
from shared.store.protocol import ImageVectorStore
from tests.contract.store.qdrants import QDRANT_KINDS, opened_qdrant
from tests.fakes.stores import InMemoryImageVectors

DIMENSION = 16


@pytest.fixture(params=["in memory", *QDRANT_KINDS])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ImageVectorStore]:
    if request.param == "in memory":
        yield InMemoryImageVectors()
        return
    async with opened_qdrant(request.param, tmp_path) as client:
        vectors = QdrantImageVectors(client, encoder="encoder-1", dimension=DIMENSION)
        await vectors.prepare()
        await vectors.prepare()  # safe to repeat
        yield vectors


async def test_vectors_are_read_by_content(store: ImageVectorStore) -> None:
    units = np.eye(DIMENSION, dtype=np.float32)
    await store.put({"a": units[0], "b": units[1]})
    await store.put({"b": units[2]})
    stored = await store.get(["b", "missing", "a", "b"])
    assert set(stored) == {"a", "b"}
    np.testing.assert_allclose(stored["a"], units[0], atol=1e-6)
    np.testing.assert_allclose(stored["b"], units[2], atol=1e-6)
    assert stored["a"].dtype == np.float32


async def test_nothing_is_read_and_written_for_nothing(store: ImageVectorStore) -> None:
    await store.put({})
    assert await store.get([]) == {}


@pytest.mark.parametrize("kind", QDRANT_KINDS)
async def test_vectors_of_another_encoder_or_dimension_are_not_read(
    kind: str, tmp_path: Path
) -> None:
    async with opened_qdrant(kind, tmp_path) as client:
        first, smaller, other = (
            QdrantImageVectors(client, encoder=encoder, dimension=dimension)
            for encoder, dimension in [("encoder-1", 16), ("encoder-1", 8), ("encoder-2", 16)]
        )
        for vectors in (first, smaller, other):
            await vectors.prepare()
        await first.put({"a": np.eye(16, dtype=np.float32)[0]})
        await smaller.put({"b": np.eye(8, dtype=np.float32)[0]})
        assert await smaller.get(["a"]) == await other.get(["a"]) == {}
        assert set(await first.get(["a", "b"])) == {"a"}
