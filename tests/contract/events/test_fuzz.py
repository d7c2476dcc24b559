"""For any bytes, decoding returns an event or raises `Unprocessable`, and nothing else."""

import random
from typing import Final

import pytest

from shared.domain.errors import Unprocessable
from shared.events.topics import Topic, topic_named
from shared.events.types.base import Event
from shared.events.wire.codec import decode, encode
from shared.events.wire.record import Header, Record
from tests.contract.events.golden_events import golden_events
from tests.contract.events.unusual_records import UNUSUAL_RECORDS
from tests.contract.events.wire import FEEDBACK, STRUCTURED, binary, structured

SEED: Final = 20_260_131
ROUNDS: Final = 10_000
MAX_DETAIL_CHARACTERS: Final = 1000
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
"""Larger values would take nearly all the time and test nothing more."""


def test_mutated_golden_events_are_decoded_or_refused() -> None:
    rng = random.Random(SEED)
    golden = golden_events()
    decoded = 0
    for _ in range(ROUNDS):
        source = rng.choice(golden)
        decoded += _decoded_or_refused(source.topic, mutated(source.value, rng), ())
    assert 0 < decoded < ROUNDS


def test_mutated_envelopes_are_decoded_or_refused() -> None:
    rng = random.Random(SEED)
    topic = topic_named(FEEDBACK)
    for _ in range(ROUNDS // 2):
        value = mutated(structured(FEEDBACK, time="2026-01-31T09:30:00Z"), rng)
        _decoded_or_refused(topic, value, STRUCTURED)
        headers = tuple(
            (name, mutated(data or b"", rng) if rng.random() < 0.3 else data)
            for name, data in binary(FEEDBACK, time=b"2026-01-31T09:30:00Z")
        )
        _decoded_or_refused(topic, structured(FEEDBACK), headers)


def test_random_bytes_are_refused() -> None:
    rng = random.Random(SEED)
    for _ in range(ROUNDS // 4):
        value = rng.randbytes(rng.randrange(200))
        with pytest.raises(Unprocessable):
            decode(topic_named(FEEDBACK), _record(FEEDBACK, value, ()))


@pytest.mark.parametrize("depth", range(150, 1200, 7))
def test_deeply_nested_events_are_decoded_or_refused(depth: int) -> None:
    topic = topic_named(FEEDBACK)
    for source in (golden for golden in golden_events() if golden.topic is topic):
        nested = source.value[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}"
        _decoded_or_refused(topic, nested, ())


def test_every_prefix_of_an_event_is_refused() -> None:
    for source in golden_events():
        for length in range(len(source.value)):
            with pytest.raises(Unprocessable):
                decode(source.topic, _record(source.topic.name, source.value[:length], ()))


def test_unusual_events_with_one_flipped_bit_are_decoded_or_refused() -> None:
    rng = random.Random(SEED)
    small = [case for case in UNUSUAL_RECORDS if len(case.value or b"") < SMALL]
    for _ in range(ROUNDS // 4):
        case = rng.choice(small)
        value = bytearray(case.value or b"")
        value[rng.randrange(len(value))] ^= 1 << rng.randrange(8)
        _decoded_or_refused(topic_named(case.topic), bytes(value), case.headers)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The bytes after one to four mutations: cut, repeat, change, insert, or replace a value."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.randrange(1, 12))
        match rng.randrange(5):
            case 0:
                data = data[:at] + data[to:]
            case 1:
                data = data[:to] + data[at:]
            case 2:
                data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
            case 3:
                data = data[:at] + rng.choice(TOKENS) + data[at:]
            case _:
                data = _one_value_replaced(data, rng)
    return data


def _one_value_replaced(data: bytes, rng: random.Random) -> bytes:
    """Replace one value after a colon by a random token, so that most of the text stays JSON."""
    colons = [at for at, byte in enumerate(data) if byte == ord(":")]
    if not colons:
        return data
    start = rng.choice(colons) + 1
    ends = [at for at in (data.find(b",", start), data.find(b"}", start)) if at >= 0]
    return data[:start] + rng.choice(TOKENS) + data[min(ends, default=len(data)) :]


def _decoded_or_refused(topic: Topic, value: bytes, headers: tuple[Header, ...]) -> bool:
    """Whether it was decoded; it can then be encoded too. Any other exception fails the test."""
    try:
        event = decode(topic, _record(topic.name, value, headers))
    except Unprocessable as error:
        refusal = error
    else:
        assert isinstance(event, Event)
        encode(event)
        return True
    assert refusal.reason
    assert 0 < len(refusal.detail) <= MAX_DETAIL_CHARACTERS
    return False


def _record(topic: str, value: bytes, headers: tuple[Header, ...]) -> Record:
    return Record(topic, 0, 0, 0, b"user-42", value, headers)
