"""Reranking uses impressions and descriptions, and works without an unavailable store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from services.assessor.config import AssessorSettings
from services.assessor.deadline import Deadline
from services.assessor.steps.reranking.rerank import Rerank, serving_policy
from services.assessor.steps.state import RankingState, ScoredImage
from shared.domain.errors import Unavailable
from shared.events import ImageCandidates
from shared.store.protocol import Described, ImageDescription, Impressions, KnownImage
from shared.vlm.model_selection import SelectedModel
from tests.fakes.model import ColorModel
from tests.unit.services.assessor.slates import names, scored_image

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SCORED = (
    scored_image("a", 25),
    scored_image("b", 24),
    scored_image("c", 23),
    scored_image("d", 5),
)


class FakeImpressions:
    """The impressions of one user; None is an outage."""

    def __init__(self, seen: dict[str, datetime] | None) -> None:
        self._seen = seen

    async def get(self, *, tenant: str, user_id: str) -> Impressions | None:
        if self._seen is None:
            raise Unavailable("qdrant", "away")
        return Impressions(tenant=tenant, user_id=user_id, seen_at=self._seen)

    async def put(self, seen: Impressions) -> None:
        self._seen = dict(seen.seen_at)

    async def remove(self, *, tenant: str, user_id: str) -> int:
        return 0


class FakeImageStore:
    """Descriptions as directions in a plane; None is an outage."""

    def __init__(self, degrees: dict[str, float] | None) -> None:
        self._degrees = degrees

    async def remember(self, images: Sequence[KnownImage]) -> None: ...

    async def find(self, *, tenant: str, image_ids: Sequence[str]) -> dict[str, KnownImage]:
        return {}

    async def sample(self, *, tenant: str, limit: int) -> list[KnownImage]:
        return []

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


def _rerank(
    settings: AssessorSettings,
    *,
    seen: dict[str, datetime] | None = None,
    degrees: dict[str, float] | None = None,
) -> Rerank:
    return Rerank(
        settings,
        impressions=FakeImpressions(seen),
        image_store=FakeImageStore(degrees),
        clock=lambda: NOW,
    )


async def _ranked(
    rerank: Rerank, request_id: str = "r", *, top_k: int | None = None
) -> tuple[ScoredImage, ...]:
    state = RankingState(
        _request(request_id, top_k=top_k),
        "hash",
        written_ms=0,
        deadline=Deadline(queued_ms=0, deadline_ms=1_000, now=lambda: 0.0),
        serving=SelectedModel(ColorModel(), "champion"),
    )
    return (await rerank(replace(state, scored=SCORED))).ranked


async def test_images_seen_within_the_days_rank_last_and_older_ones_do_not() -> None:
    rerank = _rerank(
        AssessorSettings(explore_share=0, seen_days=2),
        seen={"a": NOW - timedelta(days=1), "b": NOW - timedelta(days=3)},
    )
    ranked = await _ranked(rerank)
    assert names(ranked) == "bcda"
    assert ranked[-1].demoted == ("seen",)


async def test_images_with_similar_descriptions_are_diversified() -> None:
    rerank = _rerank(
        AssessorSettings(explore_share=0, diversity=0.5),
        degrees={"a": 0, "b": 1, "c": 90, "d": 45},
    )
    assert names(await _ranked(rerank, top_k=2)) == "ac"


@pytest.mark.parametrize(
    "settings",
    [
        AssessorSettings(explore_share=0, seen_days=2),
        AssessorSettings(explore_share=0, diversity=1),
    ],
)
async def test_an_unavailable_store_does_not_change_the_order(settings: AssessorSettings) -> None:
    assert names(await _ranked(_rerank(settings))) == "abcd"


async def test_a_redelivered_request_is_ranked_in_the_same_way_and_others_differ() -> None:
    rerank = _rerank(AssessorSettings(explore_share=1))
    once = await _ranked(rerank, "r-1")
    again = await _ranked(rerank, "r-1")
    others = [await _ranked(rerank, f"o-{n}") for n in range(40)]
    assert once == again
    assert len({names(other) for other in others}) > 3


async def test_exploration_swaps_only_images_of_the_feed() -> None:
    rerank = _rerank(AssessorSettings(explore_share=1))
    for number in range(40):
        ranked = await _ranked(rerank, f"r-{number}", top_k=3)
        assert sorted(names(ranked)) == ["a", "b", "c"]


def test_the_feed_names_the_serving_policy() -> None:
    settings = AssessorSettings(explore_share=0.2, seen_days=3, author_cap=4, diversity=0.1)
    assert serving_policy(settings).model_dump() == {
        "explore_share": 0.2,
        "seen_days": 3,
        "author_cap": 4,
        "diversity": 0.1,
    }
