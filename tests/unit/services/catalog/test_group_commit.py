"""Records in flight are written in groups; each caller learns the outcome of its own record."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.catalog.group_commit import Change, GroupCommit, LastChanges, last_changes
from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.events import CatalogImage
from tests.unit.services.catalog.service_on_fakes import CatalogOnFakes

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
A, B = ImageKey("default", "a"), ImageKey("default", "b")


def published(image_id: str, offset: int, *, uri: str = "drawing:red", time: int = 0) -> Change:
    event = CatalogImage(event_id=uuid4(), occurred_at=NOW, image_id=image_id, uri=uri)
    return Change(event.image_key, RecordPosition(0, offset, time), event)


def removed(image_id: str, offset: int) -> Change:
    return Change(ImageKey("default", image_id), RecordPosition(0, offset, 0), None)


class Store:
    """Notes the offsets of each write; fails for the images of `bad`, and while `unavailable`."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.bad: set[ImageKey] = set()
        self.unavailable = False
        self.resume = asyncio.Event()
        self.resume.set()
        self.commit = GroupCommit(self.write)

    async def write(self, changes: LastChanges) -> None:
        await self.resume.wait()
        if self.unavailable:
            raise Unavailable("qdrant", "it restarts")
        if self.bad & {*changes.removals, *changes.publications}:
            raise ValueError("a bad record")
        positions = [*changes.removals.values()]
        positions += [change.position for change in changes.publications.values()]
        self.groups.append([position.offset for position in positions])

    async def add(self, changes: Sequence[Change]) -> list[BaseException | None]:
        adding = (self.commit.add(change) for change in changes)
        return await asyncio.gather(*adding, return_exceptions=True)


async def test_what_arrives_during_a_write_is_written_together() -> None:
    store = Store()
    store.resume.clear()
    first = asyncio.create_task(store.commit.add(published("i0", 0)))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(store.commit.add(published(f"i{n}", n))) for n in range(1, 100)]
    await asyncio.sleep(0.01)
    assert not first.done()
    store.resume.set()
    await asyncio.gather(first, *others)
    assert store.groups == [[0], [*range(1, 100)]]


async def test_a_caller_waits_for_the_write_of_its_own_record() -> None:
    store = Store()
    await store.commit.add(published("a", 0))
    store.resume.clear()
    waiting = asyncio.create_task(store.commit.add(published("b", 1)))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    store.resume.set()
    await waiting


async def test_a_bad_record_fails_alone() -> None:
    store = Store()
    store.bad = {B}
    errors = await store.add([published("a", 0), published("b", 1), published("c", 2)])
    assert [type(error) for error in errors] == [type(None), ValueError, type(None)]
    assert store.groups == [[0], [2]]


async def test_an_unavailable_store_fails_the_whole_group_and_nothing_else() -> None:
    store = Store()
    store.unavailable = True
    changes = [published("a", 0), removed("b", 1)]
    assert [type(error) for error in await store.add(changes)] == [Unavailable, Unavailable]
    store.unavailable = False
    assert await store.add(changes) == [None, None]


async def test_a_retried_record_does_not_replace_a_later_one_of_its_image() -> None:
    store = Store()
    store.unavailable = True
    # The app chooses the time of a record: here, the earlier one has the later time.
    old, other = published("a", 0, time=99), published("b", 1)
    await store.add([old, other])
    store.unavailable = False
    await store.add([published("a", 2)])
    assert await store.add([old, other]) == [None, None]
    assert store.groups == [[2], [1]]
    # A record that is delivered again later, such as after a restart, is no retry.
    await store.add([old])
    assert store.groups[-1] == [0]


async def test_records_of_cancelled_callers_are_not_written() -> None:
    store = Store()
    store.resume.clear()
    first = asyncio.create_task(store.commit.add(published("a", 0)))
    await asyncio.sleep(0.01)
    cancelled = asyncio.create_task(store.commit.add(published("b", 1)))
    await asyncio.sleep(0.01)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    store.resume.set()
    await first
    await store.add([published("c", 2)])
    assert store.groups == [[0], [2]]


@pytest.mark.parametrize(
    ("changes", "removals", "publications"),
    [
        ([published("a", 1), published("a", 2)], {}, {A: 2}),
        ([published("a", 2), published("a", 1)], {}, {A: 2}),
        ([published("a", 1), removed("a", 2)], {A: 2}, {}),
        ([removed("a", 1), published("a", 2)], {A: 1}, {A: 2}),
        ([published("a", 1), removed("a", 2), published("a", 3)], {A: 2}, {A: 3}),
        ([removed("a", 1), removed("a", 2), published("b", 3)], {A: 2}, {B: 3}),
    ],
)
def test_the_last_records_of_an_image_count(
    changes: list[Change], removals: dict[ImageKey, int], publications: dict[ImageKey, int]
) -> None:
    last = last_changes(changes)
    assert {key: position.offset for key, position in last.removals.items()} == removals
    by_image = {key: change.position.offset for key, change in last.publications.items()}
    assert by_image == publications


async def test_publications_in_flight_are_one_write_of_the_catalog() -> None:
    service = CatalogOnFakes()
    catalog = service.catalogs.current
    await asyncio.gather(*(service.publish(f"i{n}", "drawing:red") for n in range(100)))
    assert await catalog.count() == 100
    assert len(service.waiting) == 100
    assert catalog.publish_calls == 1
    await asyncio.gather(*(service.remove(f"i{n}") for n in range(100)))
    assert await catalog.count() == 0
    assert catalog.remove_calls == 1
    assert service.counts.by_tenant == {}


async def test_an_image_that_is_removed_and_published_in_one_group_is_indexed_again() -> None:
    service = CatalogOnFakes()
    await service.publish("a", "drawing:red")
    await service.index_all()
    await asyncio.gather(service.remove("a"), service.publish("a", "drawing:red"))
    assert await service.status_of("a") == "waiting"
    await asyncio.gather(service.publish("a", "drawing:red"), service.remove("a"))
    assert await service.stored("a") is None
