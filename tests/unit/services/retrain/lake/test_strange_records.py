"""No record can end a collection: it is kept as an invalid row, and the others are collected."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from arro3.core import Table as ArrowTable
from deltalake import DeltaTable, QueryBuilder
from prometheus_client import CollectorRegistry

from services.retrain.config import RetrainSettings
from services.retrain.lake.append import append, storable_rows
from services.retrain.lake.collect import Collector
from services.retrain.lake.schema import TABLES, Column, Row, TableSchema, row_of
from services.retrain.lake.table import LakeBroken, LakeTable
from services.retrain.metrics import CollectMetrics
from shared.events.topics import FEEDBACK, PROFILES, Topic
from shared.events.wire.record import Record
from shared.messaging.read.drain import Batch

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
FEEDBACK_TABLE = next(table for table in TABLES if table.topic is FEEDBACK)
PROFILES_TABLE = next(table for table in TABLES if table.topic is PROFILES)


def like(offset: int, **fields: Any) -> bytes:
    return json.dumps(
        {
            "event_id": f"018f3a5e-7b1c-7d2e-9f40-{offset:012}",
            "occurred_at": "2026-03-01T11:00:00Z",
            "user_id": "ada",
            "type": "like",
            "image_id": f"img-{offset}",
            **fields,
        }
    ).encode()


def feedback(offset: int, value: bytes | None = None, *, timestamp_ms: int = NOW_MS) -> Record:
    return Record(
        FEEDBACK.name, 0, offset, timestamp_ms, b"ada", like(offset) if value is None else value
    )


class OneBatch:
    """A drain that yields one batch of feedback, from where the table ends."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records

    def __call__(
        self, topic: Topic, *, start_of: Callable[[int], int | None], stop: Callable[[], bool]
    ) -> Iterator[Batch]:
        start = start_of(0) or 0
        new = tuple(r for r in self.records if r.topic == topic.name and r.offset >= start)
        if new:
            yield Batch(new, {0: new[-1].offset + 1})


def collector(
    tables: Sequence[LakeTable], records: Sequence[Record], registry: CollectorRegistry
) -> Collector:
    return Collector(
        tables, OneBatch(records), RetrainSettings(), CollectMetrics(registry), lambda: NOW
    )


def stored(folder: Path, name: str = "feedback") -> list[dict[str, Any]]:
    table = DeltaTable(str(folder / name))
    rows = QueryBuilder().register("t", table).execute("SELECT * FROM t ORDER BY kafka_offset")
    read = ArrowTable.from_arrow(rows.read_all())
    columns = [read.column(column).to_pylist() for column in read.column_names]
    return [dict(zip(read.column_names, values, strict=True)) for values in zip(*columns)]  # noqa: B905  of one table


@pytest.mark.parametrize(
    "occurred_at",
    [
        "9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:60-14:00",
        "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "2026-03-02T12:00:01Z",
        "2026-03-01T24:00:00Z",
    ],
)  # fmt: skip
def test_a_time_out_of_bounds_is_kept_as_an_invalid_row(tmp_path: Path, occurred_at: str) -> None:
    value = like(1, occurred_at=occurred_at)
    table = LakeTable(str(tmp_path), FEEDBACK_TABLE)
    records = [feedback(0), feedback(1, value), feedback(2)]
    result = collector([table], records, CollectorRegistry()).run()
    assert not result.problems
    rows = stored(tmp_path)
    assert [row["refused"] for row in rows] == [None, "invalid_event", None]
    assert rows[1]["event"].encode() == value


@pytest.mark.parametrize(
    "timestamp_ms",
    [-1, 0, 1, -(2**63), 2**63 - 1, 9_223_372_036_854_775_807, 253_402_300_800_000, 1_772_366],
)
def test_any_kafka_timestamp_is_collected_under_the_time_of_the_collection(
    tmp_path: Path, timestamp_ms: int
) -> None:
    table = LakeTable(str(tmp_path), FEEDBACK_TABLE)
    records = [feedback(0, timestamp_ms=timestamp_ms), feedback(1)]
    assert not collector([table], records, CollectorRegistry()).run().problems
    strange, usual = stored(tmp_path)
    assert (strange["refused"], usual["refused"]) == (None, None)
    assert strange["written_at"] == NOW
    assert str(strange["day"]) == "2026-03-01"


@pytest.mark.parametrize(
    "value",
    [
        b"", b"\xff\xfe", b"\x00" * 100, b'{"user_id": "\\ud800"}', b"[" * 100_000, b"NaN",
        b'{"dwell_ms": 1e400}', b'{"dwell_ms": ' + b"9" * 10_000 + b"}",
        like(1, dwell_ms=2**70), like(1, position=-(2**70)), like(1, image_id="\ud800"),
    ],
    ids=lambda value: str(value[:30]),
)  # fmt: skip
def test_any_value_is_collected(tmp_path: Path, value: bytes) -> None:
    table = LakeTable(str(tmp_path), FEEDBACK_TABLE)
    records = [feedback(0), feedback(1, value), feedback(2)]
    assert not collector([table], records, CollectorRegistry()).run().problems
    assert [row["refused"] is None for row in stored(tmp_path)] == [True, False, True]


def test_a_version_beyond_64_bits_is_an_invalid_row(tmp_path: Path) -> None:
    words: dict[str, list[str]] = {
        name: [] for name in ("art_style", "color", "medium", "saturation", "detail")
    }
    value = json.dumps(
        {
            "event_id": "018f3a5e-7b1c-7d2e-9f40-000000000001",
            "occurred_at": "2026-03-01T11:00:00Z", "user_id": "ada", "profile_version": 2**63,
            "preference": words, "non_preference": words, "model_version": "m",
            "evidence": {"liked": 0, "disliked": 0},
        }
    ).encode()  # fmt: skip
    table = LakeTable(str(tmp_path), PROFILES_TABLE)
    record = Record(PROFILES.name, 0, 0, NOW_MS, b"ada", value)
    assert not collector([table], [record], CollectorRegistry()).run().problems
    assert [row["refused"] for row in stored(tmp_path, "profiles")] == ["invalid_event"]


def test_an_error_of_our_own_code_costs_the_row_only() -> None:
    broken = TableSchema("feedback", FEEDBACK, (Column("no_such_field", "text"),))
    row = row_of(broken, feedback(0), now=NOW)
    assert row["refused"] == "not_convertible"
    assert row["event"].encode() == like(0)


def test_a_row_that_arrow_cannot_hold_is_replaced_by_an_invalid_row(tmp_path: Path) -> None:
    rows = [row_of(FEEDBACK_TABLE, feedback(n), now=NOW) for n in range(9)]
    strange: Sequence[Mapping[str, Any]] = [
        {"dwell_ms": 2**70}, {"event": "\ud800"}, {"image_id": 5}, {"occurred_at": "now"},
    ]  # fmt: skip
    for offset, fields in zip((1, 4, 5, 8), strange, strict=True):
        rows[offset] = dict(rows[offset]) | fields
    table = LakeTable(str(tmp_path), FEEDBACK_TABLE)
    table.prepare()
    committed: dict[int, int | None] = {0: None}
    append(table, rows, {0: 9}, committed=committed)
    refused = {row["kafka_offset"]: row["refused"] for row in stored(tmp_path)}
    assert [n for n, reason in refused.items() if reason == "not_storable"] == [1, 4, 5, 8]
    assert len(refused) == 9
    assert committed == {0: 9} == table.offsets([0])


def test_a_row_without_a_storable_position_is_left_out() -> None:
    row = row_of(FEEDBACK_TABLE, feedback(0), now=NOW)
    broken = dict(row) | {"kafka_offset": 2**70}
    assert storable_rows([row, broken], FEEDBACK_TABLE.columns) == [row]


class PickyTable(LakeTable):
    """A table that refuses rows of some images, or everything."""

    refused_images: frozenset[str] = frozenset()
    refuses_everything = False

    def append(
        self,
        rows: Sequence[Row],
        next_offsets: Mapping[int, int],
        *,
        after: Mapping[int, int | None],
    ) -> None:
        if self.refuses_everything or any(
            row.get("image_id") in self.refused_images for row in rows
        ):
            raise LakeBroken("this batch cannot be written")
        super().append(rows, next_offsets, after=after)


def test_a_batch_whose_write_fails_is_halved_until_the_bad_rows_are_alone(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    table = PickyTable(str(tmp_path), FEEDBACK_TABLE)
    table.refused_images = frozenset({"img-3", "img-17"})
    result = collector([table], [feedback(n) for n in range(20)], registry).run()
    assert not result.problems
    refused = {row["kafka_offset"]: row["refused"] for row in stored(tmp_path)}
    assert [n for n, reason in refused.items() if reason] == [3, 17]
    assert sorted(refused) == list(range(20))
    assert table.offsets([0]) == {0: 20}
    labels = {"table": "feedback", "reason": "not_storable"}
    assert registry.get_sample_value("preferstream_invalid_rows_total", labels) == 2


def test_a_table_that_accepts_nothing_is_a_problem_and_loses_no_record(tmp_path: Path) -> None:
    table = PickyTable(str(tmp_path), FEEDBACK_TABLE)
    table.refuses_everything = True
    records = [feedback(n) for n in range(8)]
    result = collector([table], records, CollectorRegistry()).run()
    assert [problem.reason for problem in result.problems] == ["lake_broken"]
    table.refuses_everything = False
    assert not collector([table], records, CollectorRegistry()).run().problems
    assert [row["kafka_offset"] for row in stored(tmp_path)] == list(range(8))


class FailingTable(LakeTable):
    """A table whose code has a bug."""

    def prepare(self) -> None:
        raise RuntimeError("a bug")


def test_an_unexpected_error_in_one_table_does_not_stop_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL")
    tables = [
        FailingTable(str(tmp_path), PROFILES_TABLE), LakeTable(str(tmp_path), FEEDBACK_TABLE)
    ]  # fmt: skip
    result = collector(tables, [feedback(0)], CollectorRegistry()).run()
    assert [(p.table, p.reason) for p in result.problems] == [("profiles", "internal_error")]
    assert result.rows == {"feedback": 1}


def test_a_row_that_was_refused_as_from_the_future_stays_refused(tmp_path: Path) -> None:
    ahead = (NOW + timedelta(days=3)).isoformat()
    records = [feedback(0, like(0, occurred_at=ahead)), feedback(1)]
    table = LakeTable(str(tmp_path), FEEDBACK_TABLE)
    collector([table], records, CollectorRegistry()).run()
    later = Collector(
        [table], OneBatch(records), RetrainSettings(), CollectMetrics(CollectorRegistry()),
        lambda: NOW + timedelta(days=9),
    )  # fmt: skip
    later.run()
    assert [row["refused"] for row in stored(tmp_path)] == ["invalid_event", None]


def test_a_collector_whose_clock_is_days_behind_refuses_no_event(tmp_path: Path) -> None:
    week = timedelta(days=7)
    occurred_at = (NOW + week).isoformat()
    written_ms = NOW_MS + int(week.total_seconds() * 1000)
    records = [
        feedback(n, like(n, occurred_at=occurred_at), timestamp_ms=written_ms) for n in range(12)
    ]
    table = LakeTable(str(tmp_path), FEEDBACK_TABLE)
    assert not collector([table], records, CollectorRegistry()).run().problems
    rows = stored(tmp_path)
    assert {row["refused"] for row in rows} == {None}
    assert {str(row["day"]) for row in rows} == {"2026-03-08"}


def test_some_records_of_a_wrong_clock_do_not_move_the_limit(tmp_path: Path) -> None:
    far_ms = NOW_MS + 365 * 86_400_000
    far = [
        feedback(n, like(n, occurred_at="2027-02-01T00:00:00Z"), timestamp_ms=far_ms)
        for n in range(9)
    ]
    records = [*far, *(feedback(n) for n in range(9, 19))]
    table = LakeTable(str(tmp_path), FEEDBACK_TABLE)
    assert not collector([table], records, CollectorRegistry()).run().problems
    assert [row["refused"] for row in stored(tmp_path)] == ["invalid_event"] * 9 + [None] * 10
