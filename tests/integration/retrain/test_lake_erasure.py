"""A person leaves the lake for good: rows, files and log, whatever a collector does at once."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from deltalake import DeltaTable

from services.retrain.app import lake_erasure, lake_tables
from services.retrain.config import RetrainSettings
from services.retrain.lake.arrow_tables import schema_of
from services.retrain.lake.collect import Collector
from services.retrain.lake.erased_users import UserKey
from services.retrain.lake.erasure import LakeErasure
from services.retrain.lake.table import LakeTable
from shared.domain.erasures import Erasure
from shared.events import Feedback
from shared.events.wire.codec import encode
from tests.integration.retrain.lakes import Lake, Sender, new_lake

pytestmark = pytest.mark.kafka
ADA: UserKey = ("default", "ada-lovelace-1815")
BO: UserKey = ("default", "bo")
AWKWARD = ("o'brien", 'a "quoted" one', "back\\slash", "%_like", "数学", "x' OR '1'='1")


@pytest.fixture
def lake(kafka: str, tmp_path: Path, topic_prefix: str) -> Lake:
    return new_lake(kafka, tmp_path / "lake", topic_prefix)


@pytest.fixture
def sender(lake: Lake) -> Sender:
    return Sender(lake)


def erasing(lake: Lake) -> LakeErasure:
    return lake_erasure(RetrainSettings(lake_uri=str(lake.folder)), [lake.table])


def table(lake: Lake) -> LakeTable:
    (found,) = lake_tables(RetrainSettings(lake_uri=str(lake.folder)), [lake.table])
    return found


def now_ms() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


def erasure_now() -> Erasure:
    return Erasure.from_event(datetime.now(UTC), written_ms=now_ms())


def erase(lake: Lake, person: UserKey, erasure: Erasure | None = None) -> dict[str, int]:
    return erasing(lake).erase(person, erasure or erasure_now(), now=datetime.now(UTC))


def likes(person: UserKey, count: int, *, at: datetime | None = None) -> list[bytes]:
    return [
        encode(
            Feedback(
                event_id=uuid4(), occurred_at=at or datetime.now(UTC), user_id=person[1],
                tenant=person[0], type="like", image_id=f"img-{n}",
            )
        ).value or b""
        for n in range(count)
    ]  # fmt: skip


def send(sender: Sender, values: list[bytes]) -> None:
    sender.send(values, timestamp_ms=now_ms())


def users(lake: Lake) -> dict[str | None, int]:
    found: dict[str | None, int] = {}
    for (user,) in lake.rows("user_id"):
        found[user] = found.get(user, 0) + 1
    return found


def everything(lake: Lake) -> bytes:
    """The bytes of every file of the lake; log entries are plain text, and files uncompressed
    enough for a name to show where it is the only one of its column."""
    return b"".join(file.read_bytes() for file in lake.folder.rglob("*") if file.is_file())


def test_rows_files_and_log_are_without_the_person(lake: Lake, sender: Sender) -> None:
    for _ in range(3):
        send(sender, [*likes(ADA, 5), *likes(BO, 4)])
        lake.collector().run()
    assert users(lake) == {ADA[1]: 15, "bo": 12}
    assert ADA[1].encode() in everything(lake)
    (rows,) = erasing(lake).rows(ADA).values()
    assert len(rows) == 15
    assert all(ADA[1] in event for event in rows)

    assert erase(lake, ADA) == {"feedback": 15}

    assert users(lake) == {"bo": 12}
    assert erasing(lake).remaining(ADA) == {"feedback": 0}
    assert ADA[1].encode() not in everything(lake)
    named = {Path(uri).name for uri in lake.delta().file_uris()}
    assert {file.name for file in lake.folder.rglob("feedback/day=*/*.parquet")} == named


def test_files_that_a_compaction_replaced_go_as_well(lake: Lake, sender: Sender) -> None:
    for _ in range(4):
        send(sender, [*likes(ADA, 2), *likes(BO, 2)])
        lake.collector(compact_files=2).run()
    erase(lake, ADA)
    assert ADA[1].encode() not in everything(lake)
    assert users(lake) == {"bo": 8}


@pytest.mark.parametrize("user", AWKWARD)
def test_a_name_is_no_program(lake: Lake, sender: Sender, user: str) -> None:
    send(sender, [*likes(("default", user), 2), *likes(BO, 3)])
    lake.collector().run()
    assert erase(lake, ("default", user)) == {"feedback": 2}
    assert users(lake) == {"bo": 3}


def test_equal_ids_of_two_tenants_are_two_people(lake: Lake, sender: Sender) -> None:
    send(sender, [*likes(ADA, 2), *likes(("gallery", ADA[1]), 3)])
    lake.collector().run()
    assert erase(lake, ("gallery", ADA[1])) == {"feedback": 3}
    assert users(lake) == {ADA[1]: 2}


def test_records_that_could_not_be_read_go_when_they_name_the_person(
    lake: Lake, sender: Sender
) -> None:
    broken = json.dumps({"user_id": ADA[1], "type": "adore"}).encode()
    send(sender, [broken, broken[:-4], b"nothing at all", *likes(BO, 1)])
    lake.collector().run()
    assert erase(lake, ADA) == {"feedback": 2}
    assert len(lake.rows()) == 2


def test_a_name_that_is_no_text_holds_up_no_collection(lake: Lake, sender: Sender) -> None:
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
    # As after a lost table: everything is read from Kafka once more.
    for file in sorted(lake.folder.glob("feedback/**/*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    lake.collector().run()
    assert users(lake) == {"bo": 2}


def test_an_erasure_before_anything_was_collected_holds(lake: Lake, sender: Sender) -> None:
    send(sender, [*likes(ADA, 4), *likes(BO, 2)])
    assert erase(lake, ADA) == {"feedback": 0}
    lake.collector().run()
    assert users(lake) == {"bo": 2}


def test_who_comes_back_is_collected(lake: Lake, sender: Sender) -> None:
    send(sender, likes(ADA, 4))
    earlier = Erasure.from_event(datetime.now(UTC) + timedelta(milliseconds=1), written_ms=now_ms() + 1)
    erase(lake, ADA, earlier)
    threading.Event().wait(0.05)
    send(sender, likes(ADA, 2))
    lake.collector().run()
    assert users(lake) == {ADA[1]: 2}
    # The same erasure, delivered once more, is not about what came after it.
    assert erase(lake, ADA, earlier) == {"feedback": 0}
    assert users(lake) == {ADA[1]: 2}


def test_a_batch_that_was_looked_through_before_cannot_be_committed_after(
    lake: Lake, sender: Sender
) -> None:
    send(sender, likes(ADA, 3))
    lake.collector().run()
    send(sender, [*likes(ADA, 4), *likes(BO, 2)])
    collector: Collector = lake.collector()
    (tested,) = collector._tables
    inner = tested._erasures
    assert inner is not None

    class ErasedMeanwhile:
        """Lets an erasure happen between the look at a batch and its commit."""

        def without_erased(self, rows: list[object]) -> object:
            kept = inner.without_erased(rows)  # type: ignore[arg-type]
            erase(lake, ADA)
            return kept

    tested._erasures = ErasedMeanwhile()  # type: ignore[assignment]
    assert not collector.run().problems
    assert users(lake) == {}
    lake.collector().run()
    assert users(lake) == {"bo": 2}


def test_collecting_and_erasing_at_once_lose_nobody_else_and_keep_nobody(
    lake: Lake, sender: Sender
) -> None:
    people = [("default", f"gone-{n}-of-many") for n in range(4)]
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
        for person in people:
            send(sender, [*likes(person, 20), *likes(BO, 20)])
            erase(lake, person)
    finally:
        stop.set()
        collecting.join()
    lake.collector().run()
    assert failures == []
    assert users(lake) == {"bo": 80}
    for person in people:
        assert erasing(lake).remaining(person) == {"feedback": 0}


def test_an_older_table_stops_writing_names_into_its_log(lake: Lake, sender: Sender) -> None:
    DeltaTable.create(table(lake).uri, schema=schema_of(lake.table.columns), partition_by=["day"])
    send(sender, likes(ADA, 3))
    lake.collector().run()
    assert ADA[1].encode() not in b"".join(
        file.read_bytes() for file in lake.folder.glob("feedback/_delta_log/*.json")
    )


def test_the_list_of_erasures_names_nobody(lake: Lake) -> None:
    erase(lake, ADA)
    listed = b"".join(f.read_bytes() for f in (lake.folder / "erasures").rglob("*") if f.is_file())
    assert listed
    assert ADA[1].encode() not in listed
