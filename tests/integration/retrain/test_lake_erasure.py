"""An erasure removes a user from rows, files and log, also while a collector runs."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from services.retrain.app import lake_erasure, lake_tables
from services.retrain.config import RetrainSettings
from services.retrain.lake.arrow_tables import schema_of
from services.retrain.lake.collect import Collector
from services.retrain.lake.erasure import LakeErasure
from services.retrain.lake.file_search import TableFiles
from services.retrain.lake.table import LakeTable
from shared.domain.erasures import Erasure
from shared.domain.user import User
from shared.events import Feedback
from shared.events.wire.codec import encode
from tests.integration.retrain.lakes import Lake, Sender, new_lake

pytestmark = pytest.mark.kafka
ADA = User("default", "ada-lovelace-1815")
BO = User("default", "bo")
SPECIAL_USER_IDS = ("o'brien", 'a "quoted" one', "back\\slash", "%_like", "数学", "x' OR '1'='1")


@pytest.fixture
def lake(kafka: str, tmp_path: Path, topic_prefix: str) -> Lake:
    return new_lake(kafka, tmp_path / "lake", topic_prefix)


@pytest.fixture
def sender(lake: Lake) -> Sender:
    return Sender(lake)


def lake_erasure_of(lake: Lake) -> LakeErasure:
    return lake_erasure(RetrainSettings(lake_uri=str(lake.folder)), [lake.schema])


def table(lake: Lake) -> LakeTable:
    (table,) = lake_tables(RetrainSettings(lake_uri=str(lake.folder)), [lake.schema])
    return table


def now_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


def erasure_now() -> Erasure:
    return Erasure.from_event(datetime.now(UTC), written_ms=now_ms())


def erase(lake: Lake, user: User, erasure: Erasure | None = None) -> dict[str, int]:
    return lake_erasure_of(lake).erase(user, erasure or erasure_now(), now=datetime.now(UTC))


def likes(user: User, count: int, *, at: datetime | None = None) -> list[bytes]:
    return [
        encode(
            Feedback(
                event_id=uuid4(), occurred_at=at or datetime.now(UTC), user_id=user.user_id,
                tenant=user.tenant, type="like", image_id=f"img-{n}",
            )
        ).value or b""
        for n in range(count)
    ]  # fmt: skip


def send(sender: Sender, values: list[bytes]) -> None:
    sender.send(values, timestamp_ms=now_ms())


def users(lake: Lake) -> dict[str | None, int]:
    counts: dict[str | None, int] = {}
    for (user,) in lake.rows("user_id"):
        counts[user] = counts.get(user, 0) + 1
    return counts


def all_bytes(lake: Lake) -> bytes:
    """The bytes of every file of the lake. The log is plain text, and a Parquet file shows a name
    that is the only value of its column."""
    return b"".join(file.read_bytes() for file in lake.folder.rglob("*") if file.is_file())


def test_an_erasure_removes_the_user_from_rows_files_and_log(lake: Lake, sender: Sender) -> None:
    for _ in range(3):
        send(sender, [*likes(ADA, 5), *likes(BO, 4)])
        lake.collector().run()
    assert users(lake) == {ADA.user_id: 15, "bo": 12}
    assert ADA.user_id.encode() in all_bytes(lake)
    (rows,) = lake_erasure_of(lake).rows(ADA).values()
    assert len(rows) == 15
    assert all(ADA.user_id in event for event in rows)

    assert erase(lake, ADA) == {"feedback": 15}

    assert users(lake) == {"bo": 12}
    assert lake_erasure_of(lake).remaining(ADA) == {"feedback": 0}
    assert ADA.user_id.encode() not in all_bytes(lake)
    named = {Path(uri).name for uri in lake.delta().file_uris()}
    assert {file.name for file in lake.folder.rglob("feedback/day=*/*.parquet")} == named


def test_an_erasure_deletes_files_that_a_compaction_replaced(lake: Lake, sender: Sender) -> None:
    for _ in range(4):
        send(sender, [*likes(ADA, 2), *likes(BO, 2)])
        lake.collector(compact_files=2).run()
    erase(lake, ADA)
    assert ADA.user_id.encode() not in all_bytes(lake)
    assert users(lake) == {"bo": 8}


@pytest.mark.parametrize("user", SPECIAL_USER_IDS)
def test_special_characters_in_a_user_id_are_escaped(lake: Lake, sender: Sender, user: str) -> None:
    send(sender, [*likes(User("default", user), 2), *likes(BO, 3)])
    lake.collector().run()
    assert erase(lake, User("default", user)) == {"feedback": 2}
    assert users(lake) == {"bo": 3}


def test_equal_ids_of_two_tenants_are_two_users(lake: Lake, sender: Sender) -> None:
    send(sender, [*likes(ADA, 2), *likes(User("gallery", ADA.user_id), 3)])
    lake.collector().run()
    assert erase(lake, User("gallery", ADA.user_id)) == {"feedback": 3}
    assert users(lake) == {ADA.user_id: 2}


def test_invalid_records_that_name_the_user_are_deleted(lake: Lake, sender: Sender) -> None:
    broken = json.dumps({"user_id": ADA.user_id, "type": "adore"}).encode()
    send(sender, [broken, broken[:-4], b"nothing at all", *likes(BO, 1)])
    lake.collector().run()
    assert erase(lake, ADA) == {"feedback": 2}
    assert len(lake.rows()) == 2


def test_an_invalid_user_id_does_not_stop_a_collection(lake: Lake, sender: Sender) -> None:
    erase(lake, ADA)
    send(sender, [rb'{"user_id": "\ud800", "tenant": "\udfff"}', *likes(BO, 1)])
    lake.collector().run()
    assert len(lake.rows()) == 2


def test_older_records_that_kafka_still_has_are_not_collected_again(
    lake: Lake, sender: Sender
) -> None:
    send(sender, [*likes(ADA, 4), *likes(BO, 2)])
    lake.collector().run()
    send(sender, likes(ADA, 3))
    erase(lake, ADA)
    lake.collector().run()
    assert users(lake) == {"bo": 2}
    # As after a lost table: everything is read from Kafka again.
    for file in sorted(lake.folder.glob("feedback/**/*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    lake.collector().run()
    assert users(lake) == {"bo": 2}


def test_records_from_before_an_erasure_are_not_collected_later(lake: Lake, sender: Sender) -> None:
    send(sender, [*likes(ADA, 4), *likes(BO, 2)])
    assert erase(lake, ADA) == {"feedback": 0}
    lake.collector().run()
    assert users(lake) == {"bo": 2}


def test_later_events_of_an_erased_user_are_collected(lake: Lake, sender: Sender) -> None:
    send(sender, likes(ADA, 4))
    earlier = Erasure.from_event(
        datetime.now(UTC) + timedelta(milliseconds=1), written_ms=now_ms() + 1
    )
    erase(lake, ADA, earlier)
    threading.Event().wait(0.05)
    send(sender, likes(ADA, 2))
    lake.collector().run()
    assert users(lake) == {ADA.user_id: 2}
    # The same erasure, delivered again, does not cover later events.
    assert erase(lake, ADA, earlier) == {"feedback": 0}
    assert users(lake) == {ADA.user_id: 2}


def test_a_batch_filtered_before_an_erasure_cannot_be_committed_after_it(
    lake: Lake, sender: Sender
) -> None:
    send(sender, likes(ADA, 3))
    lake.collector().run()
    send(sender, [*likes(ADA, 4), *likes(BO, 2)])
    collector: Collector = lake.collector()
    (collected_table,) = collector._tables
    erasure_filter = collected_table._erasures
    assert erasure_filter is not None

    class ErasureBeforeCommit:
        """Erases a user after a batch was filtered and before it is committed."""

        def without_erased(self, rows: list[object]) -> object:
            kept = erasure_filter.without_erased(rows)  # type: ignore[arg-type]
            erase(lake, ADA)
            return kept

    collected_table._erasures = ErasureBeforeCommit()  # type: ignore[assignment]
    assert not collector.run().problems
    assert users(lake) == {}
    lake.collector().run()
    assert users(lake) == {"bo": 2}


def test_concurrent_collecting_and_erasing_remove_exactly_the_erased_users(
    lake: Lake, sender: Sender
) -> None:
    erased = [User("default", f"gone-{n}-of-many") for n in range(4)]
    stop = threading.Event()
    failures: list[object] = []

    def collect() -> None:
        while not stop.is_set():
            failures.extend(
                lake.collector(collect_batch_records=40, compact_files=3).run().problems
            )

    collecting = threading.Thread(target=collect)
    collecting.start()
    try:
        for user in erased:
            send(sender, [*likes(user, 20), *likes(BO, 20)])
            erase(lake, user)
    finally:
        stop.set()
        collecting.join()
    lake.collector().run()
    assert failures == []
    assert users(lake) == {"bo": 80}
    for user in erased:
        assert lake_erasure_of(lake).remaining(user) == {"feedback": 0}


def test_an_existing_table_writes_no_more_user_ids_into_its_log(lake: Lake, sender: Sender) -> None:
    DeltaTable.create(table(lake).uri, schema=schema_of(lake.schema.columns), partition_by=["day"])
    send(sender, likes(ADA, 3))
    lake.collector().run()
    assert ADA.user_id.encode() not in b"".join(
        file.read_bytes() for file in lake.folder.glob("feedback/_delta_log/*.json")
    )


def test_the_table_of_erasures_has_no_user_ids(lake: Lake) -> None:
    erase(lake, ADA)
    listed = b"".join(f.read_bytes() for f in (lake.folder / "erasures").rglob("*") if f.is_file())
    assert listed
    assert ADA.user_id.encode() not in listed


def test_old_files_that_a_vacuum_leaves_behind_are_found_and_deleted(
    lake: Lake, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(sender, [*likes(ADA, 3), json.dumps({"user_id": ADA.user_id, "type": "?"}).encode()])
    lake.collector().run()
    send(sender, likes(BO, 2))
    lake.collector().run()
    # A collector died after it had written this file, and before its commit.
    (of_ada, *_) = [f for f in lake.folder.rglob("day=*/*.parquet") if ADA.user_id in rows_of(f)]
    (of_ada.parent / "part-00000-of-a-dead-collector.parquet").write_bytes(of_ada.read_bytes())
    erasure = erasure_now()
    with monkeypatch.context() as patched:
        # delta-io/delta-rs#3911: the vacuum reports success and deletes nothing.
        patched.setattr(DeltaTable, "vacuum", lambda *args, **options: [])
        patched.setattr(TableFiles, "delete_unnamed", lambda *args: 0)
        erase(lake, ADA, erasure)
        left = lake_erasure_of(lake)
        assert left.remaining(ADA, erasure) == {"feedback": 0}
        assert left.files_remaining(ADA, erasure) == {"feedback_files": 2, "feedback_log": 0}
        assert left.files_remaining(BO)["feedback_files"] == 1
    with monkeypatch.context() as patched:
        patched.setattr(DeltaTable, "vacuum", lambda *args, **options: [])
        erase(lake, ADA, erasure)
    assert left.files_remaining(ADA, erasure) == {"feedback_files": 0, "feedback_log": 0}
    assert users(lake) == {"bo": 2}
    assert not any(ADA.user_id in rows_of(file) for file in lake.folder.rglob("*.parquet"))


def rows_of(file: Path) -> str:
    return str(pq.read_table(file).to_pylist())


def test_a_log_that_names_the_user_is_counted(lake: Lake, sender: Sender) -> None:
    send(sender, likes(ADA, 2))
    lake.collector().run()
    lake.delta().delete(f"user_id = '{ADA.user_id}'")
    counts = lake_erasure_of(lake).files_remaining(ADA)
    assert counts["feedback_log"] == 1
    assert lake_erasure_of(lake).files_remaining(User("default", "DELETE"))["feedback_log"] == 0
