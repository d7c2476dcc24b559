"""The playground: what a person does there goes through Kafka, and what comes back is shown."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from services.ops.pages.overview.live import tastes_of

from services.ops.pages.users.user_ref import UserRef
from shared.domain.taste import ELEMENTS, TasteSide, WeightedWord
from shared.events import (
    Assessment,
    ElementAssessment,
    Evidence,
    Feedback,
    ImageCandidates,
    ProfileUpdated,
    RankedFeed,
    RankedItem,
    RejectedItem,
)
from tests.unit.services.ops.site import NOW, Site, site

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII="
)
OWN = {"image_id": "mine", "uri": PIXEL}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for name, color in {"red-barn": (200, 20, 20), "sea": (20, 20, 200)}.items():
        Image.fromarray(np.full((40, 60, 3), color, np.uint8)).save(tmp_path / f"{name}.png")
    return tmp_path


def _item(image_id: str, rank: int) -> RankedItem:
    said = ElementAssessment(score=3.5, rationale="teal is <liked>")
    return RankedItem(
        image_id=image_id, rank=rank, score=17.5, tier="vlm",
        elements=Assessment(**{element.value: said for element in ELEMENTS}),
    )  # fmt: skip


def _answer(event: ImageCandidates) -> RankedFeed:
    *ranked, last = event.candidates
    return RankedFeed(
        event_id=uuid4(), occurred_at=NOW, user_id=event.user_id, request_id=event.request_id,
        status="ok", profile_version=3, model_version="nano-1", latency_ms={"total": 1234.0},
        items=tuple(_item(one.image_id, n) for n, one in enumerate(ranked, start=1)),
        rejected=(RejectedItem(image_id=last.image_id, reason="no picture"),),
    )  # fmt: skip


async def _post(where: Site, path: str, body: dict[str, Any], token: str = "operator") -> Any:
    async with where.client(token) as client:
        return await client.post(path, json=body)


async def test_pictures_are_offered_and_shown(pictures: Path) -> None:
    async with site(ops_samples=pictures).client() as client:
        page = await client.get("/playground", params={"user": "ada <b>"})
        tray = await client.get("/playground/samples", params={"user": "ada"})
        image = await client.get("/playground/sample/sample-red-barn")
        missing = await client.get("/playground/sample/sample-none")
    assert "ada &lt;b&gt;" in page.text
    assert 'alt="red barn"' in tray.text
    assert 'alt="sea"' in tray.text
    assert image.headers["content-type"] == "image/webp"
    assert missing.status_code == 404


async def test_a_slate_goes_to_kafka_and_its_feed_comes_back(pictures: Path) -> None:
    where = site(with_tokens=True, ops_samples=pictures)
    where.kafka.feed_for = _answer
    body = {
        "user": "ada",
        "pictures": [{"image_id": "sample-sea"}, OWN, {"image_id": "sample-red-barn"}],
        "before": {"mine": 1},
    }
    answer = await _post(where, "/playground/rank", body)
    (sent,) = where.kafka.sent
    assert isinstance(sent, ImageCandidates)
    assert [c.image_id for c in sent.candidates] == ["sample-sea", "mine", "sample-red-barn"]
    assert sent.candidates[0].uri.startswith("data:image/webp;base64,")
    assert sent.candidates[1].uri == PIXEL
    assert "profile version 3" in answer.text
    assert "17.5" in answer.text
    assert "teal is &lt;liked&gt;" in answer.text
    assert "down 1" in answer.text
    assert "sample-red-barn</strong> was left out: no picture" in answer.text


async def test_an_action_goes_to_kafka_with_the_picture_it_is_about(pictures: Path) -> None:
    where = site(with_tokens=True, ops_samples=pictures)
    acted = {
        "type": "like",
        "picture": {"image_id": "sample-sea"},
        "request_id": "r",
        "position": 2,
    }
    answer = await _post(where, "/playground/act", {"user": "ada", **acted}, "writer")
    (sent,) = where.kafka.sent
    assert answer.status_code == 204
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
async def test_a_wrong_action_is_refused_with_a_reason(
    pictures: Path, changed: dict[str, Any], status: int, slug: str
) -> None:
    where = site(with_tokens=True, ops_samples=pictures)
    right = {"user": "ada", "type": "like", "picture": {"image_id": "sample-sea"}}
    answer = await _post(where, "/playground/act", {**right, **changed})
    assert answer.status_code == status
    assert answer.json()["type"].endswith(slug)
    assert not where.kafka.sent


async def test_who_may_only_read_sends_nothing(pictures: Path) -> None:
    where = site(with_tokens=True, ops_samples=pictures)
    body = {"user": "ada", "pictures": [OWN]}
    assert (await _post(where, "/playground/rank", body, "reader")).status_code == 403
    assert not where.kafka.sent


async def test_pictures_that_do_not_fit_into_one_event_are_refused(pictures: Path) -> None:
    where = site(with_tokens=True, ops_samples=pictures)
    large = [{"image_id": str(n), "uri": "data:," + "x" * 1_900_000} for n in range(3)]
    answer = await _post(where, "/playground/rank", {"user": "ada", "pictures": large})
    assert answer.status_code == 413
    assert "fewer" in answer.json()["detail"]


async def test_without_an_answer_the_page_says_so(pictures: Path) -> None:
    where = site(with_tokens=True, ops_samples=pictures)
    answer = await _post(where, "/playground/rank", {"user": "ada", "pictures": [OWN]})
    assert answer.status_code == 504


async def test_a_taste_that_changes_is_told_with_what_is_new() -> None:
    where = site()
    told = tastes_of(where.ops, UserRef("ada", "default"), "_taste.html")
    first = await anext(told)
    assert first[0] == "profile"
    assert "Nothing is known" in first[1]
    for version, words in enumerate((("teal",), ("teal", "pink")), start=1):
        where.kafka.tell(_updated(version, words))
        where.kafka.tell(_updated(version, ("grey",), user="bob"))
        name, html = await anext(told)
    assert name == "changed"
    assert 'like">teal' in html
    assert 'like new">pink' in html
    assert "grey" not in html
    await told.aclose()


def _updated(version: int, words: tuple[str, ...], user: str = "ada") -> ProfileUpdated:
    chosen = tuple(WeightedWord(word=word, weight=0.5, count=1) for word in words)
    return ProfileUpdated(
        event_id=uuid4(), occurred_at=NOW, user_id=user, profile_version=version,
        preference=TasteSide(color=chosen), non_preference=TasteSide(),
        evidence=Evidence(liked=1, disliked=0), model_version="nano-1",
    )  # fmt: skip
