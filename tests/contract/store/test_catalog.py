"""Every store of the catalog keeps images, pages through them and finds them by vectors."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from shared.domain.images.catalog_filter import CatalogFilter, MetadataCondition
from shared.store.catalog.images import IndexFailure, Publication
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogHit, CatalogQuery, CatalogSelection
from tests.contract.store.catalogs import (
    KINDS,
    NOW,
    WORD_DIMENSION,
    axis,
    fill,
    indexed,
    key,
    mixed,
    opened,
    published,
)
from tests.fakes.stores.catalog_scores import score

ALL = CatalogSelection("default")


@pytest.fixture(params=KINDS)
async def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CatalogStore]:
    async with opened(request.param, tmp_path) as store:
        yield store


def ids(hits: list[CatalogHit]) -> list[str]:
    return [hit.image.entry.image_id for hit in hits]


async def paged(
    catalog: CatalogStore, selection: CatalogSelection = ALL, *, limit: int = 2
) -> list[str]:
    image_ids, after = [], None
    while True:
        page = await catalog.page(selection, after=after, limit=limit)
        assert len(page.images) <= limit
        image_ids += [image.entry.image_id for image in page.images]
        after = page.next
        if after is None:
            return image_ids


async def test_a_published_image_is_read_back_within_its_tenant(catalog: CatalogStore) -> None:
    full = published(
        "a", author_id="artist", created_at=NOW, tags=("sea", "Größe"),
        metadata={"a.b[0]": 1, "": "empty", "é": None, "yes": True, "part": 0.5},
        available_from=NOW, available_until=NOW + timedelta(microseconds=1),
    )  # fmt: skip
    await catalog.publish([full, published("a", tenant="shop"), published("b")])
    images = await catalog.get([key("a"), key("missing"), key("b"), key("b", tenant="shop")])
    assert set(images) == {key("a"), key("b")}
    assert images[key("a")].entry == full.entry
    assert images[key("a")].published_at == NOW
    assert images[key("a")].index is None
    assert (await catalog.get([key("a", tenant="shop")]))[key("a", tenant="shop")].entry.tags == ()


async def test_a_later_publication_replaces_every_field(catalog: CatalogStore) -> None:
    await catalog.publish([published("a", tags=("old",), metadata={"x": 1}, author_id="artist")])
    await catalog.publish([published("a", metadata={"y": 2})])
    image = (await catalog.get([key("a")]))[key("a")]
    assert image.entry == published("a", metadata={"y": 2}).entry
    assert await catalog.count() == 1


async def test_a_walk_reads_the_images_of_all_tenants_once(catalog: CatalogStore) -> None:
    await catalog.publish([published(f"i{n}", tenant=f"t{n % 3}") for n in range(7)])
    keys, after = [], None
    while True:
        page = await catalog.walk(after=after, limit=2)
        keys += [image.entry.key for image in page.images]
        after = page.next
        if after is None:
            break
    assert sorted(keys) == sorted(key(f"i{n}", tenant=f"t{n % 3}") for n in range(7))


async def test_the_index_of_an_earlier_address_is_removed_when_the_new_one_fails(
    catalog: CatalogStore,
) -> None:
    await fill(catalog, a=axis(0), b=axis(1))
    await catalog.publish([published("a", uri="mem:new")])
    late = IndexFailure(uri="mem:older", reason="http_404", detail="gone", failed_at=NOW)
    await catalog.fail({key("a"): late})
    assert (await catalog.get([key("a")]))[key("a")].index is not None
    await catalog.fail({key("a"): late.model_copy(update={"uri": "mem:new"})})
    image = (await catalog.get([key("a")]))[key("a")]
    assert (image.status, image.index) == ("failed", None)
    (hits,) = await catalog.query(ALL, [CatalogQuery("image", (axis(0),))])
    assert ids(hits) == ["b"]
    assert await paged(catalog, CatalogSelection("default", indexed_only=True)) == ["b"]


async def test_the_last_of_two_publications_in_one_call_counts(catalog: CatalogStore) -> None:
    await catalog.publish([published("a", tags=("old",)), published("a", tags=("new",))])
    assert (await catalog.get([key("a")]))[key("a")].entry.tags == ("new",)


async def test_indexing_keeps_what_was_published(catalog: CatalogStore) -> None:
    await catalog.publish([published("a", tags=("sea",))])
    content = indexed("a", image=3 * axis(0), color=axis(1, WORD_DIMENSION))
    assert await catalog.index([content]) == {key("a")}
    image = (await catalog.get([key("a")]))[key("a")]
    assert image.index == content.index
    assert image.entry.tags == ("sea",)
    assert image.is_current
    vectors = (await catalog.vectors([key("a"), key("missing")]))[key("a")]
    assert set(vectors) == {"image", "color"}
    np.testing.assert_allclose(vectors["image"], axis(0), atol=1e-6)
    assert vectors["image"].dtype == np.float32


async def test_a_change_of_tags_keeps_index_and_vectors(catalog: CatalogStore) -> None:
    await fill(catalog, a=axis(0))
    await catalog.publish([published("a", tags=("new",))])
    image = (await catalog.get([key("a")]))[key("a")]
    assert image.index is not None
    assert image.is_current
    assert set((await catalog.vectors([key("a")]))[key("a")]) == {"image"}


async def test_indexing_again_replaces_all_vectors(catalog: CatalogStore) -> None:
    await catalog.publish([published("a")])
    await catalog.index([indexed("a", image=axis(0), color=axis(0, WORD_DIMENSION))])
    await catalog.index([indexed("a", image=axis(1), detail=axis(0, WORD_DIMENSION))])
    vectors = (await catalog.vectors([key("a")]))[key("a")]
    assert set(vectors) == {"image", "detail"}
    np.testing.assert_allclose(vectors["image"], axis(1), atol=1e-6)
    color = CatalogQuery("color", (axis(0, WORD_DIMENSION),))
    assert await catalog.query(ALL, [color]) == [[]]


async def test_an_image_without_any_vector_can_be_indexed(catalog: CatalogStore) -> None:
    await catalog.publish([published("a")])
    assert await catalog.index([indexed("a")]) == {key("a")}
    assert (await catalog.vectors([key("a")]))[key("a")] == {}


async def test_late_indexing_brings_no_removed_image_back(catalog: CatalogStore) -> None:
    await catalog.publish([published("a"), published("b")])
    assert await catalog.remove([key("a")]) == 1
    assert await catalog.index([indexed("a", image=axis(0)), indexed("b", image=axis(1))]) == {
        key("b")
    }
    assert await catalog.get([key("a")]) == {}
    assert await catalog.count() == 1


async def test_late_indexing_of_an_old_address_is_left_out(catalog: CatalogStore) -> None:
    await fill(catalog, a=axis(0))
    await catalog.publish([published("a", uri="mem:other")])
    assert await catalog.index([indexed("a", image=axis(1))]) == set()
    image = (await catalog.get([key("a")]))[key("a")]
    assert not image.is_current
    np.testing.assert_allclose(
        (await catalog.vectors([key("a")]))[key("a")]["image"], axis(0), atol=1e-6
    )


async def test_a_failure_is_noted_until_indexing_succeeds(catalog: CatalogStore) -> None:
    await catalog.publish([published("a")])
    assert (await catalog.get([key("a")]))[key("a")].status == "waiting"
    failure = IndexFailure(
        uri="mem:a", reason="image_too_large", detail="40 megapixels; at most 25", failed_at=NOW
    )
    await catalog.fail({key("a"): failure, key("missing"): failure})
    image = (await catalog.get([key("a"), key("missing")]))[key("a")]
    assert (image.status, image.failure) == ("failed", failure)
    assert await catalog.count() == 1
    await catalog.index([indexed("a", image=axis(0))])
    image = (await catalog.get([key("a")]))[key("a")]
    assert (image.status, image.failure) == ("indexed", None)


async def test_an_image_that_is_published_again_after_a_failure_waits(
    catalog: CatalogStore,
) -> None:
    await catalog.publish([published("a")])
    failure = IndexFailure(uri="mem:a", reason="not_found", detail="no file", failed_at=NOW)
    await catalog.fail({key("a"): failure})
    assert (await catalog.get([key("a")]))[key("a")].status == "failed"
    await catalog.publish([published("a")])
    image = (await catalog.get([key("a")]))[key("a")]
    assert (image.status, image.failure) == ("waiting", None)


async def test_a_removed_image_is_in_no_answer(catalog: CatalogStore) -> None:
    await fill(catalog, a=axis(0), b=axis(0), c=axis(0))
    assert await catalog.remaining([key("a"), key("b")]) == 2
    assert await catalog.remove([key("a"), key("missing"), key("a")]) == 1
    assert await catalog.remaining([key("a")]) == 0
    assert await catalog.get([key("a")]) == await catalog.vectors([key("a")]) == {}
    assert sorted(await paged(catalog)) == ["b", "c"]
    (hits,) = await catalog.query(ALL, [CatalogQuery("image", (axis(0),))])
    assert sorted(ids(hits)) == ["b", "c"]


async def test_an_image_that_is_published_again_starts_without_vectors(
    catalog: CatalogStore,
) -> None:
    await fill(catalog, a=axis(0))
    await catalog.remove([key("a")])
    await catalog.publish([published("a")])
    assert (await catalog.get([key("a")]))[key("a")].index is None
    assert await catalog.query(ALL, [CatalogQuery("image", (axis(0),))]) == [[]]


async def test_images_are_counted_by_tenant(catalog: CatalogStore) -> None:
    await catalog.publish([published("a"), published("b"), published("a", tenant="shop")])
    assert await catalog.count() == 3
    assert await catalog.count(tenant="shop") == 1
    assert await catalog.count(tenant="unknown") == 0


async def test_empty_reads_and_writes_do_nothing(catalog: CatalogStore) -> None:
    await catalog.publish([])
    assert await catalog.index([]) == set()
    assert await catalog.remove([]) == await catalog.count() == await catalog.remaining([]) == 0
    assert await catalog.get([]) == await catalog.vectors([]) == {}
    assert await paged(catalog) == []
    assert await catalog.query(ALL, []) == []
    assert await catalog.query(ALL, [CatalogQuery("image", (axis(0),))]) == [[]]


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
async def test_pages_have_every_selected_image_once(catalog: CatalogStore, limit: int) -> None:
    names = [f"image {number}" for number in range(9)]
    await catalog.publish([published(name) for name in names])
    await catalog.publish([published("other", tenant="shop")])
    image_ids = await paged(catalog, limit=limit)
    assert sorted(image_ids) == names
    assert image_ids == await paged(catalog, limit=100)


async def test_pages_stay_whole_while_images_come_and_go(catalog: CatalogStore) -> None:
    names = [f"image {number}" for number in range(20)]
    await catalog.publish([published(name) for name in names])
    first = await catalog.page(ALL, limit=10)
    seen = [image.entry.image_id for image in first.images]
    removed = (set(names) - set(seen)).pop()
    await catalog.remove([key(seen[0]), key(removed)])
    await catalog.publish([published(f"new {number}") for number in range(20)])
    after = first.next
    while after is not None:
        page = await catalog.page(ALL, after=after, limit=3)
        seen += [image.entry.image_id for image in page.images]
        after = page.next
    assert len(seen) == len(set(seen))
    assert set(names) - {removed} <= set(seen)
    assert removed not in seen


async def test_a_page_that_starts_at_a_removed_image_continues(catalog: CatalogStore) -> None:
    names = [f"image {number}" for number in range(6)]
    await catalog.publish([published(name) for name in names])
    order = await paged(catalog, limit=100)
    first = await catalog.page(ALL, limit=3)
    await catalog.remove([key(order[3])])
    page = await catalog.page(ALL, after=first.next, limit=10)
    assert [image.entry.image_id for image in page.images] == order[4:]


@pytest.mark.parametrize("after", ["image 3", "1", "é"])
async def test_a_page_that_starts_nowhere_is_an_error(catalog: CatalogStore, after: str) -> None:
    await catalog.publish([published("a")])
    with pytest.raises(ValueError, match="no page starts at"):
        await catalog.page(ALL, after=after)


async def test_the_newest_images_come_first(catalog: CatalogStore) -> None:
    await catalog.publish([
        Publication(published(f"i{n}").entry, NOW + timedelta(seconds=(n * 7) % 5))
        for n in range(5)
    ])  # fmt: skip
    await catalog.publish([published("other", tenant="shop")])
    newest = await catalog.newest(ALL, limit=3)
    assert [image.entry.image_id for image in newest] == ["i2", "i4", "i1"]
    without = CatalogSelection("default", exclude_ids=frozenset({"i2"}))
    assert len(await catalog.newest(without, limit=100)) == 4


async def test_images_without_an_index_can_be_left_out(catalog: CatalogStore) -> None:
    await fill(catalog, a=axis(0), b=axis(1))
    await catalog.publish([published("c"), published("b", uri="mem:other")])
    indexed_only = CatalogSelection("default", indexed_only=True)
    assert sorted(await paged(catalog, indexed_only)) == ["a", "b"]
    assert sorted(await paged(catalog)) == ["a", "b", "c"]


async def test_positive_examples_find_what_resembles_them(catalog: CatalogStore) -> None:
    await fill(catalog, far=axis(1), near=mixed(0.8, 0.6), same=axis(0), against=-axis(0))
    (hits,) = await catalog.query(ALL, [CatalogQuery("image", (5 * axis(0),), limit=3)])
    assert ids(hits) == ["same", "near", "far"]
    assert hits[0].image.index is not None
    assert hits[0].image.index.content_hash == "hash of same"


@pytest.mark.parametrize("strategy", ["average_vector", "best_score", "sum_scores"])
async def test_the_scores_are_those_that_the_contract_defines(
    catalog: CatalogStore, strategy: str
) -> None:
    rng = np.random.default_rng(7)
    vectors = {f"i{n}": rng.normal(size=6).astype(np.float32) for n in range(8)}
    await fill(catalog, **vectors)
    queries = [
        CatalogQuery(
            "image",
            tuple(rng.normal(size=6).astype(np.float32) for _ in range(positive)),
            tuple(rng.normal(size=6).astype(np.float32) for _ in range(negative)),
            strategy,  # type: ignore[arg-type]
        )
        for positive, negative in ((1, 0), (3, 0), (2, 3))
    ]
    for query, hits in zip(queries, await catalog.query(ALL, queries), strict=True):
        assert len(hits) == 8
        expected = [
            score({query.vector: vectors[i] / np.linalg.norm(vectors[i])}, query) for i in ids(hits)
        ]
        np.testing.assert_allclose([hit.score for hit in hits], expected, atol=1e-5)
        assert expected == sorted(expected, reverse=True)


async def test_a_negative_example_lowers_what_resembles_it(catalog: CatalogStore) -> None:
    await fill(catalog, liked=mixed(1, 0.1), both=mixed(1, 1), disliked=mixed(0.1, 1))
    for strategy in ("average_vector", "best_score", "sum_scores"):
        query = CatalogQuery("image", (axis(0),), (axis(1),), strategy)  # type: ignore[arg-type]
        (hits,) = await catalog.query(ALL, [query])
        assert ids(hits)[0] == "liked"
        assert ids(hits)[-1] == "disliked"


async def test_dislikes_alone_can_be_avoided(catalog: CatalogStore) -> None:
    await fill(catalog, disliked=axis(1), other=axis(2), opposite=-axis(1))
    query = CatalogQuery("image", (), (axis(1),), "sum_scores")
    assert ids((await catalog.query(ALL, [query]))[0]) == ["opposite", "other", "disliked"]


async def test_several_queries_over_several_vectors_have_one_answer_each(
    catalog: CatalogStore,
) -> None:
    await catalog.publish([published("a"), published("b"), published("c")])
    await catalog.index([
        indexed("a", image=axis(0), color=axis(0, WORD_DIMENSION)),
        indexed("b", image=axis(1)),
        indexed("c", color=axis(1, WORD_DIMENSION)),
    ])  # fmt: skip
    by_image, by_color = await catalog.query(
        ALL,
        [
            CatalogQuery("image", (axis(1),)),
            CatalogQuery("color", (axis(1, WORD_DIMENSION),), limit=1),
        ],
    )
    assert ids(by_image) == ["b", "a"]
    assert ids(by_color) == ["c"]


async def test_a_query_stays_in_its_tenant_and_leaves_ids_out(catalog: CatalogStore) -> None:
    await fill(catalog, a=axis(0), b=axis(0), c=axis(1))
    await catalog.publish([published("a", tenant="shop")])
    await catalog.index([indexed("a", tenant="shop", image=axis(0))])
    query = CatalogQuery("image", (axis(0),), limit=2)
    without = CatalogSelection("default", exclude_ids=frozenset({"a", "unknown"}))
    assert ids((await catalog.query(without, [query]))[0]) == ["b", "c"]
    (of_shop,) = await catalog.query(CatalogSelection("shop"), [query])
    assert [hit.image.entry.tenant for hit in of_shop] == ["shop"]


async def test_a_query_returns_available_images_that_match_its_filter(
    catalog: CatalogStore,
) -> None:
    await catalog.publish([
        published("now", tags=("sea",), metadata={"price": 2}),
        published("later", tags=("sea",), available_from=NOW + timedelta(seconds=1)),
        published("over", tags=("sea",), available_until=NOW),
        published("dear", tags=("sea",), metadata={"price": 2.5}),
        published("other", metadata={"price": 2}),
    ])  # fmt: skip
    names = ("now", "later", "over", "dear", "other")
    await catalog.index([indexed(name, image=axis(0)) for name in names])
    wanted = CatalogFilter(
        tags_any=("sea",), metadata=(MetadataCondition(key="price", equals=2.0),)
    )
    query = CatalogQuery("image", (axis(0),))
    cheap = CatalogSelection("default", wanted, available_at=NOW)
    assert ids((await catalog.query(cheap, [query]))[0]) == ["now"]
    available = CatalogSelection("default", CatalogFilter(tags_any=("sea",)), available_at=NOW)
    assert sorted(await paged(catalog, available)) == ["dear", "now"]


@pytest.mark.parametrize(
    ("positive", "negative", "strategy", "problem"),
    [
        ((), (), "best_score", "without an example"),
        ((), (axis(0),), "average_vector", "without an example"),
        ((0 * axis(0),), (), "best_score", "length 0"),
        ((np.full(6, np.nan, np.float32),), (), "best_score", "length nan"),
        ((np.eye(6, dtype=np.float32),), (), "best_score", "shape"),
    ],
)
def test_a_query_that_has_no_direction_is_an_error(
    positive: tuple[object, ...], negative: tuple[object, ...], strategy: str, problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        CatalogQuery("image", positive, negative, strategy)  # type: ignore[arg-type]


def test_unknown_names_of_vectors_are_errors() -> None:
    with pytest.raises(ValueError, match="no vector 'mood'"):
        CatalogQuery("mood", (axis(0),))
    with pytest.raises(ValueError, match="no vector 'mood'"):
        indexed("a", mood=axis(0))
    with pytest.raises(ValueError, match="leave out what is unknown"):
        indexed("a", image=0 * axis(0))
