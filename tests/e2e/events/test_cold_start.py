"""A new user sees what others of the tenant like, and one like moves the next feed."""

import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from skimage import data

from services.assessor.config import AssessorSettings
from shared.client import Client
from shared.domain.weights.weight_estimation import PRIOR_SUBJECT
from shared.events import RankedFeed
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(300)]
TIMEOUT_SECONDS = 120.0
PHOTOGRAPHS = ("chelsea", "coffee", "rocket")
CROPS = 3
ATTEMPTS = 10
POPULARITY_SHARE = AssessorSettings().popularity_share


@pytest.fixture(scope="module")
def crops(pictures: Path) -> dict[str, str]:
    """Addresses of overlapping crops of three photographs, by image id."""
    folder = pictures / "cold_start"
    folder.mkdir()
    addresses = {}
    for name in PHOTOGRAPHS:
        photograph = Image.fromarray(getattr(data, name)())
        width, height = photograph.size
        for number in range(CROPS):
            left = number * width // 12
            file = folder / f"{name}-{number}.png"
            photograph.crop((left, 0, left + width * 3 // 4, height)).save(file)
            addresses[file.stem] = file.as_uri()
    return addresses


def ranks(feed: RankedFeed) -> dict[str, int]:
    return {item.image_id: item.rank for item in feed.items}


def without_swaps(rank: Callable[[], RankedFeed]) -> RankedFeed:
    """The first feed that exploration left as it was; in one of ten it swaps neighbors."""
    for _ in range(ATTEMPTS):
        feed = rank()
        if not any(item.explored for item in feed.items):
            return feed
    raise AssertionError(f"{ATTEMPTS} feeds in a row were explored; a tenth of them should be")


def test_a_new_user_sees_what_is_popular_and_one_like_moves_the_feed(
    system: System, crops: dict[str, str]
) -> None:
    tenant = f"tenant-{uuid4().hex[:8]}"
    slate = {name: uri for name, uri in crops.items() if name != "chelsea-0"}
    with Client(system.kafka, tenant=tenant) as app:
        end = time.monotonic() + TIMEOUT_SECONDS
        shown_first: list[str] = []
        # On a busy machine the vectors come too late for the first feed.
        while set(shown_first) != set(PHOTOGRAPHS) and time.monotonic() < end:
            first = app.rank("ana", slate, explain="none", seconds=TIMEOUT_SECONDS)
            assert first.status == "cold_start"
            assert {item.tier for item in first.items} == {"fallback"}
            shown_first = [item.image_id.split("-")[0] for item in first.items][:3]
        assert set(shown_first) == set(PHOTOGRAPHS), "three different photographs come first"

        for number in range(3):
            app.act(f"other-{number}", "like", "rocket-2", uri=crops["rocket-2"])
        end = time.monotonic() + TIMEOUT_SECONDS
        popular = first
        while ranks(popular)["rocket-2"] > 1 and time.monotonic() < end:
            popular = app.rank("ana", slate, explain="none", seconds=TIMEOUT_SECONDS)
        assert ranks(popular)["rocket-2"] == 1
        assert {item.tier for item in popular.items} == {"popularity"}
        assert popular.popularity_weight == 1
        elsewhere = app.rank(
            "ana", slate, explain="none", tenant=f"{tenant}-2", seconds=TIMEOUT_SECONDS
        )
        assert {item.tier for item in elsewhere.items} == {"fallback"}

        profile = app.profile_when(
            "ana",
            lambda profile: profile.evidence.liked == 1,
            after=lambda: app.act("ana", "like", "chelsea-0", uri=crops["chelsea-0"]),
            seconds=TIMEOUT_SECONDS,
        )
        after = without_swaps(
            lambda: app.rank("ana", slate, explain="none", seconds=TIMEOUT_SECONDS)
        )
    # The images like the one that ana likes rise to the top; popularity is a prior of the others.
    assert {item.image_id for item in after.items if item.rank <= 2} == {"chelsea-1", "chelsea-2"}
    popularity = {item.image_id: item.popularity for item in after.items}
    assert max(popularity, key=lambda image_id: popularity[image_id] or 0) == "rocket-2"
    assert after.popularity_weight == pytest.approx(POPULARITY_SHARE * 19 / 20)
    # One like says nothing about what the user goes by: the shares are those of all users.
    assert profile is not None
    assert profile.ranking_weights is not None
    assert profile.ranking_weights.subject == pytest.approx(PRIOR_SUBJECT, abs=1e-3)
    assert after.ranking_weights == profile.ranking_weights
