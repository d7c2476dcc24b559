"""Every record ends in its effect or in a dead letter."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from shared.domain.errors import Unavailable, Unprocessable
from shared.events import Feedback
from shared.events.topics import FEEDBACK
from shared.events.wire.record import Outgoing, Record, Unreadable
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letter_guard import DeadLetterGuard, TooManyDeadLetters
from shared.messaging.consume.processing import Processing
from shared.messaging.contract import Delivery
from shared.messaging.metrics import MessagingMetrics
from tests.contract.events import wire

GOOD = wire.Sent("good", wire.FEEDBACK, wire.value(wire.FEEDBACK)).record()
NOT_JSON = wire.Sent("not json", wire.FEEDBACK, b"{").record()


class Scripted:
    """A handler and a sender that follow scripts and then succeed; delays take no time.

    In a script `u` is unavailable, `n` unprocessable, `b` a bug.
    """

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
            guard=DeadLetterGuard(
                max_ratio=chosen.dead_letter_max_ratio, window=chosen.dead_letter_window
            ),
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
        value = self.registry.get_sample_value(
            f"preferstream_{name}", {"topic": FEEDBACK.name, **labels}
        )
        return value or 0.0

    def letter(self) -> dict[str, str]:
        (letter,) = self.sent
        return {name: (value or b"").decode() for name, value in letter.headers}


BOTH_PATHS = pytest.mark.parametrize("path", ["once", "until_done"])


async def process(scripted: Scripted, path: str, record: Record = GOOD) -> None:
    await getattr(scripted.processing, path)(record)


@BOTH_PATHS
async def test_a_good_event_is_handled_once(path: str) -> None:
    scripted = Scripted()
    await process(scripted, path)
    assert (scripted.handled, scripted.sent, scripted.waited) == (1, [], [])
    assert scripted.count("events_handled_total") == 1
    assert scripted.count("events_in_flight") == 0


@BOTH_PATHS
async def test_an_undecodable_record_becomes_a_dead_letter_without_handling(path: str) -> None:
    scripted = Scripted()
    await process(scripted, path, NOT_JSON)
    assert (scripted.handled, scripted.waited) == (0, [])
    assert scripted.letter()["x-error"] == "not_json"
    assert scripted.sent[0].value == NOT_JSON.value
    assert scripted.count("dead_letters_total", reason="not_json") == 1
    assert scripted.count("events_handled_total") == 0


@BOTH_PATHS
async def test_an_unprocessable_event_becomes_a_dead_letter_without_a_retry(path: str) -> None:
    scripted = Scripted(handling="n")
    await process(scripted, path)
    assert (scripted.handled, scripted.waited) == (1, [])
    letter = scripted.letter()
    assert (letter["x-error"], letter["x-detail"]) == ("unknown_image", "send its uri")
    assert letter["x-attempts"] == "1"


@BOTH_PATHS
async def test_an_unavailable_dependency_is_retried_with_growing_delays(path: str) -> None:
    scripted = Scripted(handling="uuuu", retry_base_seconds=1.0, retry_max_seconds=100.0)
    await process(scripted, path)
    assert (scripted.handled, scripted.sent) == (5, [])
    for wait, middle in zip(scripted.waited, [1.0, 2.0, 4.0, 8.0], strict=True):
        assert middle * 0.5 <= wait <= middle * 1.5
    assert scripted.count("event_retries_total") == 4
    assert scripted.count("events_handled_total") == 1


async def test_the_fast_path_fails_after_its_retries_and_skips_nothing() -> None:
    scripted = Scripted(handling="u" * 100, retries=5)
    with pytest.raises(Unavailable, match="store: it does not answer"):
        await scripted.processing.once(GOOD)
    assert (scripted.handled, len(scripted.waited), scripted.sent) == (6, 5, [])
    assert scripted.count("events_handled_total") == 0
    assert scripted.count("events_in_flight") == 0


async def test_the_slow_path_waits_without_a_limit() -> None:
    scripted = Scripted(handling="u" * 100, retries=5)
    await scripted.processing.until_done(GOOD)
    assert (scripted.handled, scripted.sent) == (101, [])


@BOTH_PATHS
async def test_a_bug_is_retried_a_few_times_and_then_becomes_a_dead_letter(path: str) -> None:
    scripted = Scripted(handling="b" * 100, bug_attempts=3)
    await process(scripted, path)
    assert (scripted.handled, len(scripted.waited)) == (3, 2)
    letter = scripted.letter()
    assert (letter["x-error"], letter["x-attempts"]) == ("internal_error", "3")
    assert "KeyError: 'a bug'" in letter["x-detail"]
    assert scripted.count("dead_letters_total", reason="internal_error") == 1


@BOTH_PATHS
async def test_a_bug_that_disappears_makes_no_dead_letter(path: str) -> None:
    scripted = Scripted(handling="bb", bug_attempts=3)
    await process(scripted, path)
    assert (scripted.handled, scripted.sent) == (3, [])


async def test_a_bug_becomes_a_dead_letter_also_with_zero_retries() -> None:
    scripted = Scripted(handling="b" * 100, bug_attempts=3, retries=0)
    await scripted.processing.once(GOOD)
    assert (scripted.handled, scripted.letter()["x-error"]) == (3, "internal_error")


async def test_waiting_for_a_dependency_does_not_count_as_an_attempt_at_a_bug() -> None:
    scripted = Scripted(handling="u" * 10 + "b", bug_attempts=3)
    await scripted.processing.until_done(GOOD)
    assert (scripted.handled, scripted.sent) == (12, [])


@BOTH_PATHS
@pytest.mark.parametrize(("handling", "record"), [("", NOT_JSON), ("nnnn", GOOD), ("bbbbbb", GOOD)])
async def test_an_event_is_not_done_before_its_dead_letter_is_acknowledged(
    path: str, handling: str, record: Record
) -> None:
    scripted = Scripted(handling=handling, sending="uuu")
    counted: list[float] = []
    scripted.on_wait = lambda: counted.append(scripted.count("event_seconds_count"))
    await process(scripted, path, record)
    assert len(scripted.sent) == 1
    assert len(counted) >= 3
    assert set(counted) == {0.0}
    assert scripted.count("event_seconds_count") == 1


async def test_the_fast_path_keeps_an_event_whose_dead_letter_is_not_acknowledged() -> None:
    scripted = Scripted(sending="u" * 100, retries=2)
    with pytest.raises(Unavailable, match="not acknowledged"):
        await scripted.processing.once(NOT_JSON)
    assert scripted.sent == []


@BOTH_PATHS
async def test_a_dead_letter_that_is_too_large_is_sent_without_its_value(
    path: str,
) -> None:
    scripted = Scripted(sending="n")
    await process(scripted, path, NOT_JSON)
    assert scripted.sent[0].value is None
    assert scripted.letter()["x-error"] == "not_json"


@BOTH_PATHS
async def test_too_many_dead_letters_stop_before_the_next_one_is_published(path: str) -> None:
    scripted = Scripted(handling="nn", dead_letter_window=8, dead_letter_max_ratio=0.5)
    await process(scripted, path, replace(GOOD, key=b"ada"))
    with pytest.raises(TooManyDeadLetters):
        await process(scripted, path, replace(GOOD, key=b"ben"))
    assert len(scripted.sent) == 1


@BOTH_PATHS
async def test_bad_events_of_one_sender_all_become_dead_letters(path: str) -> None:
    scripted = Scripted(handling="n" * 30, dead_letter_window=8, dead_letter_max_ratio=0.5)
    for _ in range(30):
        await process(scripted, path, GOOD)
    assert len(scripted.sent) == 30


@BOTH_PATHS
async def test_an_unreadable_record_becomes_a_dead_letter_without_a_value(path: str) -> None:
    scripted = Scripted()
    unreadable = Unreadable("unreadable_batch", "offsets 3 to 17 cannot be read: zstd failed")
    await process(scripted, path, replace(GOOD, key=None, value=b"", unreadable=unreadable))
    assert scripted.handled == 0
    assert scripted.letter()["x-error"] == "unreadable_batch"
    assert scripted.letter()["x-detail"] == unreadable.detail
    assert scripted.sent[0].value is None
