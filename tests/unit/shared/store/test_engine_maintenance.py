"""The index of a collection is brought up to date in a pause, and without one after a while."""

import pickle
import time
from array import array
from multiprocessing import Pipe
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from shared.store.edge import collections as module
from shared.store.edge.collections import IDLE_SECONDS, INDEX_DELAY_SECONDS, Collections
from shared.store.edge.operations import Operations
from shared.store.edge.worker import _serve

NAME = "things"
SIZE = 64
NEW_POINTS = 50


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    monkeypatch.setattr(module, "UNINDEXED_POINTS", NEW_POINTS - 1)
    return seconds


def created(folder: Path, name: str = NAME, *, quantized: bool = True) -> Collections:
    config: dict[str, Any] = {
        "vectors": {"v": {"size": SIZE, "distance": "Dot", "on_disk": True}},
        "optimizers": {"indexing_threshold": 1},
    }
    if quantized:
        config["quantization_config"] = {"turbo": {"bits": "bits1", "always_ram": True}}
    collections = Collections(folder)
    collections.create(name, config)
    return collections


def write(collections: Collections, count: int = NEW_POINTS, name: str = NAME) -> None:

    points: list[Any] = [
        (n, {"v": array("f", [float(n % 7), *[1.0] * (SIZE - 1)])}, {}) for n in range(count)
    ]
    Operations(collections).upsert(name, points)


def test_new_points_are_quantized_without_a_pause_after_30_seconds(
    tmp_path: Path, clock: list[float]
) -> None:
    collections = created(tmp_path)
    write(collections)
    assert collections.maintenance_in() == IDLE_SECONDS
    assert collections.shard(NAME).engine.info().indexed_vectors_count < NEW_POINTS
    clock[0] += INDEX_DELAY_SECONDS + 1
    assert collections.maintenance_in() == 0
    collections.maintain()
    assert collections.shard(NAME).engine.info().indexed_vectors_count >= NEW_POINTS
    assert collections.maintenance_in() is None
    collections.close()


def test_a_few_new_points_wait_for_a_pause(tmp_path: Path, clock: list[float]) -> None:
    collections = created(tmp_path)
    write(collections, NEW_POINTS - 1)
    clock[0] += INDEX_DELAY_SECONDS + 1
    assert collections.maintenance_in() == IDLE_SECONDS
    collections.close()


def test_changes_of_a_batch_count_by_their_vectors(tmp_path: Path, clock: list[float]) -> None:

    collections = created(tmp_path)
    write(collections, 1)
    payloads: list[tuple[str, tuple[Any, ...]]] = [("set_payload", ([0], {})) for _ in range(90)]
    Operations(collections).batch(NAME, payloads)
    clock[0] += INDEX_DELAY_SECONDS + 1
    assert collections.maintenance_in() == IDLE_SECONDS
    vector = {"v": array("f", [1.0] * SIZE)}
    Operations(collections).batch(NAME, [("upsert", ([(n, vector, {})],)) for n in range(90)])
    assert collections.maintenance_in() == 0
    collections.close()


def test_published_images_without_vectors_need_no_index(tmp_path: Path, clock: list[float]) -> None:
    collections = created(tmp_path)
    Operations(collections).upsert(NAME, [(n, {}, {"uri": "x"}) for n in range(2 * NEW_POINTS)])
    clock[0] += INDEX_DELAY_SECONDS + 1
    assert collections.maintenance_in() == IDLE_SECONDS
    collections.close()


def test_a_collection_that_needs_its_index_comes_before_one_that_waits_longer(
    tmp_path: Path, clock: list[float]
) -> None:
    collections = created(tmp_path)
    collections.create("plain", {"vectors": {"v": {"size": SIZE, "distance": "Dot"}}})
    write(collections, name="plain")
    clock[0] += 1
    write(collections)
    clock[0] += INDEX_DELAY_SECONDS + 1
    collections.maintain()
    assert collections.shard(NAME).engine.info().indexed_vectors_count >= NEW_POINTS
    assert collections.maintenance_in() == IDLE_SECONDS
    collections.close()


def test_points_of_an_earlier_process_are_quantized_too(tmp_path: Path, clock: list[float]) -> None:
    collections = created(tmp_path)
    write(collections)
    collections.close()
    collections = Collections(tmp_path)
    write(collections, 1)
    clock[0] += INDEX_DELAY_SECONDS + 1
    assert collections.maintenance_in() == 0
    collections.close()


def test_late_maintenance_comes_before_a_call_that_waits() -> None:
    """An indexing service and searches call without a gap."""
    steps: list[str] = []
    collections = Mock(Collections, aliases={})
    collections.maintenance_in.side_effect = [0.0, None, None]
    collections.maintain.side_effect = lambda: steps.append("maintenance")
    collections.drop.side_effect = lambda name: steps.append(f"drop {name}")
    (calls, sent), (received, replies) = Pipe(duplex=False), Pipe(duplex=False)
    sent.send_bytes(pickle.dumps(("delete_collection", (NAME,), {})))
    sent.close()
    _serve(calls, replies, collections)
    assert steps == ["maintenance", f"drop {NAME}"]
    received.close()
