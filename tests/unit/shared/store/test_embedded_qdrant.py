"""The embedded Qdrant writes the points of one call in one transaction, all or none."""

import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from qdrant_client.http.models import PointStruct
from qdrant_client.local.persistence import CollectionPersistence

from shared.domain.errors import Unavailable
from shared.store.embedded_qdrant import EmbeddedQdrant
from shared.store.image_vectors import QdrantImageVectors
from shared.store.qdrant import open_qdrant
from shared.store.settings import StoreSettings

UNITS = {name: np.eye(4, dtype=np.float32)[k] for k, name in enumerate("abcd")}
WITHOUT_D = ("a", "b", "c")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[EmbeddedQdrant]:
    client = open_qdrant(StoreSettings(qdrant_path=tmp_path))
    assert isinstance(client, EmbeddedQdrant)
    yield client
    await client.close()


async def vectors_in(client: EmbeddedQdrant) -> QdrantImageVectors:
    vectors = QdrantImageVectors(client, encoder="encoder", dimension=4)
    await vectors.prepare()
    return vectors


def connection_of(client: EmbeddedQdrant, vectors: QdrantImageVectors) -> sqlite3.Connection:
    connection = client._client.collections[vectors.collection].storage.storage  # type: ignore[attr-defined]
    assert isinstance(connection, sqlite3.Connection)
    return connection


async def test_many_points_are_committed_once(client: EmbeddedQdrant) -> None:
    vectors = await vectors_in(client)
    await vectors.put({"d": UNITS["d"]})
    statements: list[str] = []
    connection_of(client, vectors).set_trace_callback(statements.append)
    await vectors.put({name: UNITS[name] for name in WITHOUT_D})
    assert sum(statement.startswith("INSERT") for statement in statements) == 3
    assert statements.count("COMMIT") == 1
    await vectors.put({"a": UNITS["b"]})
    assert statements.count("COMMIT") == 2


async def test_points_are_there_after_a_new_start(tmp_path: Path) -> None:
    for _ in range(2):  # with a new collection, and with one that was read from the folder
        client = open_qdrant(StoreSettings(qdrant_path=tmp_path))
        assert isinstance(client, EmbeddedQdrant)
        await (await vectors_in(client)).put(UNITS)
        await client.close()
    client = open_qdrant(StoreSettings(qdrant_path=tmp_path))
    assert isinstance(client, EmbeddedQdrant)
    assert set(await (await vectors_in(client)).get(list(UNITS))) == set(UNITS)
    await client.close()


async def test_points_survive_a_process_that_is_killed(tmp_path: Path) -> None:
    """A copy of the folder at this moment is what a killed process leaves behind."""
    client = open_qdrant(StoreSettings(qdrant_path=tmp_path / "running"))
    assert isinstance(client, EmbeddedQdrant)
    vectors = await vectors_in(client)
    await vectors.put({name: UNITS[name] for name in WITHOUT_D})
    await vectors.put({"d": UNITS["d"]})
    synchronous = connection_of(client, vectors).execute("PRAGMA synchronous").fetchone()
    assert synchronous == (2,)  # full: a commit is on the disk
    shutil.copytree(tmp_path / "running", tmp_path / "killed")
    await client.close()
    again = open_qdrant(StoreSettings(qdrant_path=tmp_path / "killed"))
    assert isinstance(again, EmbeddedQdrant)
    assert set(await (await vectors_in(again)).get(list(UNITS))) == set(UNITS)
    await again.close()


async def test_a_failed_write_leaves_nothing_behind_and_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_qdrant(StoreSettings(qdrant_path=tmp_path))
    assert isinstance(client, EmbeddedQdrant)
    vectors = await vectors_in(client)
    await vectors.put({"d": UNITS["d"]})
    writes: list[PointStruct] = []

    def disk_full_at_the_third(persistence: CollectionPersistence, point: PointStruct) -> None:
        writes.append(point)
        if len(writes) == 3:
            raise sqlite3.OperationalError("database or disk is full")
        persist(persistence, point)

    persist = CollectionPersistence.persist
    monkeypatch.setattr(CollectionPersistence, "persist", disk_full_at_the_third)
    with pytest.raises(Unavailable, match="disk is full"):
        await vectors.put({name: UNITS[name] for name in WITHOUT_D})
    rows = connection_of(client, vectors).execute("SELECT count(*) FROM points").fetchone()
    assert rows == (1,)
    await vectors.put({name: UNITS[name] for name in WITHOUT_D})
    rows = connection_of(client, vectors).execute("SELECT count(*) FROM points").fetchone()
    assert rows == (4,)
    await client.close()
