"""A feed names what its images show; a pinned or vetoed subject moves the images with the word."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.domain.corrections import CorrectedWord, Correction
from shared.domain.joint_tastes import JointTaste
from shared.domain.subjects.element import SUBJECT
from shared.domain.taste import Taste, TasteSide
from shared.domain.weights.subject_weight import SubjectWeight
from shared.embedding.images.encoded_images import EncodedImages
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, Side, StoredCorrections
from tests.fakes.image_encoder import NamingEncoder
from tests.fakes.images import plain_image
from tests.fakes.stores import InMemoryImageVectors
from tests.unit.services.assessor.assessor import Assessor, image_ids, tiers
from tests.unit.services.assessor.cold_start.feedback import act
from tests.unit.services.assessor.users import NOW, color_taste, request, store_profile

SHOWN = dict.fromkeys(("orange", "pink", "yellow", "red"), "bird") | dict.fromkeys(
    ("green", "navy", "black", "blue"), "flower"
)
SIDES: dict[Side, tuple[str, ...]] = {
    "liked": ("orange", "pink", "yellow"),
    "disliked": ("green", "navy", "black"),
}
ACTIONS: dict[Side, Action] = {"liked": "like", "disliked": "dislike"}


class Setup:
    """An assessor with an encoder that names birds and flowers. Ana likes birds."""

    def __init__(self) -> None:
        self.store = InMemoryImageVectors()
        self.encoder = NamingEncoder(SHOWN)
        self.encoded_images = EncodedImages(self.encoder, self.store)
        self.assessor = Assessor(encoded_images=self.encoded_images)

    async def correct(self, *corrections: Correction) -> None:
        await self.assessor.profiles.correct(
            StoredCorrections(
                tenant="default", user_id="ana", version=1, entries=corrections,
                model_version="colors-1", updated_at=NOW,
            )
        )  # fmt: skip

    async def store_profile(self, weight: float | None, **fields: Any) -> None:
        """A user with liked birds and disliked flowers, whose taste likes red, not blue."""
        images = [
            (side, plain_image(color, color)) for side, colors in SIDES.items() for color in colors
        ]
        await self.encoded_images.vectors({i.content_hash: i.pixels for _, i in images})
        await self.assessor.store_profile_of_ana(
            subject_weight=None
            if weight is None
            else SubjectWeight(weight=weight, subject_separation=4, look_separation=1),
            references=tuple(
                Reference(
                    image_id=image.uri, uri=f"drawing:{image.uri}", side=side,
                    content_hash=image.content_hash, action=ACTIONS[side], occurred_at=NOW,
                    event_id=image.uri,
                )
                for side, image in images
            ),
            **fields,
        )  # fmt: skip


def liked(**fields: Any) -> Correction:
    return Correction(side="preference", element=SUBJECT, **fields)


def disliked(**fields: Any) -> Correction:
    return Correction(side="non_preference", element=SUBJECT, **fields)


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    setup = Setup()
    yield setup
    await setup.assessor.background_description.stop()


async def test_each_image_is_named(setup: Setup) -> None:
    await setup.store_profile(0.9)
    feed = await setup.assessor.feed(request("red", "blue"))
    words = {item.image_id: [w.word for w in item.subject_words] for item in feed.items}
    assert words == {"red": ["bird"], "blue": ["flower"]}


async def test_a_pin_moves_images_with_the_word_against_the_vectors(setup: Setup) -> None:
    await setup.store_profile(0.9)
    before = await setup.assessor.feed(request("red", "blue"))
    assert image_ids(before) == ["red", "blue"]
    await setup.correct(liked(pinned=("flowers",)), disliked(pinned=("bird",)))
    after = await setup.assessor.feed(request("red", "blue", request_id="r-2"))
    assert image_ids(after) == ["blue", "red"]
    assert [item.subject for item in after.items] == [5.0, 0.0]
    assert after.subject_weight == 0.9


async def test_a_pin_counts_for_a_user_who_goes_by_the_look(setup: Setup) -> None:
    await setup.store_profile(0.02)
    await setup.correct(liked(pinned=("flower",)))
    feed = await setup.assessor.feed(request("yellow", "black", "orange"))
    assert image_ids(feed)[0] == "black"
    assert feed.subject_weight == 0.5


async def test_a_vetoed_subject_is_no_reason_to_like_or_dislike(setup: Setup) -> None:
    await setup.store_profile(0.9)
    await setup.correct(liked(vetoed=("bird",)))
    feed = await setup.assessor.feed(request("orange", "green"))
    subjects = {item.image_id: item.subject for item in feed.items}
    assert subjects["orange"] == 2.5
    assert subjects["green"] is not None
    assert subjects["green"] < 2.5


async def test_a_pin_counts_for_a_user_with_several_tastes_and_the_words_stay(
    setup: Setup,
) -> None:
    tastes = tuple(
        JointTaste(
            taste_id=color, preference=color_taste(liked=(color,)).preference,
            non_preference=TasteSide(), reference_ids=(image,), share=0.5, weight=0.5,
        )
        for color, image in (("red", "orange"), ("green", "pink"))
    )  # fmt: skip
    await setup.store_profile(0.9, predicted_tastes=tastes)
    await setup.correct(liked(pinned=("flower",)), disliked(pinned=("bird",)))
    feed = await setup.assessor.feed(request("red", "green"))
    assert [(i.image_id, i.subject, i.taste_id) for i in feed.items] == [
        ("green", 5.0, "green"), ("red", 0.0, "red"),
    ]  # fmt: skip
    assert [[w.word for w in item.subject_words] for item in feed.items] == [["flower"], ["bird"]]


@pytest.mark.parametrize("has_taste", [True, False])
async def test_a_pin_counts_without_any_reference(setup: Setup, has_taste: bool) -> None:
    if has_taste:
        await setup.assessor.store_profile_of_ana()
    else:
        await store_profile(setup.assessor.profiles, Taste(), setup.assessor.embedder)
    await setup.correct(liked(pinned=("flower",)))
    feed = await setup.assessor.feed(request("yellow", "black"))
    assert image_ids(feed) == ["black", "yellow"]
    assert feed.subject_weight == (0.5 if has_taste else 1.0)
    assert feed.status == ("ok" if has_taste else "cold_start")


async def test_a_cold_start_by_a_stated_subject_claims_no_popularity(setup: Setup) -> None:
    await store_profile(setup.assessor.profiles, Taste(), setup.assessor.embedder)
    setup.assessor.popularity.add(act("bo", "like", "yellow"))
    popular = await setup.assessor.feed(request("yellow", "black"))
    assert (popular.popularity_weight, image_ids(popular)[0]) == (1.0, "yellow")
    await setup.correct(liked(pinned=("flower",)))
    feed = await setup.assessor.feed(request("yellow", "black", request_id="r-2"))
    assert (feed.status, image_ids(feed)) == ("cold_start", ["black", "yellow"])
    assert feed.popularity_weight is None
    assert all(item.popularity is None for item in feed.items)
    assert set(tiers(feed).values()) == {"embedding"}


async def test_without_the_model_a_stated_subject_is_the_reason_of_the_order(
    setup: Setup,
) -> None:
    await setup.assessor.store_profile_of_ana()
    await setup.correct(liked(edited=(CorrectedWord(word="flower", weight=1 / 3),)))
    setup.assessor.model.unavailable["score"] = "out of memory"
    feed = await setup.assessor.feed(request("yellow", "black"))
    assert (feed.status, image_ids(feed)) == ("degraded", ["black", "yellow"])
    assert [(i.subject, i.score_total) for i in feed.items] == [(3.3333, 16.6665), (2.5, 12.5)]
    assert set(tiers(feed).values()) == {"embedding"}
    assert feed.degraded_reason == (
        "the model is unavailable: out of memory; 0 images were ranked by their stored"
        " descriptions, 2 by their subjects"
    )


async def test_a_word_that_no_image_shows_is_kept_and_changes_no_order(setup: Setup) -> None:
    await setup.store_profile(0.9)
    before = await setup.assessor.feed(request("blue", "red", "yellow"))
    await setup.correct(liked(pinned=("lighthouse",)))
    after = await setup.assessor.feed(request("blue", "red", "yellow", request_id="r-2"))
    assert after.items == before.items
    assert after.subject_weight == before.subject_weight


async def test_an_outage_of_the_store_leaves_a_feed_without_words(setup: Setup) -> None:
    await setup.store_profile(0.9)
    await setup.correct(liked(pinned=("flower",)))
    setup.store.unavailable = "it restarts"
    feed = await setup.assessor.feed(request("red", "blue"))
    assert (feed.status, image_ids(feed)) == ("ok", ["red", "blue"])
    assert all("subject" not in item.model_dump_json() for item in feed.items)
