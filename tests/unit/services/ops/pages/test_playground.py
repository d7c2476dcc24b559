"""The playground: actions and requests go through Kafka, and the page shows the results."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from services.ops.pages.playground.feed_cards import moved_by_words, rule_marks
from services.ops.pages.users.live_taste import tastes_of
from services.ops.pages.users.user_ref import UserRef
from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.subjects.words import ShownWord
from shared.domain.taste import ELEMENTS, Taste, TasteSide, WeightedWord
from shared.domain.weights.ranking_weights import RankingWeights
from shared.events import (
    AppliedRule,
    Assessment,
    ElementAssessment,
    Evidence,
    EvidenceReference,
    Feedback,
    ImageCandidates,
    ItemEvidence,
    ProfileUpdated,
    RankedFeed,
    RankedItem,
    RejectedItem,
)
from shared.store.protocol import Reference, StoredProfile, TasteVectors
from tests.unit.services.ops.site import NOW, Site, site

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII="
)
OWN = {"image_id": "mine", "uri": PIXEL}


@pytest.fixture
def sample_folder(tmp_path: Path) -> Path:
    for name, color in {"red-barn": (200, 20, 20), "sea": (20, 20, 200)}.items():
        Image.fromarray(np.full((40, 60, 3), color, np.uint8)).save(tmp_path / f"{name}.png")
    return tmp_path


def _item(image_id: str, rank: int) -> RankedItem:
    assessment = ElementAssessment(score=3.5, rationale="teal is <liked>")
    return RankedItem(
        image_id=image_id, rank=rank, score=17.5, tier="vlm",
        elements=Assessment(**{element.value: assessment for element in ELEMENTS}),
    )  # fmt: skip


def _feed_for(event: ImageCandidates) -> RankedFeed:
    *ranked, last = event.candidates
    return RankedFeed(
        event_id=uuid4(), occurred_at=NOW, user_id=event.user_id, request_id=event.request_id,
        status="ok", profile_version=3, model_version="nano-1", latency_ms={"total": 1234.0},
        items=tuple(_item(image.image_id, n) for n, image in enumerate(ranked, start=1)),
        rejected=(RejectedItem(image_id=last.image_id, reason="no picture"),),
    )  # fmt: skip


async def _post(dashboard: Site, path: str, body: dict[str, Any], token: str = "operator") -> Any:
    async with dashboard.client(token) as client:
        return await client.post(path, json=body)


async def test_sample_images_are_listed_and_served(sample_folder: Path) -> None:
    async with site(ops_samples=sample_folder).client() as client:
        page = await client.get("/playground", params={"user": "ada <b>"})
        tray = await client.get("/playground/samples", params={"user": "ada"})
        image = await client.get("/playground/sample/sample-red-barn")
        missing = await client.get("/playground/sample/sample-none")
    assert "ada &lt;b&gt;" in page.text
    assert 'alt="red barn"' in tray.text
    assert 'alt="sea"' in tray.text
    assert image.headers["content-type"] == "image/webp"
    assert missing.status_code == 404


async def test_own_references_are_shown_again_and_can_be_marked_again(sample_folder: Path) -> None:
    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    mine = Reference(
        image_id="mine", uri=PIXEL, content_hash="h", side="liked", action="reference_like",
        occurred_at=NOW, event_id="e",
    )  # fmt: skip
    profile = StoredProfile(
        tenant="default", user_id="ada", prediction_version=1, predicted=Taste(),
        references=(mine,), model_version="m", updated_at=NOW,
    )  # fmt: skip
    nothing = np.zeros(0, np.float32)
    await dashboard.profiles.put(profile, TasteVectors(nothing, nothing))
    async with dashboard.client("operator") as client:
        tray = (await client.get("/playground/samples", params={"user": "ada"})).text
    assert 'data-image-id="mine" data-mark="liked"' in tray
    assert 'src="/thumbnail?image=mine&amp;user=ada"' in tray
    body = {"user": "ada", "type": "reference_dislike", "picture": {"image_id": "mine"}}
    assert (await _post(dashboard, "/playground/act", body)).status_code == 204
    (sent,) = dashboard.kafka.sent
    assert isinstance(sent, Feedback)
    assert sent.uri == PIXEL
    other = {**body, "user": "eve"}
    assert (await _post(dashboard, "/playground/act", other)).status_code == 422


async def test_a_rank_request_goes_to_kafka_and_returns_its_feed(sample_folder: Path) -> None:
    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    dashboard.kafka.feed_for = _feed_for
    body = {
        "user": "ada",
        "pictures": [{"image_id": "sample-sea"}, OWN, {"image_id": "sample-red-barn"}],
        "before": {"mine": 1},
    }
    response = await _post(dashboard, "/playground/rank", body)
    (sent,) = dashboard.kafka.sent
    assert isinstance(sent, ImageCandidates)
    assert [c.image_id for c in sent.candidates] == ["sample-sea", "mine", "sample-red-barn"]
    assert sent.candidates[0].uri.startswith("data:image/webp;base64,")
    assert sent.candidates[1].uri == PIXEL
    assert "profile version 3" in response.text
    assert "17.5" in response.text
    assert "teal is &lt;liked&gt;" in response.text
    assert "down 1" in response.text
    assert "sample-red-barn</strong> was rejected: no picture" in response.text


async def test_a_feed_by_subject_shows_its_score_and_weight(sample_folder: Path) -> None:
    def by_subject(event: ImageCandidates) -> RankedFeed:
        feed = _feed_for(event)
        items = tuple(
            item.model_copy(
                update={
                    "subject": 4.2,
                    "score_total": 20.7,
                    "subject_words": (ShownWord(word="bird", probability=0.9),),
                }
            )
            for item in feed.items
        )
        weights = RankingWeights.of(EQUAL_WEIGHTS, subject=0.9)
        return feed.model_copy(
            update={"items": items, "subject_weight": 0.9, "ranking_weights": weights}
        )

    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    dashboard.kafka.feed_for = by_subject
    body = {"user": "ada", "pictures": [{"image_id": "sample-sea"}, OWN]}
    page = (await _post(dashboard, "/playground/rank", body)).text
    assert "goes by: subject 90%, art style 2%" in page
    assert "subject 4.2 of 5" in page
    assert "subject: bird" in page
    assert "20.7" in page


async def test_a_feed_shows_how_much_popularity_counts(sample_folder: Path) -> None:
    def popular(event: ImageCandidates) -> RankedFeed:
        feed = _feed_for(event)
        items = tuple(item.model_copy(update={"popularity": 4.24}) for item in feed.items)
        return feed.model_copy(update={"items": items, "popularity_weight": 0.475})

    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    dashboard.kafka.feed_for = popular
    body = {"user": "ada", "pictures": [{"image_id": "sample-sea"}, OWN]}
    page = (await _post(dashboard, "/playground/rank", body)).text
    assert "popularity with other users counts 48% of the rank" in page
    assert "popularity 4.2 of 5" in page


async def test_evidence_is_shown_with_thumbnails_of_its_references(sample_folder: Path) -> None:
    def with_evidence(event: ImageCandidates) -> RankedFeed:
        feed = _feed_for(event)
        evidence = ItemEvidence(
            text="<teal>, as in 2 of your 3 likes",
            supports=(
                EvidenceReference(image_id="sample-sea", side="liked", shared_words=("teal",)),
                EvidenceReference(image_id="my cat", side="liked", shared_words=("teal",)),
            ),
            against=(EvidenceReference(image_id="mine", side="disliked", effect=-0.2),),
        )
        items = tuple(item.model_copy(update={"evidence": evidence}) for item in feed.items)
        return feed.model_copy(update={"items": items})

    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    dashboard.kafka.feed_for = with_evidence
    body = {"user": "ada", "pictures": [{"image_id": "sample-sea"}, OWN]}
    page = (await _post(dashboard, "/playground/rank", body)).text
    assert "&lt;teal&gt;, as in 2 of your 3 likes" in page
    assert 'src="/playground/sample/sample-sea" alt="You like sea"' in page
    assert 'src="/thumbnail?image=my%20cat&amp;user=ada" alt="You like my cat"' in page
    assert 'alt="You dislike mine"' in page


async def test_an_action_goes_to_kafka_with_its_image(sample_folder: Path) -> None:
    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    action = {
        "type": "like",
        "picture": {"image_id": "sample-sea"},
        "request_id": "r",
        "position": 2,
    }
    response = await _post(dashboard, "/playground/act", {"user": "ada", **action}, "writer")
    (sent,) = dashboard.kafka.sent
    assert response.status_code == 204
    assert isinstance(sent, Feedback)
    assert (sent.type, sent.image_id, sent.position) == ("like", "sample-sea", 2)
    assert (sent.uri or "").startswith("data:image/webp")


@pytest.mark.parametrize(
    ("changed", "status", "slug"),
    [
        ({"type": "adore"}, 422, "invalid-request"),
        ({"picture": {"image_id": "unknown"}}, 422, "unknown-picture"),
        ({"type": "dwell"}, 422, "invalid-event"),
        ({"user": "a\nb"}, 422, "invalid-request"),
    ],
)
async def test_an_invalid_action_is_rejected_with_a_reason(
    sample_folder: Path, changed: dict[str, Any], status: int, slug: str
) -> None:
    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    valid = {"user": "ada", "type": "like", "picture": {"image_id": "sample-sea"}}
    response = await _post(dashboard, "/playground/act", {**valid, **changed})
    assert response.status_code == status
    assert response.json()["type"].endswith(slug)
    assert not dashboard.kafka.sent


async def test_a_reader_cannot_send_anything(sample_folder: Path) -> None:
    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    body = {"user": "ada", "pictures": [OWN]}
    assert (await _post(dashboard, "/playground/rank", body, "reader")).status_code == 403
    assert not dashboard.kafka.sent


async def test_images_that_do_not_fit_into_one_event_are_rejected(sample_folder: Path) -> None:
    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    large = [{"image_id": str(n), "uri": "data:," + "x" * 1_900_000} for n in range(3)]
    response = await _post(dashboard, "/playground/rank", {"user": "ada", "pictures": large})
    assert response.status_code == 413
    assert "fewer" in response.json()["detail"]


async def test_a_request_without_a_feed_in_time_is_a_timeout(sample_folder: Path) -> None:
    dashboard = site(with_tokens=True, ops_samples=sample_folder)
    response = await _post(dashboard, "/playground/rank", {"user": "ada", "pictures": [OWN]})
    assert response.status_code == 504


async def test_a_changed_taste_is_streamed_with_its_new_words() -> None:
    dashboard = site()
    parts = tastes_of(dashboard.ops, UserRef("ada", "default"), "users/_taste.html")
    first = await anext(parts)
    assert first[0] == "profile"
    assert "There is no profile yet" in first[1]
    for version, words in enumerate((("teal",), ("teal", "pink")), start=1):
        dashboard.kafka.deliver(_updated(version, words))
        dashboard.kafka.deliver(_updated(version, ("grey",), user="bob"))
        name, html = await anext(parts)
    assert name == "changed"
    assert 'like">teal' in html
    assert 'like new">pink' in html
    assert "grey" not in html
    await parts.aclose()


def _updated(version: int, words: tuple[str, ...], user: str = "ada") -> ProfileUpdated:
    chosen = tuple(WeightedWord(word=word, weight=0.5, count=1) for word in words)
    return ProfileUpdated(
        event_id=uuid4(), occurred_at=NOW, user_id=user, profile_version=version,
        preference=TasteSide(color=chosen), non_preference=TasteSide(),
        evidence=Evidence(liked=1, disliked=0), model_version="nano-1",
    )  # fmt: skip


def test_a_card_names_the_rules_of_the_shop_and_the_rank_without_them() -> None:
    item = RankedItem(
        image_id="a",
        rank=1,
        score=None,
        elements=None,
        tier="vlm",
        rules=(
            AppliedRule(kind="pin", name="campaign"),
            AppliedRule(kind="boost", name="sale", points=0.5),
            AppliedRule(kind="cap", name="two ads"),
        ),
        rank_without_rules=7,
    )
    assert rule_marks(item) == (
        "pinned here by the shop's rule “campaign”",
        "+0.5 points by the shop's rule “sale”",
        "behind other images by the shop's rule “two ads”",
        "rank 7 without the shop's rules",
    )


@pytest.mark.parametrize(
    ("places", "mark"),
    [(2, ("2 places up by words of yours",)), (-1, ("1 place down by words of yours",)), (0, ())],
)
def test_a_card_names_the_places_that_the_users_own_words_moved_it(
    places: int, mark: tuple[str, ...]
) -> None:
    item = RankedItem(
        image_id="a", rank=1, score=None, elements=None, tier="vlm", moved_by_words=places
    )
    assert moved_by_words(item) == mark
