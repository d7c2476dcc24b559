"""One record ends in its effect or in the dead letters, and in nothing less."""

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from shared.domain.errors import Unavailable, Unprocessable
from shared.events import Feedback
from shared.events.topics import FEEDBACK
from shared.events.wire.record import Outgoing, Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letters import DeadLetterGuard, TooManyDeadLetters
from shared.messaging.consume.processing import Processing
from shared.messaging.contract import Delivery
from shared.messaging.metrics import MessagingMetrics
from tests.contract.events import wire

GOOD = wire.Sent("good", wire.FEEDBACK, wire.value(wire.FEEDBACK)).record()
NOT_JSON = wire.Sent("not json", wire.FEEDBACK, b"{").record()


class Parts:
    """A handler and a Kafka that do what their scripts say, and then well; waits take no time."""

    def __init__(self, *, handling: str = "", sending: str = "", **settings: Any) -> None:
        self.handling, self.sending = list(handling), list(sending)
        self.sent: list[Outgoing] = []
        self.waited: list[float] = []
        self.handled = 0
        self.registry = CollectorRegistry()
        self.on_wait: Callable[[], None] = lambda: None
        chosen = MessagingSettings(**settings)
        self.processing = Processing(
            FEEDBACK,
            self.handle,
            sender=self,
            guard=DeadLetterGuard(share=chosen.dead_letter_share, sample=chosen.dead_letter_sample),
            metrics=MessagingMetrics(self.registry),
            settings=chosen,
            sleep=self.sleep,
        )

    async def handle(self, event: Feedback, delivery: Delivery) -> None:
        self.handled += 1
        match self.handling.pop(0) if self.handling else "well":
            case "u":
                raise Unavailable("store", "it does not answer")
            case "n":
                raise Unprocessable("unknown_image", "send its uri")
            case "b":
                raise KeyError("a bug")
        assert isinstance(event, Feedback)
        assert delivery.record is GOOD

    async def send(self, *records: Outgoing) -> None:
        match self.sending.pop(0) if self.sending else "well":
            case "u":
                raise Unavailable("kafka", "not acknowledged")
            case "n":
                raise Unprocessable("record_too_large", "too large")
        self.sent += records

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.on_wait()

    def count(self, name: str, **labels: str) -> float:
        found = self.registry.get_sample_value(
            f"preferstream_{name}", {"topic": FEEDBACK.name, **labels}
        )
        return found or 0.0

    def letter(self) -> dict[str, str]:
        (letter,) = self.sent
        return {name: (value or b"").decode() for name, value in letter.headers}


BOTH_PATHS = pytest.mark.parametrize("path", ["once", "until_done"])


async def process(parts: Parts, path: str, record: Record = GOOD) -> None:
    await getattr(parts.processing, path)(record)


@BOTH_PATHS
async def test_a_good_event_is_handled_once(path: str) -> None:
    parts = Parts()
    await process(parts, path)
    assert (parts.handled, parts.sent, parts.waited) == (1, [], [])
    assert parts.count("events_handled_total") == 1
    assert parts.count("events_in_flight") == 0


@BOTH_PATHS
async def test_what_cannot_be_decoded_is_set_aside_unhandled(path: str) -> None:
    parts = Parts()
    await process(parts, path, NOT_JSON)
    assert (parts.handled, parts.waited) == (0, [])
    assert parts.letter()["x-error"] == "not_json"
    assert parts.sent[0].value == NOT_JSON.value
    assert parts.count("dead_letters_total", reason="not_json") == 1
    assert parts.count("events_handled_total") == 0


@BOTH_PATHS
async def test_what_the_handler_finds_unprocessable_is_set_aside_without_a_retry(path: str) -> None:
    parts = Parts(handling="n")
    await process(parts, path)
    assert (parts.handled, parts.waited) == (1, [])
    letter = parts.letter()
    assert (letter["x-error"], letter["x-detail"]) == ("unknown_image", "send its uri")
    assert letter["x-attempts"] == "1"


@BOTH_PATHS
async def test_an_unavailable_part_is_waited_for_with_growing_patience(path: str) -> None:
    parts = Parts(handling="uuuu", retry_first_seconds=1.0, retry_longest_seconds=100.0)
    await process(parts, path)
    assert (parts.handled, parts.sent) == (5, [])
    for wait, middle in zip(parts.waited, [1.0, 2.0, 4.0, 8.0], strict=True):
        assert middle * 0.5 <= wait <= middle * 1.5
    assert parts.count("event_retries_total") == 4
    assert parts.count("events_handled_total") == 1


async def test_the_fast_path_gives_up_after_its_retries_and_skips_nothing() -> None:
    parts = Parts(handling="u" * 100, retries=5)
    with pytest.raises(Unavailable, match="store: it does not answer"):
        await parts.processing.once(GOOD)
    assert (parts.handled, len(parts.waited), parts.sent) == (6, 5, [])
    assert parts.count("events_handled_total") == 0
    assert parts.count("events_in_flight") == 0


async def test_the_slow_path_waits_as_long_as_it_takes() -> None:
    parts = Parts(handling="u" * 100, retries=5)
    await parts.processing.until_done(GOOD)
    assert (parts.handled, parts.sent) == (101, [])


@BOTH_PATHS
async def test_a_bug_is_tried_a_few_times_and_then_set_aside(path: str) -> None:
    parts = Parts(handling="b" * 100, bug_attempts=3)
    await process(parts, path)
    assert (parts.handled, len(parts.waited)) == (3, 2)
    letter = parts.letter()
    assert (letter["x-error"], letter["x-attempts"]) == ("internal_error", "3")
    assert "KeyError: 'a bug'" in letter["x-detail"]
    assert parts.count("dead_letters_total", reason="internal_error") == 1


@BOTH_PATHS
async def test_a_bug_that_goes_away_is_no_dead_letter(path: str) -> None:
    parts = Parts(handling="bb", bug_attempts=3)
    await process(parts, path)
    assert (parts.handled, parts.sent) == (3, [])


async def test_a_bug_is_set_aside_also_where_no_retries_are_wanted() -> None:
    parts = Parts(handling="b" * 100, bug_attempts=3, retries=0)
    await parts.processing.once(GOOD)
    assert (parts.handled, parts.letter()["x-error"]) == (3, "internal_error")


async def test_waiting_for_a_part_uses_no_attempt_of_a_bug_up() -> None:
    parts = Parts(handling="u" * 10 + "b", bug_attempts=3)
    await parts.processing.until_done(GOOD)
    assert (parts.handled, parts.sent) == (12, [])


@BOTH_PATHS
@pytest.mark.parametrize(("handling", "record"), [("", NOT_JSON), ("nnnn", GOOD), ("bbbbbb", GOOD)])
async def test_nothing_is_done_before_its_dead_letter_is_acknowledged(
    path: str, handling: str, record: Record
) -> None:
    parts = Parts(handling=handling, sending="uuu")
    counted: list[float] = []
    parts.on_wait = lambda: counted.append(parts.count("event_seconds_count"))
    await process(parts, path, record)
    assert len(parts.sent) == 1
    assert len(counted) >= 3
    assert set(counted) == {0.0}
    assert parts.count("event_seconds_count") == 1


async def test_the_fast_path_keeps_an_event_whose_dead_letter_is_not_acknowledged() -> None:
    parts = Parts(sending="u" * 100, retries=2)
    with pytest.raises(Unavailable, match="not acknowledged"):
        await parts.processing.once(NOT_JSON)
    assert parts.sent == []


@BOTH_PATHS
async def test_a_dead_letter_that_kafka_finds_too_large_is_sent_without_its_value(
    path: str,
) -> None:
    parts = Parts(sending="n")
    await process(parts, path, NOT_JSON)
    assert parts.sent[0].value is None
    assert parts.letter()["x-error"] == "not_json"


@BOTH_PATHS
async def test_too_many_dead_letters_stop_before_the_next_is_published(path: str) -> None:
    parts = Parts(dead_letter_sample=8, dead_letter_share=0.5)
    await process(parts, path, NOT_JSON)
    with pytest.raises(TooManyDeadLetters):
        await process(parts, path, NOT_JSON)
    assert len(parts.sent) == 1
