"""Erased users leave the embedded engine's points, its files and its log."""

import secrets
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from shared.domain.clock import system_clock
from shared.domain.taste import Taste
from shared.store.edge import disk_search
from shared.store.edge.client import EdgeQdrant
from shared.store.edge.collections import DELETED_FOR_SECONDS, Collections
from shared.store.edge.shard import Shard
from shared.store.erasures import FILES, FILES_OF_EVENTS, QdrantErasures
from shared.store.impressions import QdrantImpressions
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import Impressions, StoredProfile, TasteVectors
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from tests.contract.store.qdrants import memory_folder

SIZE = 4


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with memory_folder(tmp_path) as fast:
        yield fast / "qdrant"


class Users:
    """The stores of users on one embedded engine."""

    def __init__(self, folder: Path) -> None:
        client = open_qdrant(StoreSettings(qdrant_path=folder))
        assert isinstance(client, EdgeQdrant)
        self.client = client
        self.profiles = QdrantProfiles(client, embedder="test")
        self.impressions = QdrantImpressions(client)
        self.erasures = QdrantErasures(client)

    async def prepare(self) -> None:
        await self.profiles.prepare(dimension=SIZE)
        await self.impressions.prepare()
        await self.erasures.prepare()

    async def add(self, user_id: str, *, tenant: str = "default") -> None:
        side = np.full(5 * SIZE, 0.1, np.float32)
        profile = StoredProfile(
            tenant=tenant, user_id=user_id, prediction_version=1, predicted=Taste(),
            model_version="m-1", updated_at=system_clock(),
        )  # fmt: skip
        await self.profiles.put(profile, TasteVectors(side, side))
        seen = {f"image-{n}": system_clock() for n in range(20)}
        await self.impressions.put(Impressions(tenant=tenant, user_id=user_id, seen_at=seen))

    async def remove(self, user_id: str, *, tenant: str = "default") -> dict[str, int]:
        await self.profiles.remove(tenant=tenant, user_id=user_id)
        await self.impressions.remove(tenant=tenant, user_id=user_id)
        return await self.erasures.remaining(tenant=tenant, user_id=user_id)


def files_with(folder: Path, text: str) -> list[Path]:
    return disk_search.files_with([text.encode()], [folder])


def test_the_search_of_files_reads_all_their_bytes(tmp_path: Path) -> None:
    block = disk_search.BLOCK_BYTES
    places = {"first": 0, "across two blocks": block - 3, "after a hole": 40 << 20}
    for name, place in places.items():
        with (tmp_path / name).open("wb") as file:
            file.seek(place)
            file.write(b"ada-lovelace" + b"x" * block)
    (tmp_path / "without").write_bytes(b"ada-lovelac" * 1_000)
    (tmp_path / "empty").touch()
    assert {file.name for file in files_with(tmp_path, "ada-lovelace")} == {*places}


async def test_an_erased_user_is_in_no_file_and_the_others_stay(folder: Path) -> None:
    users = Users(folder)
    await users.prepare()
    names = [secrets.token_hex(16) for _ in range(30)]
    for name in names:
        await users.add(name)
    await users.add(names[4])  # overwritten points leave their earlier payload in the files
    assert files_with(folder, names[4])
    counted = await users.erasures.remaining(tenant="default", user_id=names[4])
    assert counted["profiles.test"] == counted["impressions"] == 1
    assert counted[FILES]

    assert set((await users.remove(names[4])).values()) == {0}
    assert files_with(folder, names[4]) == []
    for name in (names[3], names[5]):
        assert await users.profiles.get(tenant="default", user_id=name) is not None
        assert await users.impressions.get(tenant="default", user_id=name) is not None
    assert await users.profiles.get(tenant="default", user_id=names[4]) is None
    await users.client.close()
    assert files_with(folder, names[4]) == []


async def test_an_erasure_after_a_new_start_reaches_the_files_too(folder: Path) -> None:
    users = Users(folder)
    await users.prepare()
    name = secrets.token_hex(16)
    await users.add(name)
    await users.add(secrets.token_hex(16))
    await users.client.close()
    users = Users(folder)
    await users.profiles.remove(tenant="default", user_id=name)
    await users.impressions.remove(tenant="default", user_id=name)
    await users.client.close()  # stopped between the removal and its proof
    users = Users(folder)
    assert set((await users.remove(name)).values()) == {0}
    assert files_with(folder, name) == []
    await users.client.close()


async def test_a_filtered_count_of_zero_is_not_believed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = Users(folder)
    await users.prepare()
    await users.add("ada-lovelace")

    async def none(*arguments: object, **options: object) -> object:
        return type("Count", (), {"count": 0})

    monkeypatch.setattr(users.client, "count", none)
    counted = await users.erasures.remaining(tenant="default", user_id="ada-lovelace")
    assert (counted["profiles.test"], counted["impressions"]) == (1, 1)
    await users.client.close()


async def test_the_same_id_of_another_tenant_and_a_longer_id_are_not_the_user(
    folder: Path,
) -> None:
    users = Users(folder)
    await users.prepare()
    await users.add("user-1000")
    await users.add("user-1000", tenant="other")
    await users.add("user-10000")
    remaining = await users.remove("user-1000")
    assert set(remaining.values()) == {0}
    assert FILES not in remaining, "the files contain the id for another reason"
    await users.client.close()


def test_deleted_points_leave_the_files_after_an_hour_without_an_erasure(folder: Path) -> None:
    from qdrant_edge import Point, UpdateOperation

    collections = Collections(folder)
    collections.create("things", {"vectors": {"image": {"size": 2, "distance": "Cosine"}}})
    shard = collections.shard("things")
    name = secrets.token_hex(16)
    for point, payload in ((1, {"name": name}), (2, {"name": "stays"})):
        shard.update(UpdateOperation.upsert_points([Point(point, {"image": [1.0, 0.0]}, payload)]))
    shard.update(UpdateOperation.delete_points([1]), deletes=True)
    wait = collections.maintenance_in()
    assert wait is not None
    assert DELETED_FOR_SECONDS - 60 < wait <= DELETED_FOR_SECONDS
    assert files_with(folder, name)
    collections.maintain()
    assert collections.maintenance_in() is None
    assert files_with(folder, name) == []
    collections.close()


def test_a_purged_point_leaves_all_segments_with_its_vector_and_its_earlier_payloads(
    folder: Path,
) -> None:
    """Points of several segments, of which some moved to another segment when they changed."""
    from qdrant_edge import CountRequest, PayloadSchemaType, Point, UpdateOperation

    vectors = {"a": {"size": 32, "distance": "Cosine"}}
    small = {"max_segment_size": 200, "indexing_threshold": 100}  # KB
    shard = Shard.create(folder, {"vectors": vectors, "optimizers": small})
    shard.update(UpdateOperation.create_field_index("user_id", PayloadSchemaType.Keyword))
    names = [secrets.token_hex(16) for _ in range(6_000)]
    numbers = np.random.default_rng(0).normal(size=(6_000, 32)).astype(np.float32)

    def point(number: int, **payload: str) -> Point:
        vector = [float(value) for value in numbers[number]]
        return Point(number, {"a": vector}, {"user_id": names[number], **payload})

    for start in range(0, 6_000, 2_000):
        points = [point(number) for number in range(start, start + 2_000)]
        shard.update(UpdateOperation.upsert_points(points))
        shard.optimize()
    assert shard.engine.info().segments_count > 1
    erased = [100, 2_500, 5_999]
    for number in erased[:2]:
        shard.update(UpdateOperation.upsert_points([point(number, again="yes")]))
    stored = shard.engine.retrieve([*erased], False, True)
    traces = [names[number].encode() for number in erased]
    traces += [array("f", record.vector["a"]).tobytes() for record in stored]  # type: ignore[index]
    shard.update(UpdateOperation.delete_points([*erased]), deletes=True)
    shard.flush()
    assert all(disk_search.files_with([trace], [folder]) for trace in traces)
    shard.purge()
    assert [disk_search.files_with([trace], [folder]) for trace in traces] == [[]] * len(traces)
    assert shard.engine.count(CountRequest()) == 6_000 - len(erased)
    assert files_with(folder, names[101])
    shard.close()


async def test_events_of_an_erased_user_are_searched_in_the_files(folder: Path) -> None:
    users = Users(folder)
    await users.prepare()
    for user_id in ("ada-lovelace", "bo"):
        await users.add(user_id)
    event = "0a6d0f0e-94ab-4f5c-a3f5-1f4f5b1d2c3d"
    seen = {event: system_clock()}
    await users.impressions.put(Impressions(tenant="default", user_id="ada-lovelace", seen_at=seen))
    try:
        await users.profiles.remove(tenant="default", user_id="ada-lovelace")
        await users.impressions.remove(tenant="default", user_id="ada-lovelace")
        assert files_with(folder, event)
        remaining = await users.erasures.remaining(
            tenant="default", user_id="ada-lovelace", event_ids=[event]
        )
        assert not files_with(folder, event)
        assert set(remaining.values()) == {0}
        assert users.erasures.not_searched == ()
        # What the purge could not remove is counted.
        (folder / "edge" / "collection-impressions" / "left").write_text(event)
        again = await users.erasures.remaining(
            tenant="default", user_id="ada-lovelace", event_ids=[event]
        )
        assert again[FILES_OF_EVENTS] == 1
    finally:
        await users.client.close()
