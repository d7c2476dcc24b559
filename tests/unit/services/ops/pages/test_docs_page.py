"""The documentation page: the event contract, and events that are sent from it."""

import json
import re

import pytest

from services.ops.pages.docs.event_contract import kind, topics
from shared.events import Feedback
from shared.events.topics import TOPICS
from tests.unit.services.ops.site import site

GOOD = {
    "event_id": "018f3a5e-7b1c-7d2e-9f40-000000000006",
    "occurred_at": "2026-01-31T09:30:01Z",
    "user_id": "ada",
    "type": "like",
    "image_id": "img-1",
}


def test_every_topic_has_fields_and_examples() -> None:
    assert {docs.topic.name for docs in topics()} == {topic.name for topic in TOPICS}
    for docs in topics():
        assert {"event_id", "tenant"} <= {field.name for field in docs.fields}
        assert docs.examples


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array", "items": {"$ref": "#/x/Candidate"}}, "list of Candidate"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"enum": ["ok", "degraded"]}, "ok | degraded"),
        ({"type": "string", "format": "uuid"}, "uuid"),
        ({}, "anything"),
    ],
)
def test_types_are_described_in_words(schema: dict[str, object], words: str) -> None:
    assert kind(schema) == words


async def test_the_page_shows_the_contract_and_the_gateway() -> None:
    async with site().client() as client:
        page = (await client.get("/docs")).text
        contract = (await client.get("/asyncapi.json")).json()
    assert contract["asyncapi"] == "3.1.0"
    assert all(topic.name in page for topic in TOPICS)
    assert "POST /v1/candidates" in page


async def test_the_drafts_of_the_page_can_be_sent() -> None:
    dashboard = site(with_tokens=True)
    async with dashboard.client("writer") as client:
        page = (await client.get("/docs")).text
        drafts = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
        for topic, text in zip(("feedback.v1", "profile.corrected.v1"), drafts[1:], strict=True):
            value = text.replace("&#34;", '"')
            response = await client.post("/docs/try", data={"topic": topic, "value": value})
            assert response.status_code == 200, response.text
    assert [event.event_type for event in dashboard.kafka.sent] == [
        "feedback.v1",
        "profile.corrected.v1",
    ]


async def test_an_event_is_sent_with_the_fields_of_the_form() -> None:
    dashboard = site(with_tokens=True)
    async with dashboard.client("writer") as client:
        data = {"topic": "feedback.v1", "value": json.dumps(GOOD)}
        response = await client.post("/docs/try", data=data)
    (sent,) = dashboard.kafka.sent
    assert isinstance(sent, Feedback)
    assert sent.image_id == "img-1"
    assert "with the key <code>ada</code>" in response.text


@pytest.mark.parametrize(
    ("topic", "value"),
    [
        ("feedback.v1", "not JSON"),
        ("feedback.v1", json.dumps({**GOOD, "type": "adore"})),
        ("feedback.v1", "[" * 10_000),
        ("feedback.v1", "\x00"),
        ("user.erase.v1", json.dumps(GOOD)),
        ("model.promoted.v1", "{}"),
    ],
)
async def test_an_event_that_cannot_be_read_is_rejected_with_a_reason(
    topic: str, value: str
) -> None:
    dashboard = site(with_tokens=True)
    async with dashboard.client("writer") as client:
        response = await client.post("/docs/try", data={"topic": topic, "value": value})
    assert response.status_code == 422
    assert response.json()["detail"]
    assert not dashboard.kafka.sent
