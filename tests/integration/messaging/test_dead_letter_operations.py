"""Operators and a real Kafka: letters in pages, replayed or dropped once, and remembered."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.dead_letters import (
    AlreadyResolved,
    BadCursor,
    CannotReplay,
    Known,
    Letter,
    NoSuchLetter,
    Wanted,
    drop,
    drop_all,
    letters,
    replay,
    replay_all,
    several,
    totals,
)
from shared.dead_letters import dead_letter as letter
from shared.domain.errors import Unprocessable
from shared.events.topics import DEAD_LETTERS, FEEDBACK, TOPICS
from shared.events.wire.record import Outgoing, Record
from shared.messaging.admin.provision import provision
from shared.messaging.client.producer import send_once
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.dead_letters import dead_letter
from shared.messaging.read.tail import tail
from tests.contract.events.wire import value

pytestmark = pytest.mark.kafka
ALL = 100_000


class Desk:
    """One test's letters, told apart from others' by a word of their own."""

    def __init__(self, kafka: str) -> None:
        self.settings = MessagingSettings(kafka=kafka, topic_partitions=3)
        self.mark = uuid4().hex

    def set_aside(
        self, count: int, *, reason: str = "internal_error", topic: str = "feedback.v1",
        data: bytes | None = None,
    ) -> None:  # fmt: skip
        """As services do it, one after another, so that their order is known."""
        send_once(self.settings, *(self._letter(n, reason, topic, data) for n in range(count)))

    def _letter(self, number: int, reason: str, topic: str, data: bytes | None) -> Outgoing:
        user = f"{self.mark}-{number}"
        source = Record(
            topic, 0, number, 0, user.encode(), data or value("feedback.v1", user_id=user)
        )
        return dead_letter(source, Unprocessable(reason, f"for {self.mark}"), attempts=1)

    def wanted(self, **more: object) -> Wanted:
        return Wanted(text=self.mark, **more)  # type: ignore[arg-type]  # by its fields

    async def open(self, **more: object) -> list[Letter]:
        found: list[Letter] = []
        after: str | None = None
        while True:
            page = await letters(self.settings, self.wanted(**more), after=after, most=7)
            assert len(page.letters) <= 7
            found += page.letters
            after = page.next
            if after is None:
                return found

    def replayed(self) -> list[Record]:
        """Records of this test on the topic that letters go back to."""
        found = tail(self.settings, FEEDBACK, most=ALL)
        return [r for r in found if (r.key or b"").startswith(self.mark.encode())]


@pytest.fixture
def desk(kafka: str) -> Desk:
    desk = Desk(kafka)
    provision(desk.settings, (*TOPICS, *DEAD_LETTERS))
    return desk


async def test_pages_hold_every_letter_once_the_newest_first(desk: Desk) -> None:
    desk.set_aside(60)
    found = await desk.open()
    assert len({one.id for one in found}) == len(found) == 60
    moments = [one.set_aside_at for one in found]
    assert moments == sorted(moments, reverse=True)


async def test_letters_that_come_while_somebody_pages_do_not_shift_the_pages(desk: Desk) -> None:
    desk.set_aside(10)
    first = await letters(desk.settings, desk.wanted(), most=4)
    desk.set_aside(5)
    second = await letters(desk.settings, desk.wanted(), after=first.next, most=20)
    assert len({one.id for one in (*first.letters, *second.letters)}) == 10


async def test_letters_are_found_by_topic_reason_and_time(desk: Desk) -> None:
    desk.set_aside(2)
    desk.set_aside(3, reason="not_json")
    desk.set_aside(4, topic="user.erase.v1")
    assert len(await desk.open(reason="not_json")) == 3
    assert len(await desk.open(topic="user.erase.v1")) == 4
    assert len(await desk.open(since=datetime.now(UTC) - timedelta(hours=1))) == 9
    assert await desk.open(since=datetime.now(UTC) + timedelta(hours=1)) == []
    assert await desk.open(until=datetime.now(UTC) - timedelta(hours=1)) == []
    assert (await totals(desk.settings))["user.erase.v1"] >= 4


async def test_a_letter_is_replayed_once_and_is_not_open_any_more(desk: Desk) -> None:
    desk.set_aside(2)
    first, second = await desk.open()
    said = await replay(desk.settings, first.id, by="ops", note="the bug is mended")
    assert [one.id for one in await desk.open()] == [second.id]
    (back,) = desk.replayed()
    assert (back.key, back.value) == (first.record.key, first.record.value)
    assert dict(back.headers)["x-replayed-from"] == first.id.encode()
    with pytest.raises(AlreadyResolved, match=r"was replayed at .* by ops"):
        await replay(desk.settings, first.id)
    assert len(desk.replayed()) == 1
    kept = await letter(desk.settings, first.id)
    assert kept.resolved == said
    assert (said.note, said.fixed) == ("the bug is mended", False)
    await replay(desk.settings, first.id, again=True)
    assert len(desk.replayed()) == 2


async def test_a_mended_letter_goes_back_mended(desk: Desk) -> None:
    desk.set_aside(1, reason="not_json", data=f"no JSON of {desk.mark}".encode())
    (broken,) = await desk.open()
    with pytest.raises(CannotReplay):
        await replay(desk.settings, broken.id)
    assert len(await desk.open()) == 1
    mended = value("feedback.v1", user_id=f"{desk.mark}-mended")
    assert (await replay(desk.settings, broken.id, value=mended)).fixed
    (back,) = desk.replayed()
    assert (back.key, back.value) == (f"{desk.mark}-mended".encode(), mended)


async def test_a_dropped_letter_is_not_open_and_can_still_be_looked_at(desk: Desk) -> None:
    desk.set_aside(1)
    (one,) = await desk.open()
    await drop(desk.settings, one.id)
    assert await desk.open() == []
    assert [found.resolved is not None for found in await desk.open(resolved=True)] == [True]
    assert desk.replayed() == []
    with pytest.raises(AlreadyResolved):
        await drop(desk.settings, one.id)


async def test_a_page_is_dealt_with_at_once_the_oldest_first(desk: Desk) -> None:
    desk.set_aside(8)
    desk.set_aside(1, reason="not_json", data=f"no JSON of {desk.mark}".encode())
    page = await letters(desk.settings, desk.wanted(), most=50)
    outcome = await replay_all(desk.settings, page.letters)
    assert (len(outcome.resolved), len(outcome.refused), len(desk.replayed())) == (8, 1, 8)
    times = {one.id: one.set_aside_at for one in page.letters}
    order = [times[said.letter] for said in outcome.resolved]
    assert order == sorted(order)
    left = await letters(desk.settings, desk.wanted())
    assert (await drop_all(desk.settings, left.letters)).refused == {}
    assert await desk.open() == []


async def test_several_are_looked_up_at_once(desk: Desk) -> None:
    desk.set_aside(3)
    ids = [one.id for one in await desk.open()]
    await drop(desk.settings, ids[1])
    for known in (None, Known()):
        found = await several(desk.settings, ids, known=known)
        assert [one.id for one in found] == ids
        assert [one.resolved is None for one in found] == [True, False, True]
    with pytest.raises(NoSuchLetter):
        await several(desk.settings, [ids[0], "feedback.v1.dlq/0/999999999"])


@pytest.mark.parametrize(
    ("letter_id", "said"),
    [
        ("nonsense", "an id is topic/partition/offset"),
        ("feedback.v1/0/1", "is no dead letter"),
        ("feedback.v1.dlq/0/-1", "is no dead letter"),
        ("feedback.v1.dlq/0/999999999", "there is no dead letter"),
        ("feedback.v1.dlq/99/0", "is empty"),
    ],
)
async def test_an_id_that_names_no_letter_is_answered_with_what_one_looks_like(
    desk: Desk, letter_id: str, said: str
) -> None:
    desk.set_aside(1)
    with pytest.raises(NoSuchLetter, match=said):
        await letter(desk.settings, letter_id)


@pytest.mark.parametrize("cursor", ["nonsense", "e30x", "W10=", ""])
async def test_a_cursor_that_is_none_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await letters(desk.settings, desk.wanted(), after=cursor)


async def test_many_letters_are_paged_without_reading_them_all(desk: Desk) -> None:
    await asyncio.to_thread(desk.set_aside, 3_000)
    page = await letters(desk.settings, desk.wanted(), most=20)
    assert len(page.letters) == 20
    assert page.looked_at < 200


async def test_thousands_of_letters_are_looked_through_to_the_last(kafka: str) -> None:
    """Partition after partition in chunks: what kafka-python keeps of one must not stop another."""
    desk = Desk(kafka)
    desk.set_aside(4_000)
    nobodys = Wanted(text=f"{desk.mark}-nobody")
    looked_at, after = 0, None
    while looked_at == 0 or after is not None:
        page = await letters(desk.settings, nobodys, after=after)
        assert not page.letters
        looked_at, after = looked_at + page.looked_at, page.next
    assert looked_at >= 4_000


async def test_letters_that_were_dealt_with_are_passed_over_and_remembered(kafka: str) -> None:
    desk, known = Desk(kafka), Known()
    desk.set_aside(300)
    newest = (await letters(desk.settings, desk.wanted(), most=200, known=known)).letters
    await drop_all(desk.settings, newest)
    page = await letters(desk.settings, desk.wanted(), most=500, known=known)
    assert len(page.letters) == 100
    every = await letters(desk.settings, desk.wanted(resolved=True), most=500, known=known)
    assert len(every.letters) == 300
    assert (await letter(desk.settings, newest[0].id, known=known)).resolved is not None


async def test_letters_that_come_after_a_look_are_found_by_the_next(desk: Desk) -> None:
    known = Known()
    desk.set_aside(30)
    first = (await letters(desk.settings, desk.wanted(), known=known)).letters
    desk.set_aside(5)
    second = (await letters(desk.settings, desk.wanted(), known=known)).letters
    assert [one.id for one in second[5:]] == [one.id for one in first]
    assert len({one.id for one in second}) == 35
