"""A user with several tastes sees a card for each, with the references that made it."""

from typing import Any

import numpy as np
import pytest

from services.ops.pages.playground.feed_cards import cards
from services.ops.pages.users.taste_cards import SHOWN_REFERENCES, taste_cards
from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import Taste, TasteSide
from shared.events import RankedFeed
from shared.events.documents.examples_from_preferstream import FROM_PREFERSTREAM
from shared.store.protocol import StoredProfile, TasteVectors
from tests.unit.services.ops.site import NOW, Site, site

VECTORS = TasteVectors(np.zeros(5, np.float32), np.zeros(5, np.float32))


def taste(taste_id: str, color: str, medium: str, *, references: int = 4) -> JointTaste:
    side = TasteSide.model_validate(
        {"color": [{"word": color, "weight": 1}], "medium": [{"word": medium, "weight": 1}]}
    )
    return JointTaste(
        taste_id=taste_id, preference=side, non_preference=TasteSide(),
        reference_ids=tuple(f"{taste_id}-{n}.png" for n in range(references)),
        share=0.5, weight=0.5,
    )  # fmt: skip


TASTES = (taste("meadow", "blue", "watercolor"), taste("night", "neon", "pixel art"))


async def site_with(*tastes: JointTaste) -> Site:
    dashboard = site()
    profile = StoredProfile(
        tenant="default", user_id="ada", prediction_version=2,
        predicted=Taste(preference=TASTES[0].preference), model_version="nano-1", updated_at=NOW,
        predicted_tastes=tastes,
    )  # fmt: skip
    await dashboard.profiles.put(profile, VECTORS)
    return dashboard


@pytest.mark.parametrize("address", ["/user?user=ada", "/playground?user=ada"])
async def test_pages_show_a_card_for_each_taste(address: str) -> None:
    async with (await site_with(*TASTES)).client() as client:
        page = (await client.get(address)).text
    assert "2 tastes" in page
    assert "blue, watercolor" in page
    assert "neon, pixel art" in page
    assert "/thumbnail?image=night-3.png&amp;user=ada" in page


@pytest.mark.parametrize("address", ["/user?user=ada", "/playground?user=ada"])
async def test_a_user_with_one_taste_sees_no_card(address: str) -> None:
    async with (await site_with()).client() as client:
        page = (await client.get(address)).text
    assert "taste-card" not in page


async def test_an_export_and_the_interface_have_the_tastes() -> None:
    async with (await site_with(*TASTES)).client() as client:
        exported = (await client.get("/user/export?user=ada")).json()["profile"]
        answered: Any = (await client.get("/v1/profiles/ada")).json()
    assert [entry["taste_id"] for entry in exported["predicted_tastes"]] == ["meadow", "night"]
    assert [entry["taste_id"] for entry in answered["tastes"]] == ["meadow", "night"]


def test_a_card_counts_the_references_that_it_does_not_show() -> None:
    card = taste_cards([taste("meadow", "blue", "ink", references=SHOWN_REFERENCES + 5)])[0]
    assert (len(card.references), card.others) == (SHOWN_REFERENCES, 5)


def test_an_image_of_a_feed_names_its_taste() -> None:
    feed = next(event for event, *_ in FROM_PREFERSTREAM if isinstance(event, RankedFeed))
    item = feed.items[0].model_copy(update={"taste_id": "night"})
    by_taste = feed.model_copy(update={"items": (item,)})
    (card,) = cards(by_taste, taste_names={"night": "neon, pixel art"})
    assert "by your taste: neon, pixel art" in card.marks
    # The taste may have ended since the feed.
    assert not any("taste" in mark for mark in cards(by_taste)[0].marks)
