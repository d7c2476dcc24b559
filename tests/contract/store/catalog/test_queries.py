"""Every store of the catalog answers discovery, relevance feedback and linear queries alike."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from shared.embedding.protocol import Vectors
from shared.store.catalog.images import unit
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogHit, CatalogSelection
from shared.store.catalog.query_kinds import (
    DiscoveryQuery,
    FeedbackQuery,
    FeedbackWeights,
    LinearQuery,
)
from tests.contract.store.catalogs import (
    IMAGE_DIMENSION,
    KINDS,
    WORD_DIMENSION,
    axis,
    indexed,
    key,
    mixed,
    opened,
    published,
)
from tests.fakes.stores.catalog_scores import score

ALL = CatalogSelection("default")
RNG = np.random.default_rng(11)
IMAGES = {
    f"i{n}": {
        "image": RNG.normal(size=IMAGE_DIMENSION).astype(np.float32),
        "color": RNG.normal(size=WORD_DIMENSION).astype(np.float32),
    }
    for n in range(8)
}
"""Vectors of any length; the stores keep them with length 1."""


@pytest.fixture(params=KINDS)
async def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CatalogStore]:
    async with opened(request.param, tmp_path) as store:
        yield store


async def fill(catalog: CatalogStore, images: dict[str, dict[str, Vectors]]) -> None:
    await catalog.publish([published(image_id) for image_id in images])
    await catalog.index([indexed(image_id, **vectors) for image_id, vectors in images.items()])


def scores(hits: list[CatalogHit]) -> dict[str, float]:
    return {hit.image.entry.image_id: hit.score for hit in hits}


def vector(seed: int, dimension: int = IMAGE_DIMENSION) -> Vectors:
    drawn: Vectors = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    return drawn


async def test_the_scores_are_those_that_the_contract_defines(catalog: CatalogStore) -> None:
    await fill(catalog, IMAGES)
    queries = [
        DiscoveryQuery("image", vector(1), ((vector(2), vector(3)), (vector(4), vector(5)))),
        DiscoveryQuery("image", vector(1), ()),
        FeedbackQuery(
            "image", vector(1),
            ((vector(2), 1.0), (vector(3), 0.25), (vector(4), 0.25), (vector(5), 0.0)),
            FeedbackWeights(a=0.7, b=2.0, c=0.4),
        ),
        FeedbackQuery("color", vector(1, WORD_DIMENSION), (), FeedbackWeights()),
        LinearQuery({"image": 3 * vector(1)}),
        LinearQuery({"image": vector(1), "color": 0.3 * vector(6, WORD_DIMENSION)}),
    ]  # fmt: skip
    for query, hits in zip(queries, await catalog.query(ALL, queries), strict=True):
        expected = {
            image_id: score({name: unit(v) for name, v in vectors.items()}, query)
            for image_id, vectors in IMAGES.items()
        }
        assert scores(hits) == pytest.approx(expected, abs=1e-4)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


async def test_a_vector_that_an_image_lacks_adds_nothing(catalog: CatalogStore) -> None:
    await fill(catalog, {"both": {"image": axis(0), "color": axis(0, WORD_DIMENSION)}})
    await fill(catalog, {"image alone": {"image": axis(0)}, "none": {}})
    query = LinearQuery({"image": 2 * axis(0), "color": axis(0, WORD_DIMENSION)})
    (hits,) = await catalog.query(ALL, [query])
    assert scores(hits) == pytest.approx({"both": 3.0, "image alone": 2.0}, abs=1e-5)


async def test_indexing_again_replaces_what_a_linear_query_compares(catalog: CatalogStore) -> None:
    await fill(catalog, {"a": {"image": axis(0)}})
    await catalog.index([indexed("a", image=axis(1), color=axis(0, WORD_DIMENSION))])
    query = LinearQuery({"image": axis(0), "color": axis(0, WORD_DIMENSION)})
    assert scores((await catalog.query(ALL, [query]))[0]) == pytest.approx({"a": 1.0}, abs=1e-5)
    await catalog.index([indexed("a")])
    assert await catalog.query(ALL, [query]) == [[]]


async def test_the_combined_vector_is_in_no_answer_about_vectors(catalog: CatalogStore) -> None:
    await fill(catalog, {"a": {"image": axis(0)}})
    assert set((await catalog.vectors([key("a")]))[key("a")]) == {"image"}


async def test_a_selection_holds_for_every_kind_of_query(catalog: CatalogStore) -> None:
    await fill(catalog, {"a": {"image": axis(0)}, "b": {"image": mixed(0.9, 0.1)}})
    queries = [
        DiscoveryQuery("image", axis(0), ()),
        FeedbackQuery("image", axis(0), (), FeedbackWeights()),
        LinearQuery({"image": axis(0)}, limit=1),
    ]
    without = CatalogSelection("default", exclude_ids=frozenset({"a"}))
    answers = await catalog.query(without, queries)
    assert [list(scores(hits)) for hits in answers] == [["b"]] * 3
    assert await catalog.query(CatalogSelection("shop"), queries) == [[], [], []]


def test_a_query_that_has_no_direction_is_an_error() -> None:
    with pytest.raises(ValueError, match="without a direction"):
        LinearQuery({})
    with pytest.raises(ValueError, match="no vector 'mood'"):
        LinearQuery({"mood": axis(0)})
    with pytest.raises(ValueError, match="length 0"):
        DiscoveryQuery("image", 0 * axis(0), ())
    with pytest.raises(ValueError, match="at least 0"):
        FeedbackQuery("image", axis(0), (), FeedbackWeights(b=-1))
    with pytest.raises(ValueError, match="at least 1"):
        LinearQuery({"image": axis(0)}, limit=0)


async def test_a_query_of_another_space_is_an_error(tmp_path: Path) -> None:
    async with opened("qdrant in memory", tmp_path) as catalog:
        with pytest.raises(ValueError, match="has shape"):
            await catalog.query(ALL, [LinearQuery({"image": axis(0, WORD_DIMENSION)})])
