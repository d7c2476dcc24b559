"""The images of subjects that a user pinned or wrote are in the shortlist."""

from datetime import timedelta

import pytest

from services.assessor.steps.retrieval.search import stated_subject_names
from shared.domain.corrections import CorrectedWord, Correction
from shared.domain.subjects.element import SUBJECT
from shared.domain.taste import Taste
from shared.events import RankedFeed
from shared.store.protocol import StoredCorrections
from tests.fakes.model import COLORS
from tests.unit.services.assessor.assessor import Assessor
from tests.unit.services.assessor.retrieval.catalog import (
    feed_request,
    like,
    publish,
    publish_colors,
    with_catalog,
)
from tests.unit.services.assessor.users import NOW, profile

LONG_AGO = NOW - timedelta(days=60)
PINNED = Correction(element=SUBJECT, side="preference", pinned=("Birds",))


@pytest.fixture
async def assessor() -> Assessor:
    """A catalog of 200 images, of which ten blue ones show birds."""
    assessor = with_catalog()
    await publish_colors(assessor, [color for color in COLORS for _ in range(20)], at=LONG_AGO)
    for number in range(10):
        shows = ("bird", "animal")
        await publish(assessor, f"bird-{number}", "blue", at=LONG_AGO, shows=shows)
    return assessor


async def correct(assessor: Assessor, *corrections: Correction) -> None:
    await assessor.profiles.correct(stored(*corrections))


def stored(*corrections: Correction) -> StoredCorrections:
    return StoredCorrections(
        tenant="default", user_id="ana", version=1, entries=corrections,
        model_version="colors-1", updated_at=NOW,
    )  # fmt: skip


def birds(feed: RankedFeed) -> dict[str, str | None]:
    """The images of birds in a feed, with their sources."""
    return {i.image_id: i.source for i in feed.items if i.image_id.startswith("bird")}


async def test_a_user_who_only_pinned_a_subject_gets_its_images(assessor: Assessor) -> None:
    assert len(birds(await assessor.feed(feed_request(limit=20)))) < 10
    await correct(assessor, PINNED)
    feed = await assessor.feed(feed_request(limit=20, request_id="r-2"))
    assert len(birds(feed)) == 10
    assert {*birds(feed).values()} <= {"taste", "explored"}
    assert len(feed.items) == 20
    assert feed.policy is not None
    assert feed.policy.retrieval is not None
    assert feed.policy.retrieval.shares["taste"] == 0.75


async def test_a_subject_has_half_of_the_places_of_a_taste_in_words(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    assert len(birds(await assessor.feed(feed_request(limit=20)))) < 5
    await correct(assessor, PINNED)
    feed = await assessor.feed(feed_request(limit=20, request_id="r-2"))
    assert 7 <= len(birds(feed)) <= 10
    assert sum(item.image_id.startswith("red") for item in feed.items) >= 7


async def test_a_subject_has_places_next_to_likes(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana(taste=Taste(), references=await like(assessor, "red"))
    await correct(assessor, PINNED)
    feed = await assessor.feed(feed_request(limit=20))
    assert len(birds(feed)) >= 7
    assert sum(item.image_id.startswith("red") for item in feed.items) >= 7


@pytest.mark.parametrize(
    ("correction", "names"),
    [
        (PINNED, {"bird"}),
        (PINNED.model_copy(update={"pinned": ("Ships",)}), {"boat", "ship"}),
        (PINNED.model_copy(update={"vetoed": ("bird",)}), set()),
        (Correction(element=SUBJECT, side="non_preference", pinned=("bird",)), set()),
        (
            Correction(
                element=SUBJECT,
                side="preference",
                edited=(CorrectedWord(word="bird", weight=0), CorrectedWord(word="cat", weight=1)),
            ),
            {"cat", "kitten"},
        ),
    ],
)
def test_only_liked_subjects_are_searched(correction: Correction, names: set[str]) -> None:
    with_corrections = profile(Taste()).model_copy(update={"corrections": stored(correction)})
    assert {*stated_subject_names(with_corrections)} == names
