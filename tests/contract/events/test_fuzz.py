"""Whatever bytes arrive, decoding gives an event or says why not, and never anything else."""

import random
from typing import Final

import pytest

from shared.domain.errors import Unprocessable
from shared.events.topics import Topic, topic_named
from shared.events.types.base import Event
from shared.events.wire.codec import decode, encode
from shared.events.wire.record import Header, Record
from tests.contract.events.golden_events import golden_events
from tests.contract.events.unusual_records import AWKWARD_BUT_GOOD
from tests.contract.events.wire import FEEDBACK, STRUCTURED, binary, structured

SEED: Final = 20_260_131
ROUNDS: Final = 10_000
LONGEST_DETAIL: Final = 1000
TOKENS: Final = (
    *(b"null true false 0 -1 1e999 1e-999 0.5 NaN -Infinity 9007199254740993 {} [] [[ }} ".split()),
    *(b'"" "\\u0000" "\\ud83d" "\\ud83d\\ude00" "2026-02-30T00:00:00Z" "-" \\ " , : '.split()),
    b"\x00",
    b"\xff\xfe",
    b"\xc0\x80",
    "\U0001f600".encode(),
    b"9" * 400,
    b"[" * 2000,
    b" " * 100,
)
SMALL: Final = 20_000
"""Larger values would take all the time and teach nothing more."""


def test_mutated_golden_events_are_read_or_refused() -> None:
    chance = random.Random(SEED)
    golden = golden_events()
    read = 0
    for _ in range(ROUNDS):
        source = chance.choice(golden)
        read += _read_or_refused(source.topic, mutated(source.value, chance), ())
    assert 0 < read < ROUNDS


def test_mutated_envelopes_are_read_or_refused() -> None:
    chance = random.Random(SEED)
    topic = topic_named(FEEDBACK)
    for _ in range(ROUNDS // 2):
        value = mutated(structured(FEEDBACK, time="2026-01-31T09:30:00Z"), chance)
        _read_or_refused(topic, value, STRUCTURED)
        headers = tuple(
            (name, mutated(data or b"", chance) if chance.random() < 0.3 else data)
            for name, data in binary(FEEDBACK, time=b"2026-01-31T09:30:00Z")
        )
        _read_or_refused(topic, structured(FEEDBACK), headers)


def test_random_bytes_are_refused() -> None:
    chance = random.Random(SEED)
    for _ in range(ROUNDS // 4):
        value = chance.randbytes(chance.randrange(200))
        with pytest.raises(Unprocessable):
            decode(topic_named(FEEDBACK), _record(FEEDBACK, value, ()))


@pytest.mark.parametrize("depth", range(150, 1200, 7))
def test_no_depth_of_nesting_is_fatal(depth: int) -> None:
    topic = topic_named(FEEDBACK)
    for source in (golden for golden in golden_events() if golden.topic is topic):
        nested = source.value[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}"
        _read_or_refused(topic, nested, ())


def test_every_prefix_of_an_event_is_refused() -> None:
    for source in golden_events():
        for length in range(len(source.value)):
            with pytest.raises(Unprocessable):
                decode(source.topic, _record(source.topic.name, source.value[:length], ()))


def test_odd_events_with_a_byte_turned_are_read_or_refused() -> None:
    chance = random.Random(SEED)
    small = [case for case in AWKWARD_BUT_GOOD if len(case.value or b"") < SMALL]
    for _ in range(ROUNDS // 4):
        case = chance.choice(small)
        value = bytearray(case.value or b"")
        value[chance.randrange(len(value))] ^= 1 << chance.randrange(8)
        _read_or_refused(topic_named(case.topic), bytes(value), case.headers)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four things cut, doubled, turned, swapped or put in."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        to = min(len(data), at + chance.randrange(1, 12))
        match chance.randrange(5):
            case 0:
                data = data[:at] + data[to:]
            case 1:
                data = data[:to] + data[at:]
            case 2:
                data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
            case 3:
                data = data[:at] + chance.choice(TOKENS) + data[at:]
            case _:
                data = _one_value_replaced(data, chance)
    return data


def _one_value_replaced(data: bytes, chance: random.Random) -> bytes:
    """One value after a colon becomes another thing altogether, so that most stays JSON."""
    colons = [at for at, byte in enumerate(data) if byte == ord(":")]
    if not colons:
        return data
    start = chance.choice(colons) + 1
    ends = [at for at in (data.find(b",", start), data.find(b"}", start)) if at >= 0]
    return data[:start] + chance.choice(TOKENS) + data[min(ends, default=len(data)) :]


def _read_or_refused(topic: Topic, value: bytes, headers: tuple[Header, ...]) -> bool:
    """Whether it was read; what is read can be sent. Any other exception fails the test."""
    try:
        event = decode(topic, _record(topic.name, value, headers))
    except Unprocessable as error:
        refusal = error
    else:
        assert isinstance(event, Event)
        encode(event)
        return True
    assert refusal.reason
    assert 0 < len(refusal.detail) <= LONGEST_DETAIL
    return False


def _record(topic: str, value: bytes, headers: tuple[Header, ...]) -> Record:
    return Record(topic, 0, 0, 0, b"user-42", value, headers)
