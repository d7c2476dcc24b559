"""Golden events are decoded and encoded in the same way in every release."""

from typing import Final

import pytest

from shared.events.topics import TOPICS
from shared.events.wire.codec import decode, encode
from tests.contract.events.golden_events import HEADERS, Golden, golden_events

GOLDEN: Final = golden_events()
SENT: Final = [golden for golden in GOLDEN if golden.name != "minimal"]


def _label(golden: Golden) -> str:
    return f"{golden.topic.name}-{golden.name}"


def test_every_topic_has_a_full_and_a_minimal_event() -> None:
    for topic in TOPICS:
        names = {golden.name for golden in GOLDEN if golden.topic is topic}
        assert names >= {"full", "minimal", "minimal_as_sent"}


@pytest.mark.parametrize("golden", SENT, ids=_label)
def test_decoding_and_encoding_gives_the_same_bytes(golden: Golden) -> None:
    assert encode(decode(golden.topic, golden.record())).value == golden.value


@pytest.mark.parametrize("golden", SENT, ids=_label)
def test_the_record_has_the_frozen_topic_key_and_headers(golden: Golden) -> None:
    sent = encode(decode(golden.topic, golden.record()))
    frozen = HEADERS[golden.topic.name][golden.name]
    assert sent.topic == golden.topic.name
    assert sent.key == frozen["key"].encode()
    assert sent.headers == tuple((k, v.encode()) for k, v in frozen["headers"].items())


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_fields_that_a_minimal_event_leaves_out_get_the_frozen_defaults(topic: object) -> None:
    of_topic = {golden.name: golden for golden in GOLDEN if golden.topic is topic}
    minimal = of_topic["minimal"]
    sent = encode(decode(minimal.topic, minimal.record()))
    assert sent.value == of_topic["minimal_as_sent"].value


@pytest.mark.parametrize("golden", SENT, ids=_label)
def test_an_encoded_event_with_its_envelope_is_decoded_to_an_equal_event(golden: Golden) -> None:
    event = decode(golden.topic, golden.record())
    sent = encode(event, extra_headers=(("traceparent", b"00-abc"),))
    record = type(golden.record())(sent.topic, 0, 0, 0, sent.key, sent.value, sent.headers)
    assert sent.headers[-1] == ("traceparent", b"00-abc")
    assert decode(golden.topic, record) == event
