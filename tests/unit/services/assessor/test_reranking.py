"""What the stores know comes into the order, and a store that is away costs no feed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from services.assessor.config import AssessorSettings
from services.assessor.steps.reranking import Placing
from shared.domain.errors import Unavailable
from shared.events import ImageCandidates
from shared.store.protocol import Described, ImageDescription, KnownImage, SeenImages
from tests.unit.services.assessor.slates import assessed, names

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RANKED = [assessed("a", 25), assessed("b", 24), assessed("c", 23), assessed("d", 5)]


class FakeSeen:
    """One person's views, or an outage."""

    def __init__(self, seen: dict[str, datetime] | None) -> None:
        self._seen = seen

    async def get(self, *, tenant: str, user_id: str) -> SeenImages | None:
        if self._seen is None:
            raise Unavailable("qdrant", "away")
        return SeenImages(tenant=tenant, user_id=user_id, seen_at=self._seen)

    async def put(self, seen: SeenImages) -> None:
        self._seen = dict(seen.seen_at)

    async def remove(self, *, tenant: str, user_id: str) -> int:
        return 0


class FakeImages:
    """Descriptions as directions in a plane; None is an outage."""

    def __init__(self, degrees: dict[str, float] | None) -> None:
        self._degrees = degrees

    async def remember(self, images: Sequence[KnownImage]) -> None: ...

    async def find(self, *, tenant: str, image_ids: Sequence[str]) -> dict[str, KnownImage]:
        return {}

    async def describe(self, described: Sequence[Described]) -> None: ...

    async def descriptions(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Described]:
        if self._degrees is None:
            raise Unavailable("qdrant", "away")
        return {
            h: Described(
                ImageDescription(content_hash=h, model_version=model_version, words={}),
                np.array(
                    [np.cos(np.radians(self._degrees[h])), np.sin(np.radians(self._degrees[h]))],
                    np.float32,
                ),
            )
            for h in content_hashes
            if h in self._degrees
        }


def _request(request_id: str = "r", *, top_k: int | None = None) -> ImageCandidates:
    return ImageCandidates.model_validate(
        {
            "event_id": UUID(int=1),
            "occurred_at": NOW,
            "user_id": "u",
            "request_id": request_id,
            "top_k": top_k,
            "candidates": ({"image_id": "a", "uri": "https://example.com/a.png"},),
        }
    )


def _placing(
    settings: AssessorSettings,
    *,
    seen: dict[str, datetime] | None = None,
    degrees: dict[str, float] | None = None,
) -> Placing:
    return Placing(settings, seen=FakeSeen(seen), images=FakeImages(degrees), clock=lambda: NOW)


async def test_images_seen_within_the_days_stand_last_and_older_ones_do_not() -> None:
    placing = _placing(
        AssessorSettings(explore_share=0, seen_days=2),
        seen={"a": NOW - timedelta(days=1), "b": NOW - timedelta(days=3)},
    )
    placed = await placing.place(RANKED, _request(), model_version="m")
    assert names(placed) == "bcda"
    assert placed[-1].demoted == ("seen",)


async def test_like_images_are_kept_apart_by_their_descriptions() -> None:
    placing = _placing(
        AssessorSettings(explore_share=0, diversity=0.5),
        degrees={"a": 0, "b": 1, "c": 90, "d": 45},
    )
    placed = await placing.place(RANKED, _request(top_k=2), model_version="m")
    assert names(placed) == "ac"


@pytest.mark.parametrize(
    "settings",
    [
        AssessorSettings(explore_share=0, seen_days=2),
        AssessorSettings(explore_share=0, diversity=1),
    ],
)
async def test_a_store_that_is_away_leaves_the_order_as_it_is(settings: AssessorSettings) -> None:
    placed = await _placing(settings).place(RANKED, _request(), model_version="m")
    assert names(placed) == "abcd"


async def test_a_redelivered_request_is_placed_the_same_way_and_others_differ() -> None:
    placing = _placing(AssessorSettings(explore_share=1))
    once = await placing.place(RANKED, _request("r-1"), model_version="m")
    again = await placing.place(RANKED, _request("r-1"), model_version="m")
    others = [await placing.place(RANKED, _request(f"o-{n}"), model_version="m") for n in range(40)]
    assert once == again
    assert len({names(other) for other in others}) > 3


async def test_exploration_happens_within_what_is_shown() -> None:
    placing = _placing(AssessorSettings(explore_share=1))
    for number in range(40):
        placed = await placing.place(RANKED, _request(f"r-{number}", top_k=3), model_version="m")
        assert sorted(names(placed)) == ["a", "b", "c"]


def test_the_event_tells_the_rules() -> None:
    settings = AssessorSettings(explore_share=0.2, seen_days=3, author_cap=4, diversity=0.1)
    assert _placing(settings).policy.model_dump() == {
        "explore_share": 0.2,
        "seen_days": 3,
        "author_cap": 4,
        "diversity": 0.1,
    }
