"""Dead letters on a real Kafka: pages, replays, drops, and the cache."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.dead_letters import (
    AlreadyResolved,
    CannotReplay,
    DeadLetter,
    DeadLetterCache,
    DeadLetterFilter,
    DeadLetterNotFound,
    InvalidCursor,
    drop,
    drop_all,
    find_dead_letters,
    get_dead_letter,
    get_dead_letters,
    replay,
    replay_all,
)
from shared.domain.errors import Unprocessable
from shared.events.topics import ALL_TOPICS, FEEDBACK
from shared.events.wire.record import Outgoing, Record
from shared.messaging.admin.provision import provision
from shared.messaging.client.producer import send_once
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letter_record import dead_letter
from shared.messaging.read.tail import tail
from tests.contract.events.wire import value

pytestmark = pytest.mark.kafka
ALL = 100_000


class OwnDeadLetters:
    """The dead letters of one test, which have a marker in their text."""

    def __init__(self, kafka: str) -> None:
        self.settings = MessagingSettings(kafka_bootstrap_servers=kafka, topic_partitions=3)
        self.marker = uuid4().hex

    def write(
        self, count: int, *, reason: str = "internal_error", topic: str = "feedback.v1",
        data: bytes | None = None,
    ) -> None:  # fmt: skip
        """Write dead letters as services do, one after another, so that their order is known."""
        send_once(self.settings, *(self._letter(n, reason, topic, data) for n in range(count)))

    def _letter(self, number: int, reason: str, topic: str, data: bytes | None) -> Outgoing:
        user = f"{self.marker}-{number}"
        source = Record(
            topic, 0, number, 0, user.encode(), data or value("feedback.v1", user_id=user)
        )
        return dead_letter(source, Unprocessable(reason, f"for {self.marker}"), attempts=1)

    def wanted(self, **more: object) -> DeadLetterFilter:
        return DeadLetterFilter(text=self.marker, **more)  # type: ignore[arg-type]  # by its fields

    async def open(self, **more: object) -> list[DeadLetter]:
        """The open dead letters of this test, read page by page."""
        opened: list[DeadLetter] = []
        after: str | None = None
        while True:
            page = await find_dead_letters(self.settings, self.wanted(**more), after=after, limit=7)
            assert len(page.letters) <= 7
            opened += page.letters
            after = page.next
            if after is None:
                return opened

    def replayed(self) -> list[Record]:
        """Replayed records of this test."""
        records = tail(self.settings, FEEDBACK, max_per_partition=ALL)
        return [r for r in records if (r.key or b"").startswith(self.marker.encode())]


@pytest.fixture
def own(kafka: str) -> OwnDeadLetters:
    created = OwnDeadLetters(kafka)
    provision(created.settings, ALL_TOPICS)
    return created


async def test_pages_contain_every_dead_letter_once_newest_first(own: OwnDeadLetters) -> None:
    own.write(60)
    opened = await own.open()
    assert len({letter.id for letter in opened}) == len(opened) == 60
    times = [letter.set_aside_at for letter in opened]
    assert times == sorted(times, reverse=True)


async def test_dead_letters_that_arrive_during_paging_do_not_shift_the_pages(
    own: OwnDeadLetters,
) -> None:
    own.write(10)
    first = await find_dead_letters(own.settings, own.wanted(), limit=4)
    own.write(5)
    second = await find_dead_letters(own.settings, own.wanted(), after=first.next, limit=20)
    assert len({letter.id for letter in (*first.letters, *second.letters)}) == 10


async def test_dead_letters_are_filtered_by_topic_reason_and_time(own: OwnDeadLetters) -> None:
    own.write(2)
    own.write(3, reason="not_json")
    own.write(4, topic="user.erase.v1")
    assert len(await own.open(reason="not_json")) == 3
    assert len(await own.open(topic="user.erase.v1")) == 4
    assert len(await own.open(since=datetime.now(UTC) - timedelta(hours=1))) == 9
    assert await own.open(since=datetime.now(UTC) + timedelta(hours=1)) == []
    assert await own.open(until=datetime.now(UTC) - timedelta(hours=1)) == []


async def test_a_dead_letter_is_replayed_once_and_is_then_closed(own: OwnDeadLetters) -> None:
    own.write(2)
    first, second = await own.open()
    event = await replay(own.settings, first.id, by="ops", note="the bug is fixed")
    assert [letter.id for letter in await own.open()] == [second.id]
    (replayed,) = own.replayed()
    assert (replayed.key, replayed.value) == (first.record.key, first.record.value)
    assert dict(replayed.headers)["x-replayed-from"] == first.id.encode()
    with pytest.raises(AlreadyResolved, match=r"was replayed at .* by ops"):
        await replay(own.settings, first.id)
    assert len(own.replayed()) == 1
    kept = await get_dead_letter(own.settings, first.id)
    assert kept.resolved == event
    assert (event.note, event.fixed) == ("the bug is fixed", False)
    await replay(own.settings, first.id, again=True)
    assert len(own.replayed()) == 2


async def test_a_dead_letter_is_replayed_with_a_corrected_value(own: OwnDeadLetters) -> None:
    own.write(1, reason="not_json", data=f"no JSON of {own.marker}".encode())
    (broken,) = await own.open()
    with pytest.raises(CannotReplay):
        await replay(own.settings, broken.id)
    assert len(await own.open()) == 1
    corrected = value("feedback.v1", user_id=f"{own.marker}-corrected")
    assert (await replay(own.settings, broken.id, value=corrected)).fixed
    (replayed,) = own.replayed()
    assert (replayed.key, replayed.value) == (f"{own.marker}-corrected".encode(), corrected)


async def test_a_dropped_dead_letter_is_closed_and_can_still_be_read(own: OwnDeadLetters) -> None:
    own.write(1)
    (letter,) = await own.open()
    await drop(own.settings, letter.id)
    assert await own.open() == []
    (resolved,) = await own.open(resolved=True)
    assert resolved.resolved is not None
    assert own.replayed() == []
    with pytest.raises(AlreadyResolved):
        await drop(own.settings, letter.id)


async def test_a_page_is_replayed_together_oldest_first(own: OwnDeadLetters) -> None:
    own.write(8)
    own.write(1, reason="not_json", data=f"no JSON of {own.marker}".encode())
    page = await find_dead_letters(own.settings, own.wanted(), limit=50)
    outcome = await replay_all(own.settings, page.letters)
    assert (len(outcome.resolved), len(outcome.refused), len(own.replayed())) == (8, 1, 8)
    times = {letter.id: letter.set_aside_at for letter in page.letters}
    order = [times[event.letter] for event in outcome.resolved]
    assert order == sorted(order)
    remaining = await find_dead_letters(own.settings, own.wanted())
    assert (await drop_all(own.settings, remaining.letters)).refused == {}
    assert await own.open() == []


async def test_several_dead_letters_are_read_together(own: OwnDeadLetters) -> None:
    own.write(3)
    ids = [letter.id for letter in await own.open()]
    await drop(own.settings, ids[1])
    for cache in (None, DeadLetterCache()):
        letters = await get_dead_letters(own.settings, ids, cache=cache)
        assert [letter.id for letter in letters] == ids
        assert [letter.resolved is None for letter in letters] == [True, False, True]
    with pytest.raises(DeadLetterNotFound):
        await get_dead_letters(own.settings, [ids[0], "feedback.v1.dlq/0/999999999"])


@pytest.mark.parametrize(
    ("letter_id", "message"),
    [
        ("nonsense", "an id is topic/partition/offset"),
        ("feedback.v1/0/1", "is not the id of a dead letter"),
        ("feedback.v1.dlq/0/-1", "is not the id of a dead letter"),
        ("feedback.v1.dlq/0/999999999", "there is no dead letter"),
        ("feedback.v1.dlq/99/0", "is empty"),
    ],
)
async def test_an_unknown_id_gives_an_error_with_the_form_of_an_id(
    own: OwnDeadLetters, letter_id: str, message: str
) -> None:
    own.write(1)
    with pytest.raises(DeadLetterNotFound, match=message):
        await get_dead_letter(own.settings, letter_id)


@pytest.mark.parametrize("cursor", ["nonsense", "e30x", "W10=", ""])
async def test_an_invalid_cursor_is_refused(own: OwnDeadLetters, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        await find_dead_letters(own.settings, own.wanted(), after=cursor)


async def test_a_page_reads_only_a_few_of_many_dead_letters(own: OwnDeadLetters) -> None:
    await asyncio.to_thread(own.write, 3_000)
    page = await find_dead_letters(own.settings, own.wanted(), limit=20)
    assert len(page.letters) == 20
    assert page.scanned < 200


async def test_a_search_without_a_match_reads_all_of_thousands_of_dead_letters(kafka: str) -> None:
    """The read goes over many partitions in chunks; buffered records must not stop it."""
    own = OwnDeadLetters(kafka)
    own.write(4_000)
    no_match = DeadLetterFilter(text=f"{own.marker}-no-match")
    scanned, after = 0, None
    while scanned == 0 or after is not None:
        page = await find_dead_letters(own.settings, no_match, after=after)
        assert not page.letters
        scanned, after = scanned + page.scanned, page.next
    assert scanned >= 4_000


async def test_resolved_dead_letters_are_skipped_and_cached(kafka: str) -> None:
    own, cache = OwnDeadLetters(kafka), DeadLetterCache()
    own.write(300)
    newest = (await find_dead_letters(own.settings, own.wanted(), limit=200, cache=cache)).letters
    await drop_all(own.settings, newest)
    page = await find_dead_letters(own.settings, own.wanted(), limit=500, cache=cache)
    assert len(page.letters) == 100
    all_letters = await find_dead_letters(
        own.settings, own.wanted(resolved=True), limit=500, cache=cache
    )
    assert len(all_letters.letters) == 300
    assert (await get_dead_letter(own.settings, newest[0].id, cache=cache)).resolved is not None


async def test_the_next_query_returns_new_dead_letters(own: OwnDeadLetters) -> None:
    cache = DeadLetterCache()
    own.write(30)
    first = (await find_dead_letters(own.settings, own.wanted(), cache=cache)).letters
    own.write(5)
    second = (await find_dead_letters(own.settings, own.wanted(), cache=cache)).letters
    assert [letter.id for letter in second[5:]] == [letter.id for letter in first]
    assert len({letter.id for letter in second}) == 35
