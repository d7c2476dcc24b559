"""Move collections from the SQLite files of the client's local mode into the engine."""

import json
import logging
import pickle
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from qdrant_client.http import models

from shared.store.edge.engine_process import EngineProcess
from shared.store.edge.errors import EngineError
from shared.store.edge.translation import collection_config, plain_points

BATCH: Final = 200
"""Points of one write, about 2 MB of vectors."""

log = logging.getLogger(__name__)


def move_local_mode(folder: Path, engine: EngineProcess) -> None:
    """Copy all points of an earlier format, check the copy, and only then remove the old files.

    An interrupted move starts again at the next opening. The old files do not stay: an erasure must
    reach every copy of a user's data. Raises `EngineError` and leaves the old files as they are.
    """
    moved = folder / "collection.moved"
    index = folder / "meta.json"
    if index.exists() and not moved.exists():
        start = time.monotonic()
        collections, aliases = _read_index(index)
        counts = {
            name: _move(folder / "collection" / name, name, config, engine)
            for name, config in collections.items()
        }
        if aliases:
            engine.call_now(
                "change_aliases", ([("create", alias, name) for alias, name in aliases.items()],)
            )
        log.info(
            "moved %d points of %d collections in %s from the earlier format in %.1f s",
            sum(counts.values()), len(counts), folder, time.monotonic() - start,
        )  # fmt: skip
        if (folder / "collection").exists():
            (folder / "collection").rename(moved)
    index.unlink(missing_ok=True)
    shutil.rmtree(moved, ignore_errors=True)


def _move(folder: Path, name: str, config: dict[str, Any], engine: EngineProcess) -> int:
    """Copy the points of one collection; returns how many."""
    if not engine.call_now("collection_exists", (name,)):
        created = models.CreateCollection.model_validate(config)
        engine.call_now("create_collection", (name, collection_config(created.vectors, {})))
    count = 0
    for points in _batches(folder / "storage.sqlite"):
        rows = plain_points(points)
        engine.call_now("upsert", (name, rows))
        ids = [row[0] for row in rows]
        copies = len(engine.call_now("retrieve", (name, ids, False, False)))
        if copies != len(ids):
            raise EngineError(f"{len(ids) - copies} points of {folder} were not copied")
        count += len(rows)
    return count


def _read_index(index: Path) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        content = json.loads(index.read_bytes())
        return content["collections"], content.get("aliases") or {}
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(index, error) from error


def _batches(database: Path) -> Iterator[list[models.PointStruct]]:
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(database)) as connection:
            rows = connection.execute("SELECT point FROM points ORDER BY rowid")
            while batch := rows.fetchmany(BATCH):
                yield [pickle.loads(value) for (value,) in batch]
    except (sqlite3.Error, pickle.UnpicklingError, EOFError, AttributeError) as error:
        raise _damaged(database, error) from error


def _damaged(file: Path, error: Exception) -> EngineError:
    return EngineError(
        f"the database {file} of an earlier format cannot be read: {error}. Restore the folder from"
        " a backup, or move it away to start with an empty store"
    )
