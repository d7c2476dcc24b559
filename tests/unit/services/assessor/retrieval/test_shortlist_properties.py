"""Whatever the catalog and the request are, a shortlist keeps its promises."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.assessor.popularity.counts import Popularity
from services.assessor.steps.reranking.seen_images import SeenImages
from services.assessor.steps.retrieval.queries import TasteExamples
from services.assessor.steps.retrieval.search import CatalogSearch
from services.assessor.steps.retrieval.shares import SourceShares
from services.assessor.steps.retrieval.shortlist import Shortlist, ShortlistRequest
from shared.domain.ids import derived_id
from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.catalog_filter import EVERY_IMAGE, CatalogFilter
from shared.domain.user import User
from shared.domain.weights.retrieval_weights import SHIPPED
from shared.store.catalog.images import ImageIndex, IndexedContent, Publication
from shared.store.catalog.queries import CatalogSelection
from shared.store.protocol import Impressions, StoredProfile
from tests.fakes.model import COLORS
from tests.fakes.stores import InMemoryImpressions
from tests.fakes.stores.catalogs import InMemoryCatalogs
from tests.unit.services.assessor.cold_start.feedback import act
from tests.unit.services.assessor.retrieval.catalog import SPACE, color_vector
from tests.unit.services.assessor.users import NOW

ANA = User("default", "ana")
MAX_IMAGES = 40


@dataclass(frozen=True)
class World:
    """A catalog, what is known of its images, and what a request wants."""

    colors: list[str]
    """The color of each image; its number is its id."""
    sale: set[int]
    unavailable: set[int]
    not_indexed: set[int]
    excluded: set[int]
    seen: set[int]
    liked_by_others: set[int]
    old: bool
    likes: set[str]
    limit: int
    on_sale_only: bool
    shares: SourceShares
    seed: int


numbers = st.sets(st.integers(0, MAX_IMAGES - 1))
worlds = st.builds(
    World,
    colors=st.lists(st.sampled_from(COLORS), max_size=MAX_IMAGES),
    sale=numbers,
    unavailable=numbers,
    not_indexed=st.sets(st.integers(0, MAX_IMAGES - 1), max_size=5),
    excluded=numbers,
    seen=numbers,
    liked_by_others=numbers,
    old=st.booleans(),
    likes=st.sets(st.sampled_from(COLORS), max_size=3),
    limit=st.integers(1, 50),
    on_sale_only=st.booleans(),
    shares=st.builds(
        SourceShares,
        popular=st.sampled_from([0, 0.1, 0.3]),
        new=st.sampled_from([0, 0.1, 0.3]),
        explored=st.sampled_from([0, 0.05, 0.4]),
    ),
    seed=st.integers(0, 100),
)


class Likes:
    """The examples of a user who likes images of these colors."""

    def __init__(self, colors: set[str]) -> None:
        self._vectors = tuple(color_vector(color) for color in sorted(colors))

    async def of(self, profile: StoredProfile | None) -> list[TasteExamples]:
        return [TasteExamples(liked=self._vectors)] if self._vectors else []


async def searched(world: World) -> tuple[Shortlist, set[str], set[str]]:
    """The shortlist, all images that it may have, and those that the user has not seen."""
    catalogs = InMemoryCatalogs(SPACE)
    catalog, popularity, impressions = catalogs.current, Popularity(), InMemoryImpressions()
    published_at = NOW - timedelta(days=90 if world.old else 1)
    for number, color in enumerate(world.colors):
        entry = CatalogEntry(
            tenant="default",
            image_id=str(number),
            uri=f"mem:{number}",
            tags=("sale",) if number in world.sale else (),
            available_from=NOW + timedelta(days=1) if number in world.unavailable else None,
        )
        await catalog.publish([Publication(entry, published_at)])
        if number not in world.not_indexed:
            index = ImageIndex(
                uri=entry.uri, content_hash=f"{number}", model_version="m", indexed_at=NOW
            )
            content = IndexedContent(entry.key, index, {"image": color_vector(color)})
            await catalog.index([content])
    for number in world.liked_by_others:
        popularity.add(act("other", "like", str(number)))
    seen_at = {str(number): NOW for number in world.seen}
    await impressions.put(Impressions(tenant="default", user_id="ana", seen_at=seen_at))
    wanted = CatalogFilter(tags_any=("sale",)) if world.on_sale_only else EVERY_IMAGE
    excluded = frozenset(str(number) for number in world.excluded)
    search = CatalogSearch(
        catalogs,
        examples=Likes(world.likes),
        popularity=popularity,
        seen_images=SeenImages(impressions, days=1, clock=lambda: NOW),
        shares=world.shares,
        factors=SHIPPED,
        new_days=30,
        clock=lambda: NOW,
    )
    request = ShortlistRequest(
        ANA,
        limit=world.limit,
        seed=derived_id("test", world.seed),
        filter=wanted,
        exclude_ids=excluded,
    )
    selection = CatalogSelection(
        "default", wanted, available_at=NOW, exclude_ids=excluded, indexed_only=True
    )
    possible = {i.entry.image_id for i in await catalog.newest(selection, limit=100)}
    return await search.find(request), possible, possible - seen_at.keys()


@settings(max_examples=60, deadline=None)
@given(worlds)
def test_a_shortlist_has_the_images_that_it_may_have_and_as_many_as_it_can(world: World) -> None:
    shortlist, possible, unseen = asyncio.run(searched(world))
    ids = [image.image_id for image in shortlist.images]
    assert len(ids) == len(set(ids)) == min(world.limit, len(possible))
    assert set(ids) <= possible
    # A seen image comes only where no other one is left.
    assert set(ids) <= unseen or unseen <= set(ids)
    assert (shortlist.reason is None) == bool(ids)
    assert all(0 < image.propensity <= 1 for image in shortlist.images)
    assert all(i.source == "explored" for i in shortlist.images if i.propensity < 1)


@settings(max_examples=20, deadline=None)
@given(worlds)
def test_the_same_request_gets_the_same_shortlist(world: World) -> None:
    first, _, _ = asyncio.run(searched(world))
    again, _, _ = asyncio.run(searched(world))
    assert [(i.image_id, i.source, i.propensity) for i in first.images] == [
        (i.image_id, i.source, i.propensity) for i in again.images
    ]


def test_the_shares_are_kept_when_every_source_has_enough() -> None:
    world = World(
        colors=["red", "blue"] * 20, sale=set(), unavailable=set(), not_indexed=set(),
        excluded=set(), seen=set(), liked_by_others=set(range(1, 20, 2)), old=False, likes={"red"},
        limit=20, on_sale_only=False, seed=1,
        shares=SourceShares(popular=0.2, new=0.2, explored=0.1),
    )  # fmt: skip
    shortlist, _, _ = asyncio.run(searched(world))
    sources = Counter(image.source for image in shortlist.images)
    assert sources == {"likes": 10, "popular": 4, "new": 4, "explored": 2}
    assert shortlist.shares == {"likes": 0.5, "popular": 0.2, "new": 0.2, "explored": 0.1}
