"""A folder of the client's local mode moves into the embedded engine at the first opening."""

import gc
import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import (
    CreateAlias,
    CreateAliasOperation,
    Distance,
    PointStruct,
    VectorParams,
)

from shared.domain.errors import Unavailable
from shared.store.edge import local_mode
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings
from tests.contract.store.qdrants import memory_folder
from tests.contract.store.stores import TASTES, described, in_qdrant, known, pinned, profile, put

NAMED = "things.of:many/kinds"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with memory_folder(tmp_path) as fast:
        yield fast / "qdrant"


def opened(folder: Path) -> AsyncQdrantClient:
    return open_qdrant(StoreSettings(qdrant_path=folder))


def entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def write_local_mode(folder: Path) -> None:
    """The stores' collections with some points, as releases before the engine wrote them."""
    client = AsyncQdrantClient(path=str(folder))
    stores = await in_qdrant(client)
    for n, taste in enumerate(TASTES.values()):
        await put(stores, profile(taste, user_id=f"user-{n}"))
    await stores.profiles.correct(pinned("gold"))
    await stores.images.remember([known(f"image-{n}") for n in range(450)])
    await stores.images.describe([await described(f"hash-{n}", color="red") for n in range(5)])
    vectors = {"a": VectorParams(size=3, distance=Distance.COSINE)}
    await client.create_collection("extra", vectors_config=vectors)
    await client.upsert("extra", [PointStruct(id=5, vector={"a": [3.0, 4.0, 0.0]}, payload={})])
    alias = CreateAlias(collection_name="extra", alias_name="serving")
    await client.update_collection_aliases([CreateAliasOperation(create_alias=alias)])
    await client.close()


async def contents(client: AsyncQdrantClient) -> dict[str, dict[Any, Any]]:
    """All points by collection, with unit vectors."""
    everything: dict[str, dict[Any, Any]] = {}
    for collection in (await client.get_collections()).collections:
        points, _ = await client.scroll(collection.name, limit=10_000, with_vectors=True)
        everything[collection.name] = {
            p.id: (p.payload, {name: _unit(v) for name, v in dict(p.vector or {}).items()})  # type: ignore[arg-type]
            for p in points
        }
    return everything


def _unit(vector: Sequence[float]) -> tuple[float, ...]:
    array = np.asarray(vector, np.float64)
    length = np.linalg.norm(array)
    return tuple(np.round(array / length if length else array, 4) + 0.0)


async def test_all_points_and_aliases_move_and_the_old_files_go(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await write_local_mode(folder)
    client = AsyncQdrantClient(path=str(folder))
    before = await contents(client)
    await client.close()
    with caplog.at_level(logging.INFO):
        client = opened(folder)
    assert await contents(client) == before
    (point,) = await client.retrieve("serving", [5])
    assert point.id == 5
    assert len(before["image_ids"]) == 450
    stores = await in_qdrant(client)
    stored = await stores.profiles.get(tenant="default", user_id="user-0")
    assert stored is not None
    assert stored.predicted == TASTES["full"]
    await client.close()
    count = sum(map(len, before.values()))
    assert f"moved {count} points of {len(before)} collections" in caplog.text
    assert entries(folder) == {".lock", "edge"}

    client = opened(folder)
    assert await contents(client) == before
    await client.close()


async def test_an_interrupted_move_starts_again_and_loses_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_local_mode(folder)
    client = AsyncQdrantClient(path=str(folder))
    before = await contents(client)
    await client.close()
    moves: list[str] = []

    def interrupted(source: Path, name: str, config: Any, engine: Any) -> int:
        if len(moves) == 3:
            raise OSError(28, "No space left on device")
        moves.append(name)
        return move(source, name, config, engine)

    move = local_mode._move
    monkeypatch.setattr(local_mode, "_move", interrupted)
    with pytest.raises(Unavailable, match="No space left"):
        opened(folder)
    assert (folder / "meta.json").exists()
    assert len(list((folder / "collection").iterdir())) == len(before)
    monkeypatch.undo()
    client = opened(folder)
    assert await contents(client) == before
    await client.close()


async def test_a_move_that_ended_between_its_last_steps_is_completed(folder: Path) -> None:
    await write_local_mode(folder)
    index = (folder / "meta.json").read_bytes()
    client = opened(folder)
    before = await contents(client)
    await client.close()
    (folder / "meta.json").write_bytes(index)
    (folder / "collection.moved").mkdir()
    client = opened(folder)
    assert await contents(client) == before
    await client.close()
    assert entries(folder) == {".lock", "edge"}


@pytest.mark.parametrize("damage", ["database", "point", "index"])
async def test_damaged_files_are_reported_and_stay_as_they_are(folder: Path, damage: str) -> None:
    await write_local_mode(folder)
    database = folder / "collection" / "image_ids" / "storage.sqlite"
    match damage:
        case "database":
            database.write_bytes(b"\xff" * 4096)
        case "point":
            with sqlite3.connect(database) as connection:
                connection.execute("UPDATE points SET point = X'00' WHERE rowid = 1")
            connection.close()
        case _:
            (folder / "meta.json").write_text("{")
    with pytest.raises(Unavailable, match=r"of an earlier format cannot be read.*backup"):
        opened(folder)
    assert database.exists()
    assert (folder / "meta.json").exists()


async def test_points_that_an_earlier_release_wrote_after_the_move_are_added(folder: Path) -> None:
    """A person goes back to an earlier release, which begins with an empty store, and returns."""
    await write_local_mode(folder)
    client = opened(folder)
    before = await contents(client)
    await client.close()
    earlier = AsyncQdrantClient(path=str(folder))
    stores = await in_qdrant(earlier)
    await stores.images.remember([known("new image")])
    await earlier.close()
    client = opened(folder)
    after = await contents(client)
    await client.close()
    assert len(after["image_ids"]) == 451
    assert before["image_ids"].items() <= after["image_ids"].items()


# The library leaves the lock file to the garbage collector when it cannot open a folder.
@pytest.mark.filterwarnings("ignore:Exception ignored:pytest.PytestUnraisableExceptionWarning")
async def test_an_earlier_release_and_the_engine_do_not_share_a_folder(folder: Path) -> None:
    await write_local_mode(folder)
    earlier = AsyncQdrantClient(path=str(folder))
    with pytest.raises(Unavailable, match="another process uses it"):
        opened(folder)
    await earlier.close()
    client = opened(folder)
    with pytest.raises(RuntimeError, match="already accessed"):
        AsyncQdrantClient(path=str(folder))
    gc.collect()
    await client.close()
    assert json.loads((folder / "edge" / "collections.json").read_bytes())["aliases"] == {
        "serving": "extra"
    }
