"""An image that was scored before is not scored again, and the feed is the same."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.domain.joint_tastes import JointTaste
from shared.domain.user import User
from shared.events import RankedFeed, UserErase
from shared.vlm.model_selection import PromotedModel
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.users import (
    NOW,
    WRITTEN_MS,
    color_taste,
    pinned,
    request,
)

ANA = User("default", "ana")
COLORS = ("white", "red", "blue")


@pytest.fixture
async def assessor() -> Assessor:
    assessor = Assessor(explain_top_k=2)
    await assessor.store_profile_of_ana()
    return assessor


async def feed(assessor: Assessor, *colors: str, number: int, **fields: Any) -> RankedFeed:
    return await assessor.feed(request(*colors, request_id=f"r-{number}", **fields))


def computed(assessor: Assessor) -> float | None:
    return assessor.registry.get_sample_value("preferstream_scores_total", {"origin": "model"})


async def test_the_same_slate_again_gets_the_same_feed_without_the_model(
    assessor: Assessor,
) -> None:
    first = await feed(assessor, *COLORS, number=1, explain="top")
    second = await feed(assessor, *COLORS, number=2, explain="top")
    assert second.items == first.items
    assert assessor.model.calls["score"] == 1
    assert assessor.registry.get_sample_value("preferstream_scores_total", {"origin": "cache"}) == 3


async def test_with_and_without_kept_scores_feeds_are_equal(assessor: Assessor) -> None:
    without = Assessor(explain_top_k=2, score_cache_entries=0)
    await without.store_profile_of_ana()
    for number, colors in enumerate([COLORS, ("pink", *COLORS), ("blue", "pink")]):
        kept = await feed(assessor, *colors, number=number)
        assert kept.items == (await feed(without, *colors, number=number)).items
    assert (computed(assessor), computed(without)) == (4, 9)


async def test_only_the_new_images_of_a_slate_are_scored(assessor: Assessor) -> None:
    await feed(assessor, *COLORS, number=1)
    both = await feed(assessor, "pink", *COLORS, number=2)
    assert computed(assessor) == 4
    assert image_ids(both) == ["red", "pink", "white", "blue"]


async def test_another_taste_is_scored_again(assessor: Assessor) -> None:
    await feed(assessor, *COLORS, number=1)
    await assessor.store_profile_of_ana(taste=color_taste(liked=["blue"], disliked=["red"]))
    assert image_ids(await feed(assessor, *COLORS, number=2)) == ["blue", "white", "red"]
    await assessor.profiles.correct(pinned("white"))
    await feed(assessor, *COLORS, number=3)
    assert computed(assessor) == 9


async def test_the_challenger_scores_by_itself(assessor: Assessor) -> None:
    await feed(assessor, *COLORS, number=1)
    challenger = PromotedModel("colors-2", "/models/colors-2", "0" * 64)
    await assessor.models.set_challenger(challenger, canary_share=1, shadow_share=0)
    await feed(assessor, *COLORS, number=2)
    assert (assessor.model.calls["score"], assessor.challenger.calls["score"]) == (1, 1)


async def test_each_joint_taste_has_its_own_scores(assessor: Assessor) -> None:
    tastes = tuple(
        JointTaste(
            taste_id=f"t-{color}",
            preference=color_taste(liked=[color]).preference,
            non_preference=color_taste().non_preference,
            reference_ids=(),
            share=0.5,
            weight=0.5,
        )
        for color in ("red", "white")
    )
    await assessor.store_profile_of_ana(predicted_tastes=tastes)
    first = await feed(assessor, *COLORS, number=1)
    second = await feed(assessor, *COLORS, number=2)
    assert second.items == first.items
    assert computed(assessor) == 6


async def test_a_known_slate_needs_no_model(assessor: Assessor) -> None:
    first = await feed(assessor, *COLORS, number=1)
    assessor.model.unavailable["score"] = "out of memory"
    known = await feed(assessor, *COLORS, number=2)
    assert (known.status, known.items) == ("ok", first.items)
    assert (await feed(assessor, "pink", *COLORS, number=3)).status == "degraded"


async def test_an_erased_user_leaves_no_scores(assessor: Assessor) -> None:
    await feed(assessor, *COLORS, number=1)
    assert assessor.score_cache.count(ANA) == 3
    later = NOW + timedelta(seconds=5)
    event = UserErase(event_id=UUID(int=9), occurred_at=later, user_id="ana")
    await assessor.eraser.erase(event, written_ms=WRITTEN_MS + 5_000)
    receipt = assessor.publisher.events[-1]
    assert receipt.model_dump()["removed"]["kept_scores"] == 3
    assert len(assessor.score_cache) == 0
    await assessor.rank(request(*COLORS, request_id="r-2"))
    assert len(assessor.score_cache) == 0


async def test_a_user_who_is_erased_during_the_request_leaves_no_scores(
    assessor: Assessor,
) -> None:
    score = assessor.model.score

    async def erase_while_scoring(candidates: Any) -> Any:
        later = NOW + timedelta(seconds=5)
        event = UserErase(event_id=UUID(int=9), occurred_at=later, user_id="ana")
        await assessor.eraser.erase(event, written_ms=WRITTEN_MS + 5_000)
        return await score(candidates)

    assessor.model.score = erase_while_scoring  # type: ignore[method-assign]
    await assessor.rank(request(*COLORS))
    assert len(assessor.score_cache) == 0
