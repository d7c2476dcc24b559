"""Qdrant selects the same images of the catalog as the pure function of a selection."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from qdrant_client import AsyncQdrantClient

from shared.domain.images.catalog_entry import MAX_SAFE_INTEGER, CatalogEntry
from shared.domain.images.catalog_filter import CatalogFilter, MetadataCondition, NumberRange
from shared.store.catalog.images import Publication, StoredImage
from shared.store.catalog.qdrant_catalog import QdrantCatalog
from shared.store.catalog.queries import CatalogSelection
from tests.contract.store.catalogs import NOW, SPACE

WORDS = ["", "a", "A", "é", "a.b", "a b", "1", "true", "x" * 128, "\\"]
IDS = st.sampled_from([word for word in WORDS if word])
TAGS = st.lists(IDS, max_size=3, unique=True).map(tuple)
MOMENTS = st.one_of(
    st.sampled_from([timedelta(0), timedelta(microseconds=1), timedelta(days=-1)]).map(
        lambda difference: NOW + difference
    ),
    st.datetimes(
        datetime(1970, 1, 2), datetime(9999, 12, 30),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
    ),
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-2, 2),
    st.sampled_from([0.0, -0.0, 0.1, 0.5, 1.0, 2.0, 1e-300, 1e300]),
    st.sampled_from([MAX_SAFE_INTEGER, MAX_SAFE_INTEGER - 1, -MAX_SAFE_INTEGER]),
    st.floats(allow_nan=False, allow_infinity=False),
)
SCALARS = st.one_of(NUMBERS, st.booleans(), st.sampled_from(WORDS))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


ENTRIES = st.builds(
    CatalogEntry,
    tenant=st.sampled_from(["default", "shop"]),
    image_id=IDS,
    uri=st.just("mem:a"),
    author_id=maybe(IDS),
    created_at=maybe(MOMENTS),
    tags=TAGS,
    metadata=st.dictionaries(IDS, maybe(SCALARS), max_size=3),
    available_from=maybe(MOMENTS),
    available_until=maybe(MOMENTS),
)


@st.composite
def ranges(draw: st.DrawFn) -> NumberRange:
    ends = draw(st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), NUMBERS, min_size=1))
    return NumberRange(**ends)


CONDITIONS = st.one_of(
    st.builds(MetadataCondition, key=IDS, equals=SCALARS),
    st.builds(
        MetadataCondition, key=IDS, any_of=st.lists(SCALARS, min_size=1, max_size=3).map(tuple)
    ),
    st.builds(MetadataCondition, key=IDS, range=ranges()),
)


@st.composite
def filters(draw: st.DrawFn) -> CatalogFilter:
    times = sorted(draw(st.lists(MOMENTS, min_size=2, max_size=2, unique=True)))
    after, before = draw(
        st.sampled_from([(None, None), (times[0], None), (None, times[1]), tuple(times)])
    )
    return CatalogFilter(
        tags_any=draw(TAGS),
        tags_all=draw(st.just(()) | TAGS),
        tags_none=draw(st.just(()) | TAGS),
        author_ids=draw(st.just(()) | TAGS),
        not_author_ids=draw(TAGS),
        created_after=after,
        created_before=before,
        metadata=draw(st.just(()) | st.lists(CONDITIONS, max_size=2).map(tuple)),
    )


SELECTIONS = st.builds(
    CatalogSelection,
    tenant=st.sampled_from(["default", "shop"]),
    filter=st.one_of(
        filters(),
        # One condition at a time, so that many images pass.
        st.builds(CatalogFilter, tags_all=TAGS),
        st.builds(CatalogFilter, tags_none=TAGS),
        st.builds(CatalogFilter, not_author_ids=TAGS),
        st.builds(CatalogFilter, created_after=MOMENTS),
        st.builds(CatalogFilter, created_before=MOMENTS),
        st.builds(CatalogFilter, metadata=st.tuples(CONDITIONS)),
    ),
    available_at=maybe(MOMENTS),
    exclude_ids=st.frozensets(IDS, max_size=2),
)


def entry(**fields: Any) -> CatalogEntry:
    return CatalogEntry(**{"tenant": "default", "image_id": "a", "uri": "mem:a", **fields})


def where(**condition: Any) -> CatalogSelection:
    return CatalogSelection(
        "default", CatalogFilter(metadata=(MetadataCondition(key="a", **condition),))
    )


class QdrantSelection:
    """One catalog in Qdrant for all examples of a test."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._client = AsyncQdrantClient(":memory:")
        self._catalog = QdrantCatalog(self._client, SPACE)
        self._runner.run(self._catalog.prepare())

    def ids(self, entries: list[CatalogEntry], selection: CatalogSelection) -> set[str]:
        """The ids of the selected images of a catalog with these images alone."""
        return self._runner.run(self._ids(entries, selection))

    async def _ids(self, entries: list[CatalogEntry], selection: CatalogSelection) -> set[str]:
        await self._catalog.publish([Publication(image, NOW) for image in entries])
        page = await self._catalog.page(selection, limit=100)
        await self._catalog.remove({image.key for image in entries})
        return {image.entry.image_id for image in page.images}

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()


@pytest.fixture(scope="module")
def qdrant() -> Iterator[QdrantSelection]:
    selection = QdrantSelection()
    yield selection
    selection.close()


@given(entries=st.lists(ENTRIES, max_size=8), selection=SELECTIONS)
@example(entries=[entry(metadata={"a": 2})], selection=where(equals=2.0))
@example(entries=[entry(metadata={"a": 2.0})], selection=where(any_of=(2, "x")))
@example(entries=[entry(metadata={"a": True})], selection=where(equals=1))
@example(entries=[entry(metadata={"a": 1})], selection=where(equals=True))
@example(entries=[entry(metadata={"a": True})], selection=where(range=NumberRange(gte=0)))
@example(entries=[entry(metadata={"a": False})], selection=where(any_of=(False,)))
@example(entries=[entry(metadata={"a": None})], selection=where(equals="None"))
@example(
    entries=[entry(metadata={"a": MAX_SAFE_INTEGER})], selection=where(equals=MAX_SAFE_INTEGER - 1)
)
@example(
    entries=[entry()], selection=CatalogSelection("default", CatalogFilter(not_author_ids=("a",)))
)
@example(
    entries=[entry(available_until=NOW)], selection=CatalogSelection("default", available_at=NOW)
)
@example(
    entries=[entry(available_from=NOW)], selection=CatalogSelection("default", available_at=NOW)
)
@example(
    entries=[entry(created_at=NOW)],
    selection=CatalogSelection("default", CatalogFilter(created_after=NOW)),
)
@example(
    entries=[entry(created_at=NOW)],
    selection=CatalogSelection("default", CatalogFilter(created_before=NOW)),
)
@settings(
    max_examples=150, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
def test_qdrant_selects_the_images_that_the_pure_function_selects(
    qdrant: QdrantSelection, entries: list[CatalogEntry], selection: CatalogSelection
) -> None:
    # The last publication of an image counts.
    latest = {image.key: StoredImage(entry=image, published_at=NOW) for image in entries}
    expected = {key.image_id for key, image in latest.items() if selection.selects(image)}
    assert qdrant.ids(entries, selection) == expected
