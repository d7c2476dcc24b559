"""Every Qdrant gives the same results to the searches, filters, counts and aliases of a catalog."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient
from qdrant_client.http import models as m

from shared.store.qdrant import index_payload
from tests.contract.store.qdrants import QDRANT_KINDS, opened_qdrant

CATALOG = "catalog"
SIZE = 16
COUNT = 60
RNG = np.random.default_rng(7)
VECTORS = RNG.normal(size=(COUNT, SIZE)).astype(np.float32)
WORDS = RNG.normal(size=(COUNT, SIZE)).astype(np.float32)
UNITS = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)


def payload(number: int) -> dict[str, Any]:
    return {
        "tenant": ("default", "other")[number % 3 == 0],
        "tags": [f"tag {number % 4}", f"tag {number % 5}"] if number % 7 else [],
        "author": f"author {number % 6}",
        "at": f"2026-01-{number % 28 + 1:02d}T00:00:00Z",
        "price": number / 2,
    }


@pytest.fixture(params=QDRANT_KINDS)
async def client(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[AsyncQdrantClient]:
    async with opened_qdrant(request.param, tmp_path) as client:
        vector = m.VectorParams(size=SIZE, distance=m.Distance.COSINE)
        await client.create_collection(CATALOG, vectors_config={"image": vector, "words": vector})
        await index_payload(client, CATALOG, ("tenant", "tags", "author"))
        await client.upsert(
            CATALOG,
            [
                m.PointStruct(
                    id=n,
                    vector={"image": VECTORS[n].tolist(), "words": WORDS[n].tolist()},
                    payload=payload(n),
                )
                for n in range(COUNT)
            ],
            wait=True,
        )
        yield client


def vector(number: int) -> list[float]:
    return [float(value) for value in VECTORS[number]]


async def ids(client: AsyncQdrantClient, query: Any, **options: Any) -> list[Any]:
    options = {"using": "image", "limit": 8, "with_payload": False} | options
    points = (await client.query_points(CATALOG, query=query, **options)).points
    return [point.id for point in points]


def nearest(target: np.ndarray[Any, Any], allowed: list[int]) -> list[int]:
    scores = UNITS @ target
    return sorted(allowed, key=lambda n: -scores[n])[:8]


async def test_the_nearest_images_are_exact_and_have_their_scores(
    client: AsyncQdrantClient,
) -> None:
    result = await client.query_points(
        CATALOG, query=vector(3), using="image", limit=8, with_payload=True, with_vectors=["image"]
    )
    assert [p.id for p in result.points] == nearest(UNITS[3], list(range(COUNT)))
    assert result.points[0].score == pytest.approx(1.0, abs=1e-5)
    assert result.points[0].payload == payload(3)
    stored = result.points[0].vector
    assert isinstance(stored, dict)
    np.testing.assert_allclose(stored["image"], UNITS[3], atol=1e-5)
    assert await ids(client, WORDS[3].tolist(), using="words", limit=1) == [3]


FILTERS: dict[str, tuple[m.Filter, Any]] = {
    "tenant and tag": (
        m.Filter(must=[
            m.FieldCondition(key="tenant", match=m.MatchValue(value="default")),
            m.FieldCondition(key="tags", match=m.MatchValue(value="tag 1")),
        ]),
        lambda n: n % 3 and n % 7 and (n % 4 == 1 or n % 5 == 1),
    ),
    "any author": (
        m.Filter(must=[
            m.FieldCondition(key="author", match=m.MatchAny(any=["author 1", "author 2"]))
        ]),
        lambda n: n % 6 in (1, 2),
    ),
    "no such author": (
        m.Filter(must=[
            m.FieldCondition(key="author", match=m.MatchExcept(**{"except": ["author 1"]}))
        ]),
        lambda n: n % 6 != 1,
    ),
    "seen images are left out": (
        m.Filter(must_not=[m.HasIdCondition(has_id=list(range(40)))]),
        lambda n: n >= 40,
    ),
    "price": (
        m.Filter(must=[m.FieldCondition(key="price", range=m.Range(gte=5, lt=10))]),
        lambda n: 5 <= n / 2 < 10,
    ),
    "date": (
        m.Filter(must=[
            m.FieldCondition(key="at", range=m.DatetimeRange.model_validate(
                {"gte": "2026-01-20T00:00:00Z"}
            ))
        ]),
        lambda n: n % 28 + 1 >= 20,
    ),
    "without tags": (
        m.Filter(must=[m.IsEmptyCondition(is_empty=m.PayloadField(key="tags"))]),
        lambda n: n % 7 == 0,
    ),
    "one of two": (
        m.Filter(should=[
            m.FieldCondition(key="author", match=m.MatchValue(value="author 3")),
            m.Filter(must=[m.FieldCondition(key="price", range=m.Range(gt=28))]),
        ]),
        lambda n: n % 6 == 3 or n / 2 > 28,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
async def test_filters_act_in_the_search_in_counts_and_in_lists(
    client: AsyncQdrantClient, name: str
) -> None:
    rule, allows = FILTERS[name]
    allowed = [n for n in range(COUNT) if allows(n)]
    assert await ids(client, vector(0), query_filter=rule) == nearest(UNITS[0], allowed)
    assert (await client.count(CATALOG, count_filter=rule, exact=True)).count == len(allowed)
    points, _ = await client.scroll(CATALOG, scroll_filter=rule, limit=COUNT)
    assert sorted(point.id for point in points) == allowed


LIKED, DISLIKED = [1, 2, 3], [4, 5]


def recommend(strategy: m.RecommendStrategy | None, *, by_id: bool) -> m.RecommendQuery:
    positive, negative = (
        [n if by_id else vector(n) for n in numbers] for numbers in (LIKED, DISLIKED)
    )
    return m.RecommendQuery(
        recommend=m.RecommendInput.model_validate(
            {"positive": positive, "negative": negative, "strategy": strategy}
        )
    )


async def test_images_are_recommended_from_likes_and_dislikes(client: AsyncQdrantClient) -> None:
    scores = UNITS @ UNITS.T
    likes, dislikes = scores[:, LIKED], scores[:, DISLIKED]
    best, worst = likes.max(axis=1), dislikes.max(axis=1)
    average = 2 * UNITS[LIKED].mean(axis=0) - UNITS[DISLIKED].mean(axis=0)
    expected = {
        m.RecommendStrategy.SUM_SCORES: likes.sum(axis=1) - dislikes.sum(axis=1),
        m.RecommendStrategy.BEST_SCORE: np.where(best > worst, best + 9, -worst),
        m.RecommendStrategy.AVERAGE_VECTOR: UNITS @ average,
    }
    for strategy, score in expected.items():
        order = sorted(range(COUNT), key=lambda n: -score[n])
        examples = {*LIKED, *DISLIKED}
        by_id = await ids(client, recommend(strategy, by_id=True))
        assert by_id == [n for n in order if n not in examples][:8], strategy
        if strategy != m.RecommendStrategy.AVERAGE_VECTOR:  # these are no unit vectors
            assert {*await ids(client, recommend(strategy, by_id=False))} == {*order[:8]}, strategy


async def test_feedback_discovery_and_context_move_the_result(client: AsyncQdrantClient) -> None:
    weights = m.NaiveFeedbackStrategyParams(a=1.0, b=0.0, c=0.0)
    feedback = m.RelevanceFeedbackInput(
        target=vector(0),
        feedback=[
            m.FeedbackItem(example=vector(1), score=1.0),
            m.FeedbackItem(example=vector(4), score=-1.0),
        ],
        strategy=m.NaiveFeedbackStrategy(naive=weights),
    )
    query = m.RelevanceFeedbackQuery(relevance_feedback=feedback)
    assert await ids(client, query) == nearest(UNITS[0], list(range(COUNT)))
    weights.b, weights.c = 1.0, 1.0
    assert await ids(client, query) != nearest(UNITS[0], list(range(COUNT)))
    pair = m.ContextPair(positive=vector(1), negative=vector(4))
    discovered = await ids(
        client, m.DiscoverQuery(discover=m.DiscoverInput(target=vector(0), context=[pair]))
    )
    closer = UNITS @ UNITS[1] > UNITS @ UNITS[4]
    assert discovered == nearest(UNITS[0], [n for n in range(COUNT) if closer[n]])
    in_context = await ids(client, m.ContextQuery(context=[pair]), limit=COUNT)
    assert all(closer[n] for n in in_context[: int(closer.sum())])


async def test_diverse_results_differ_more_from_each_other(client: AsyncQdrantClient) -> None:
    async def with_diversity(share: float) -> list[Any]:
        mmr = m.Mmr(diversity=share, candidates_limit=30)
        return await ids(client, m.NearestQuery(nearest=vector(0), mmr=mmr))

    diverse = await with_diversity(0.7)
    plain = nearest(UNITS[0], list(range(COUNT)))
    assert diverse[0] == 0
    assert await with_diversity(0.0) == plain

    def similarity(numbers: list[int]) -> float:
        chosen = UNITS[numbers]
        return float(((chosen @ chosen.T).sum() - len(numbers)) / len(numbers))

    assert similarity(diverse) < similarity(plain)


async def test_results_of_several_searches_are_fused(client: AsyncQdrantClient) -> None:
    stages = [m.Prefetch(query=vector(n), using="image", limit=10) for n in (0, 1)]
    fused = await ids(client, m.FusionQuery(fusion=m.Fusion.RRF), prefetch=stages, using=None)
    assert set(fused[:2]) == {0, 1}
    rescored = await ids(client, vector(1), prefetch=stages[0])
    first = nearest(UNITS[0], list(range(COUNT)))
    assert set(first[:8]) & set(rescored)
    assert rescored == sorted(rescored, key=lambda n: -(UNITS @ UNITS[1])[n])


async def test_several_searches_run_as_one_batch(client: AsyncQdrantClient) -> None:
    results = await client.query_batch_points(
        CATALOG, [m.QueryRequest(query=vector(n), using="image", limit=3) for n in (5, 6)]
    )
    assert [result.points[0].id for result in results] == [5, 6]


async def test_payloads_change_and_removed_images_vanish_from_every_result(
    client: AsyncQdrantClient,
) -> None:
    gone = m.Filter(must=[m.FieldCondition(key="author", match=m.MatchValue(value="author 1"))])
    await client.set_payload(CATALOG, {"price": 1000.0, "new": "field"}, points=[2, 8], wait=True)
    changed, _ = await client.scroll(
        CATALOG,
        scroll_filter=m.Filter(must=[m.FieldCondition(key="price", range=m.Range(gt=999))]),
    )
    assert [point.payload for point in changed] == [
        payload(n) | {"price": 1000.0, "new": "field"} for n in (2, 8)
    ]
    await client.delete(CATALOG, m.FilterSelector(filter=gone), wait=True)
    await client.delete(CATALOG, [2, 999_999], wait=True)
    left = [n for n in range(COUNT) if n % 6 != 1 and n != 2]
    assert await ids(client, vector(2)) == nearest(UNITS[2], left)
    assert (await client.count(CATALOG, exact=True)).count == len(left)
    assert (await client.count(CATALOG, count_filter=gone, exact=True)).count == 0
    listed: list[Any] = []
    offset: Any = None
    while True:
        points, offset = await client.scroll(CATALOG, limit=7, offset=offset, with_payload=False)
        listed += [point.id for point in points]
        if offset is None:
            break
    assert listed == left


async def test_an_alias_moves_to_a_new_collection_at_once(client: AsyncQdrantClient) -> None:
    vector_params = m.VectorParams(size=2, distance=m.Distance.COSINE)
    for name in ("catalog.1", "catalog.2"):
        await client.create_collection(name, vectors_config={"image": vector_params})
        point = m.PointStruct(id=1, vector={"image": [1.0, 0.0]}, payload={"index": name})
        await client.upsert(name, [point], wait=True)

    async def served() -> Any:
        (point,) = await client.retrieve("serving", [1])
        return (point.payload or {})["index"]

    def to(name: str) -> m.CreateAliasOperation:
        return m.CreateAliasOperation(
            create_alias=m.CreateAlias(collection_name=name, alias_name="serving")
        )

    await client.update_collection_aliases([to("catalog.1")])
    assert await served() == "catalog.1"
    delete = m.DeleteAliasOperation(delete_alias=m.DeleteAlias(alias_name="serving"))
    await client.update_collection_aliases([delete, to("catalog.2")])
    assert await served() == "catalog.2"
    assert {a.alias_name: a.collection_name for a in (await client.get_aliases()).aliases} == {
        "serving": "catalog.2"
    }
    names = {c.name for c in (await client.get_collections()).collections}
    assert names == {CATALOG, "catalog.1", "catalog.2"}
    await client.delete_collection("catalog.1")
    assert not await client.collection_exists("catalog.1")


async def test_a_collection_reports_its_vectors_and_points(client: AsyncQdrantClient) -> None:
    info = await client.get_collection(CATALOG)
    assert info.points_count == COUNT
    vectors = info.config.params.vectors
    assert isinstance(vectors, dict)
    assert {name: params.size for name, params in vectors.items()} == {"image": SIZE, "words": SIZE}
