"""A dead letter with any Kafka timestamp can be listed, filtered and shown."""

from datetime import UTC, datetime

import pytest

from shared.dead_letters import DeadLetter, DeadLetterFilter
from shared.events.wire.record import Record


@pytest.mark.parametrize("timestamp_ms", [-(2**63), -1, 0, 2**63 - 1, 253_402_300_800_000])
def test_a_dead_letter_with_any_timestamp_is_shown(timestamp_ms: int) -> None:
    letter = DeadLetter(Record("feedback.v1.dlq", 0, 0, timestamp_ms, None, b"\xff"))
    assert 1970 <= datetime.fromisoformat(letter.as_dict()["set_aside_at"]).year <= 9999
    assert DeadLetterFilter(until=datetime.max.replace(tzinfo=UTC)).matches(letter)
    assert DeadLetterFilter(since=datetime.min.replace(tzinfo=UTC)).matches(letter)
