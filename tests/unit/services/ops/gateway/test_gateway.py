"""The gateway: request feeds, send feedback and corrections, read profiles."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import numpy as np
import pytest

from services.ops.auth.roles import Role
from services.profile.corrections import with_event
from shared.domain.subjects.element import SUBJECT
from shared.domain.taste import Taste, TasteSide, WeightedWord
from shared.events import Feedback, ImageCandidates, ProfileCorrected, RankedFeed
from shared.store.protocol import Reference, StoredCorrections, StoredProfile, TasteVectors
from tests.unit.services.ops.sample_events import feed_of
from tests.unit.services.ops.site import NOW, Site, known_tokens, site

SLATE = {
    "user_id": "ada",
    "candidates": [{"image_id": "a", "uri": "https://images.example/a.png"}],
}
LIKES = {"user_id": "ada", "actions": [{"type": "like", "image_id": "a"}]}


@pytest.fixture
def quick() -> Site:
    """Return a site whose Kafka responses at once."""
    fake_site = site()
    fake_site.kafka.feed_for = feed_of
    return fake_site


def problem(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    return str(body["type"]).removeprefix("urn:preferstream:problem:")


async def test_a_request_returns_its_feed(quick: Site) -> None:
    async with quick.client() as app:
        response = await app.post("/v1/candidates", json={**SLATE, "top_k": 1, "explain": "none"})
    assert response.status_code == 200
    (sent,) = quick.kafka.sent
    assert isinstance(sent, ImageCandidates)
    assert (sent.user_id, sent.tenant, sent.top_k, sent.explain) == ("ada", "default", 1, "none")
    assert RankedFeed.model_validate_json(response.content) == feed_of(sent)


async def test_a_slow_feed_is_fetched_later() -> None:
    slow = site()
    async with slow.client() as app:
        response = await app.post("/v1/candidates?wait_seconds=0", json=SLATE)
        feed = response.json()["feed"]
        pending = await app.get(feed)
        (sent,) = slow.kafka.sent
        assert isinstance(sent, ImageCandidates)
        slow.kafka.deliver(feed_of(sent))
        feed_response = await app.get(feed)
    assert (response.status_code, response.headers["location"]) == (202, feed)
    assert pending.status_code == 202
    assert feed_response.json()["request_id"] == response.json()["request_id"]


async def test_a_request_id_with_any_characters_works_in_an_address(quick: Site) -> None:
    async with quick.client() as app:
        body = {**SLATE, "request_id": "a/b?c=é&#1 %2F", "tenant": "gal/lery"}
        quick.kafka.feed_for = lambda event: None
        response = await app.post("/v1/candidates?wait_seconds=0", json=body)
        (sent,) = quick.kafka.sent
        assert isinstance(sent, ImageCandidates)
        quick.kafka.deliver(feed_of(sent))
        feed_response = await app.get(response.headers["location"])
    assert feed_response.json()["request_id"] == body["request_id"]


async def test_the_feed_of_an_unknown_request_is_not_found(quick: Site) -> None:
    async with quick.client() as app:
        assert problem(await app.get("/v1/feeds/unknown?user_id=ada")) == "no-feed"
        assert problem(await app.get(f"/v1/feeds/{uuid4()}")) == "no-feed"


async def test_a_repeated_request_id_returns_the_same_feed(quick: Site) -> None:
    async with quick.client() as app:
        body = {**SLATE, "request_id": "r-1"}
        first = await app.post("/v1/candidates", json=body)
        again = await app.post("/v1/candidates", json=body)
    assert first.content == again.content
    assert len(quick.kafka.sent) == 1


async def test_an_idempotency_key_identifies_a_repeated_request(quick: Site) -> None:
    async with quick.client(**{"Idempotency-Key": "k-1"}) as app:
        first = await app.post("/v1/candidates", json=SLATE)
        again = await app.post("/v1/candidates", json=SLATE)
        otherwise = await app.post("/v1/candidates", json={**SLATE, "user_id": "bob"})
        other_key = await app.post("/v1/candidates", json=SLATE, headers={"Idempotency-Key": "k-2"})
    assert first.json()["request_id"] == again.json()["request_id"]
    assert problem(otherwise) == "key-used-otherwise"
    assert other_key.json()["request_id"] != first.json()["request_id"]


async def test_feedback_goes_to_kafka_in_order(quick: Site) -> None:
    actions = [
        {"type": "view", "image_id": "a", "occurred_at": "2026-01-31T09:00:00+01:00"},
        {"type": "dwell", "image_id": "a", "dwell_ms": 3000, "position": 1, "request_id": "r"},
    ]
    async with quick.client() as app:
        response = await app.post("/v1/feedback", json={"user_id": "ada", "actions": actions})
    assert response.status_code == 202
    viewed, dwelt = quick.kafka.sent
    assert isinstance(viewed, Feedback)
    assert isinstance(dwelt, Feedback)
    assert response.json()["event_ids"] == [str(viewed.event_id), str(dwelt.event_id)]
    assert viewed.occurred_at == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert viewed.occurred_at.utcoffset() is not None
    assert (dwelt.occurred_at, dwelt.dwell_ms, dwelt.position) == (NOW, 3000, 1)


async def test_repeated_feedback_with_the_same_key_is_sent_once(quick: Site) -> None:
    async with quick.client(**{"Idempotency-Key": "k-1"}) as app:
        responses = await asyncio.gather(*(app.post("/v1/feedback", json=LIKES) for _ in range(5)))
    assert len({response.text for response in responses}) == 1
    assert len(quick.kafka.sent) == 1
    assert sorted(a.headers.get("Idempotency-Replayed", "") for a in responses)[1:] == ["true"] * 4


async def test_all_instances_derive_the_same_ids_from_a_key() -> None:
    ids = []
    for _ in range(2):
        async with site().client(**{"Idempotency-Key": "k-1"}) as app:
            ids.append((await app.post("/v1/feedback", json=LIKES)).json())
    assert ids[0] == ids[1]


async def test_a_failed_request_can_be_retried_with_its_key(quick: Site) -> None:
    async with quick.client(**{"Idempotency-Key": "k-1"}) as app:
        quick.kafka.unavailable = "it restarts"
        failed = await app.post("/v1/feedback", json=LIKES)
        quick.kafka.unavailable = None
        done = await app.post("/v1/feedback", json=LIKES)
    assert problem(failed) == "unavailable"
    assert failed.headers["Retry-After"]
    assert "it restarts" not in failed.text
    assert done.status_code == 202


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"user_id": "ada", "actions": []}, "/body/actions"),
        ({"user_id": "", "actions": LIKES["actions"]}, "/body/user_id"),
        ({"user_id": "a\u0000", "actions": LIKES["actions"]}, "/body/user_id"),
        ({"user_id": 1, "actions": LIKES["actions"]}, "/body/user_id"),
        ({"user_id": "a", "actions": [{"type": "love", "image_id": "a"}]}, "/body/actions/0/type"),
        ({"user_id": "a", "actions": [{"type": "dwell", "image_id": "a"}]}, "/body/actions/0"),
        (
            {"user_id": "a", "actions": [{"type": "like", "image_id": "a", "position": "1"}]},
            "/body/actions/0/position",
        ),
    ],
)
async def test_each_error_of_a_body_is_reported_with_its_pointer(
    quick: Site, body: dict[str, Any], pointer: str
) -> None:
    async with quick.client() as app:
        response = await app.post("/v1/feedback", json=body)
    assert problem(response) == "invalid-request"
    assert pointer in [error["pointer"] for error in response.json()["errors"]]
    assert quick.kafka.sent == []


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (b'{"user_id": NaN}', 400),
        (b'{"a": 1, "a": 2}', 400),
        (b"[" * 100_000, 400),
        (b'{"user_id": "\\ud800"}', 422),
        (b"", 400),
    ],
)
async def test_an_invalid_body_is_rejected(quick: Site, content: bytes, status: int) -> None:
    async with quick.client(**{"Content-Type": "application/json"}) as app:
        response = await app.post("/v1/candidates", content=content)
    assert response.status_code == status
    problem(response)


async def test_an_error_does_not_repeat_the_input(quick: Site) -> None:
    secret = {"image_id": {"my": "swordfish"}, "uri": "https://images.example/a.png"}
    async with quick.client() as app:
        response = await app.post("/v1/candidates", json={**SLATE, "candidates": [secret]})
    assert response.status_code == 422
    assert "swordfish" not in response.text


async def test_the_gateway_rejects_forms(quick: Site) -> None:
    async with quick.client() as app:
        assert problem(await app.post("/v1/feedback", data={"user_id": "ada"})) == "not-json"


async def test_role_and_tenant_of_a_token_limit_its_requests() -> None:
    protected = site(with_tokens=True)
    async with protected.client("reader") as app:
        assert problem(await app.post("/v1/feedback", json=LIKES)) == "role-too-small"
        assert problem(await app.get("/v1/feeds/unknown?user_id=ada")) == "no-feed"
    async with protected.client() as app:
        assert problem(await app.get("/v1/feeds/unknown")) == "no-token"
    one_tenant = site(tokens=known_tokens({"writer": Role.WRITE}, tenant="gallery"))
    async with one_tenant.client("writer") as app:
        assert (await app.post("/v1/feedback", json=LIKES)).status_code == 202
        other = await app.post("/v1/feedback", json={**LIKES, "tenant": "default"})
    assert problem(other) == "foreign-tenant"
    assert [event.tenant for event in one_tenant.kafka.sent] == ["gallery"]


async def test_a_profile_is_returned_in_words(quick: Site) -> None:
    reference = Reference(
        image_id="a", uri="https://images.example/a.png", content_hash="0", side="liked",
        action="like", occurred_at=NOW, event_id="e",
    )  # fmt: skip
    stored = StoredProfile(
        tenant="default", user_id="ada/1", prediction_version=3,
        predicted=Taste(preference=TasteSide(color=(WeightedWord(word="blue", weight=1.0),))),
        references=(reference,), model_version="m", updated_at=NOW,
    )  # fmt: skip
    nothing = np.zeros(0, np.float32)
    await quick.profiles.put(stored, TasteVectors(nothing, nothing))
    async with quick.client() as app:
        response = await app.get("/v1/profiles/ada%2F1")
        unknown = await app.get("/v1/profiles/bob")
    body = response.json()
    assert body["preference"]["color"][0]["word"] == "blue"
    assert body["evidence"] == {"liked": 1, "disliked": 0}
    assert "images.example" not in response.text
    assert problem(unknown) == "no-profile"


async def test_a_browser_needs_its_form_token_for_the_gateway_too(quick: Site) -> None:
    async with quick.client() as browser:
        await browser.get("/")
        assert problem(await browser.post("/v1/feedback", json=LIKES)) == "stale-form"


@pytest.mark.parametrize("user", ["ada", "a/da", "ada/corrections"])
async def test_a_correction_of_a_profile_is_sent(quick: Site, user: str) -> None:
    body = {"action": "veto", "element": "color", "word": "neon"}
    async with quick.client() as app:
        response = await app.post(f"/v1/profiles/{quote(user, safe='')}/corrections", json=body)
    assert response.status_code == 202, response.text
    (sent,) = quick.kafka.sent
    assert isinstance(sent, ProfileCorrected)
    assert (sent.user_id, sent.action, sent.element, sent.word) == (user, "veto", "color", "neon")
    assert response.json() == {"event_id": str(sent.event_id)}


async def test_a_subject_is_corrected_and_read_like_every_element(quick: Site) -> None:
    body = {"action": "pin", "element": "subject", "word": "bird", "side": "non_preference"}
    async with quick.client() as app:
        response = await app.post("/v1/profiles/ada/corrections", json=body)
    (sent,) = quick.kafka.sent
    assert response.status_code == 202, response.text
    assert isinstance(sent, ProfileCorrected)
    assert (sent.action, sent.element, sent.word) == ("pin", SUBJECT, "bird")
    await quick.profiles.correct(
        StoredCorrections(
            tenant="default", user_id="ada", version=1, entries=with_event((), sent),
            model_version="m", updated_at=NOW,
        )
    )  # fmt: skip
    async with quick.client() as app:
        profile = (await app.get("/v1/profiles/ada")).json()
    assert [word["word"] for word in profile["subjects"]["non_preference"]["words"]] == ["bird"]
    assert profile["corrections"][0]["element"] == "subject"


@pytest.mark.parametrize(
    "body",
    [
        {"action": "pin", "element": "color"},
        {"action": "edit", "element": "color"},
        {"action": "pin", "element": "smell", "word": "sweet"},
        {"action": "pin", "element": "color", "word": "red; drop"},
        {"action": "edit", "element": "color", "words": [{"word": "red", "weight": 2}]},
        {},
    ],
)
async def test_an_incomplete_correction_is_rejected(quick: Site, body: dict[str, Any]) -> None:
    async with quick.client() as app:
        response = await app.post("/v1/profiles/ada/corrections", json=body)
    assert problem(response) == "invalid-request"
    assert quick.kafka.sent == []


async def test_a_bad_candidate_is_rejected_alone_and_the_others_are_sent(quick: Site) -> None:
    good = {"image_id": "good", "uri": "https://images.example/a.png"}
    bad = [
        {"image_id": "no-uri"},
        {"image_id": "control", "uri": "https://images.example/\x00"},
        {"image_id": "surrogate", "uri": "https://images.example/\ud83d"},
        {"image_id": "long", "uri": "data:image/png;base64," + "A" * 2_000_000},
        {"image_id": "prompt", "uri": "https://images.example/b.png", "prompt": "a" * 4_001},
        {"image_id": "object", "uri": {"my": "swordfish"}},
    ]
    async with quick.client() as app:
        response = await app.post(
            "/v1/candidates",
            content=json.dumps({**SLATE, "candidates": [bad[0], good, *bad[1:]]}),
            headers={"Content-Type": "application/json"},
        )
    (sent,) = quick.kafka.sent
    assert isinstance(sent, ImageCandidates)
    assert response.status_code == 200
    assert [candidate.image_id for candidate in sent.candidates] == ["good"]
    assert [item.image_id for item in sent.rejected] == [str(item["image_id"]) for item in bad]
    assert all(item.reason.startswith(("bad_uri: ", "bad_candidate: ")) for item in sent.rejected)
    assert "swordfish" not in sent.model_dump_json()


async def test_a_request_of_bad_candidates_alone_is_sent_with_their_reasons(quick: Site) -> None:
    async with quick.client() as app:
        response = await app.post(
            "/v1/candidates", json={**SLATE, "candidates": [{"image_id": "a"}]}
        )
        nothing = await app.post("/v1/candidates", json={**SLATE, "candidates": []})
    (sent,) = quick.kafka.sent
    assert isinstance(sent, ImageCandidates)
    assert (response.status_code, nothing.status_code) == (200, 422)
    assert (sent.candidates, len(sent.rejected)) == ((), 1)
