"""A record is copied to its retry topic and restored from the copy."""

from dataclasses import replace

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.events.topics import FEEDBACK, FEEDBACK_RETRY
from shared.events.wire.record import Outgoing, Record
from shared.messaging.consume.dead_letter_record import dead_letter
from shared.messaging.consume.retry_record import attempts_of, original_of, retry_copy

RECORD = Record(
    FEEDBACK.name, 3, 17, 1_700_000_000_000, b"ana", b"{}", (("traceparent", b"00-1"), ("x", None))
)
AWAY = Unavailable("image host", "it answered 503")


def read(outgoing: Outgoing, *, offset: int = 5) -> Record:
    """The copy as a consumer reads it."""
    return Record(
        outgoing.topic, 1, offset, 1_700_000_090_000, outgoing.key, outgoing.value, outgoing.headers
    )


def restored(record: Record, *, attempts: int) -> Record:
    copy = retry_copy(record, AWAY, topic=FEEDBACK_RETRY, attempts=attempts)
    assert copy.topic == FEEDBACK_RETRY.name
    return original_of(read(copy), topic=FEEDBACK)


def without_attempts(record: Record) -> Record:
    return replace(record, headers=tuple(h for h in record.headers if h[0] != "x-attempts"))


def test_the_original_record_is_restored_with_its_position_and_its_timestamp() -> None:
    original = restored(RECORD, attempts=2)
    assert without_attempts(original) == RECORD
    assert attempts_of(original) == 2


def test_a_copy_of_a_copy_restores_the_first_record() -> None:
    original = restored(restored(RECORD, attempts=1), attempts=2)
    assert without_attempts(original) == RECORD
    assert attempts_of(original) == 2


def test_the_copy_names_the_reason() -> None:
    copy = retry_copy(RECORD, AWAY, topic=FEEDBACK_RETRY, attempts=1)
    assert dict(copy.headers)["x-detail"] == b"image host: it answered 503"


def test_headers_of_the_sender_do_not_pose_as_those_of_a_copy() -> None:
    forged = (("x-source", b"feedback.v1/9/9"), ("x-source-timestamp-ms", b"1"))
    original = restored(replace(RECORD, headers=(*forged, ("x-attempts", b"900"))), attempts=1)
    assert (original.source, original.timestamp_ms) == (RECORD.source, RECORD.timestamp_ms)
    assert attempts_of(original) == 1


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("x-source", b"feed"), ("x-source-timestamp-ms", b"soon"), ("x-attempts", b"\xff")),
        (("x-source", b"feedback.v1/-/\xc2\xb2"), ("x-source-timestamp-ms", b"9" * 40)),
        (("x-source", None), ("x-source-timestamp-ms", None), ("x-attempts", None)),
    ],
)
def test_a_record_of_a_stranger_in_the_retry_topic_keeps_its_own_position(
    headers: tuple[tuple[str, bytes | None], ...],
) -> None:
    copy = Record(FEEDBACK_RETRY.name, 1, 5, 1_700_000_090_000, b"ana", b"{}", headers)
    original = original_of(copy, topic=FEEDBACK)
    assert (original.source, original.timestamp_ms) == ("feedback.v1/1/5", copy.timestamp_ms)
    assert attempts_of(original) == 1


def test_a_record_without_a_timestamp_is_restored_without_one() -> None:
    assert restored(replace(RECORD, timestamp_ms=-1), attempts=1).timestamp_ms == -1


def test_a_dead_letter_of_the_original_is_one_of_its_own_topic() -> None:
    original = restored(RECORD, attempts=20)
    letter = dead_letter(original, Unprocessable("image_unavailable", "it was away"), attempts=1)
    assert (letter.topic, letter.key, letter.value) == ("feedback.v1.dlq", b"ana", b"{}")
    headers = dict(letter.headers)
    assert headers["x-source"] == RECORD.source.encode()
    assert set(headers) == {"traceparent", "x", "x-error", "x-detail", "x-source", "x-attempts"}
