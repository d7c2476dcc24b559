"""The embedded engine keeps acknowledged writes through kills, power failures and damaged logs."""

import asyncio
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from qdrant_client.http.models import PointIdsList

from shared.domain.errors import Unavailable
from shared.store.edge import shard as shard_module
from shared.store.edge.calls import EdgeCalls
from shared.store.edge.errors import EngineError
from shared.store.edge.shard import Shard
from shared.store.qdrant import qdrant_errors
from tests.contract.store.qdrants import memory_folder
from tests.integration.store.engine_folders import (
    NAME,
    create,
    opened,
    put,
    start_writer,
    stored,
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with memory_folder(tmp_path) as fast:
        yield fast / "qdrant"


def files_of(folder: Path, name: str = NAME) -> Path:
    return folder / "edge" / f"collection-{name}"


async def test_a_killed_engine_loses_nothing_and_starts_again(folder: Path) -> None:
    client = opened(folder)
    await create(client)
    await put(client, *range(50), value="written")
    await client.delete(NAME, PointIdsList(points=[7]), wait=True)
    await client.set_payload(NAME, {"value": "changed"}, points=[8], wait=True)
    calls = client._client
    assert isinstance(calls, EdgeCalls)
    process = calls.engine._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(Unavailable, match="ended by signal 9"), qdrant_errors():
        await client.count(NAME)
    points = await stored(client)
    await client.close()
    assert set(points) == {*range(50)} - {7}
    assert points[8] == {"value": "changed"}
    assert points[9] == {"value": "written"}


async def test_a_killed_process_loses_no_write_and_leaves_the_folder_free(folder: Path) -> None:
    writer = start_writer(folder, 20)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(20)]
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    client = await asyncio.to_thread(opened, folder)
    points = await stored(client)
    await client.close()
    assert set(points) == set(acknowledged)


async def test_only_the_forced_log_is_needed_after_a_power_failure(
    folder: Path, tmp_path: Path
) -> None:
    """The worst case: the disk has the segments of the last flush, and the log of later writes."""
    client = opened(folder)
    await create(client)
    await put(client, *range(20), value="flushed")
    await client.close()
    client = opened(folder)
    shutil.copytree(folder, tmp_path / "copy")
    for number in range(10, 400):  # fills more than one file of the log
        await put(client, number, value="later", padding="x" * 2_000)
    await client.delete(NAME, PointIdsList(points=[3]), wait=True)
    later = files_of(tmp_path / "copy")
    shutil.rmtree(later / "wal")
    shutil.copytree(files_of(folder) / "wal", later / "wal")
    await client.close()

    client = opened(tmp_path / "copy")
    points = await stored(client)
    await client.close()
    assert set(points) == {*range(400)} - {3}
    assert {n for n, payload in points.items() if payload["value"] == "later"} == {*range(10, 400)}


@pytest.mark.parametrize("damage", ["torn end", "overwritten middle", "lost"])
async def test_a_damaged_log_does_not_swallow_later_writes(folder: Path, damage: str) -> None:
    client = opened(folder)
    await create(client)
    for value in range(30):
        await put(client, 1, 2, value=value)
    await client.close()
    log = files_of(folder) / "wal"
    match damage:
        case "torn end":
            newest = max(log.glob("open-*"), key=lambda f: len(f.read_bytes().rstrip(b"\0")))
            content = newest.read_bytes().rstrip(b"\0")
            newest.write_bytes(content[: len(content) // 2])
        case "overwritten middle":
            for file in log.glob("open-*"):
                content = file.read_bytes()
                half = len(content.rstrip(b"\0")) // 2
                file.write_bytes(content[:half] + b"\xff" * 16 + content[half + 16 :])
        case _:
            shutil.rmtree(log)
    client = opened(folder)
    assert {p["value"] for p in (await stored(client)).values()} == {29}, "they were flushed"
    await put(client, 1, value="new")
    await client.delete(NAME, PointIdsList(points=[2]), wait=True)
    points = await stored(client)
    await client.close()
    assert points == {1: {"value": "new"}}


async def test_refused_writes_count_when_the_log_is_lost(folder: Path) -> None:
    client = opened(folder)
    await create(client)
    for _ in range(30):
        with pytest.raises(Unavailable, match="No point with id"), qdrant_errors():
            await client.set_payload(NAME, {"value": "x"}, points=[99], wait=True)
    await put(client, 1, value="old")
    await client.close()
    shutil.rmtree(files_of(folder) / "wal")
    client = opened(folder)
    await put(client, 1, value="new")
    points = await stored(client)
    await client.close()
    assert points == {1: {"value": "new"}}


async def test_an_unreadable_log_is_reported_with_advice(folder: Path) -> None:
    client = opened(folder)
    await create(client)
    await put(client, 1)
    await client.close()
    for file in (files_of(folder) / "wal").glob("open-*"):
        file.write_bytes(b"\xff" * 64 + file.read_bytes()[64:])
    with pytest.raises(Unavailable, match="Restore the folder from a backup"):
        opened(folder)
    shutil.rmtree(files_of(folder) / "wal")  # as the message advises
    client = opened(folder)
    assert set(await stored(client)) == {1}
    await client.close()


async def test_a_damaged_list_of_collections_is_reported_with_advice(folder: Path) -> None:
    client = opened(folder)
    await create(client)
    await client.close()
    (folder / "edge" / "collections.json").write_text("{")
    with pytest.raises(Unavailable, match=r"collections\.json cannot be read.*backup"):
        opened(folder)
    assert files_of(folder).is_dir(), "nothing is removed"


def test_a_full_disk_refuses_a_write_before_the_engine_begins_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qdrant_edge import CountRequest, Point, UpdateOperation

    shard = Shard.create(folder, {"vectors": {"image": {"size": 2, "distance": "Cosine"}}})
    write = UpdateOperation.upsert_points([Point(1, {"image": [1.0, 0.0]}, {})])
    usage = shutil.disk_usage(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10 << 20))
    with pytest.raises(EngineError, match=r"has 10 MB free.*free some space"):
        shard.update(write)
    assert shard.engine.count(CountRequest()) == 0
    monkeypatch.undo()
    shard.update(write)
    assert shard.engine.count(CountRequest()) == 1
    shard.close()


async def test_the_event_loop_continues_while_the_engine_works(folder: Path) -> None:
    client = opened(folder)
    await create(client)
    loop = asyncio.get_running_loop()
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            start = loop.time()
            await asyncio.sleep(0.001)
            longest = max(longest, loop.time() - start)

    await put(client, *range(3_000), value="x" * 500)
    await client.delete(NAME, PointIdsList(points=[1, 2, 3]), wait=True)
    watcher = asyncio.create_task(watch())
    start = loop.time()
    await client.purge()  # type: ignore[attr-defined]
    seconds = loop.time() - start
    watcher.cancel()
    await client.close()
    assert longest < max(0.05, seconds / 2), (longest, seconds)


def test_each_operation_is_in_a_file_that_its_write_forced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the log begins a new file, and for an operation larger than a file of the log."""
    from qdrant_edge import Point, UpdateOperation

    shard = Shard.create(folder, {"vectors": {"image": {"size": 2, "distance": "Cosine"}}})
    forced: list[Path] = []
    monkeypatch.setattr(shard_module, "_force", forced.append)
    files: set[str] = set()
    for number in range(300):
        forced.clear()
        mark = f"operation-{number:04}-"
        payload = {"mark": mark, "padding": "x" * (600_000 if number % 100 == 99 else 3_000)}
        shard.update(UpdateOperation.upsert_points([Point(1, {"image": [1.0, 0.0]}, payload)]))
        # The log prepares its next file as `tmp-open-N` in a thread of its own, and renames it.
        log = [file for file in (folder / "wal").iterdir() if not file.name.startswith("tmp-")]
        holding = {file.name for file in log if mark.encode() in file.read_bytes()}
        assert len(holding) == 1
        assert holding <= {path.name for path in forced}, number
        files |= holding
    assert len(files) > 3
    shard.close()
