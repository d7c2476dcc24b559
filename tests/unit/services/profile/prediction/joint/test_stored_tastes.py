"""The tastes of a user are stored as points, published with the profile, and erased with it."""

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from PIL.Image import Image

from shared.domain.taste import Element
from shared.events import Feedback, UserErase
from shared.events.wire.record import Record
from shared.images.loader import LoadedImage
from shared.messaging.contract import Delivery
from shared.vlm.protocol import Description
from tests.fakes.images import ColorImages, plain_image
from tests.fakes.model import ColorModel, color_of
from tests.unit.services.profile.service_on_fakes import (
    NOW,
    ProfileSetup,
    correction,
    feedback,
    words,
)


class DifferentImages(ColorImages):
    """Loads `drawing:<color>-<number>`: images of one color whose contents differ."""

    async def load(self, uri: str, *, requester: Hashable | None = None) -> LoadedImage:
        name = uri.removeprefix("drawing:")
        content_hash = hashlib.sha256(name.encode()).hexdigest()
        return replace(plain_image(uri, name.partition("-")[0]), content_hash=content_hash)


LOOK = (Element.ART_STYLE, Element.COLOR, Element.MEDIUM)


class LookModel(ColorModel):
    """Images of one color share their words in three elements."""

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        await self._answer("describe")
        return [Description(dict.fromkeys(LOOK, (color_of(image),))) for image in images]


def setup_of_service() -> ProfileSetup:
    return ProfileSetup(LookModel(), image_loader=DifferentImages())


def actions(color: str, count: int, action: str = "like", *, at: int = 0) -> list[Feedback]:
    return [feedback(f"{color}-{number}", action, at=at) for number in range(count)]


async def joint_ids(setup: ProfileSetup) -> set[str]:
    return {*await setup.store.joint_vectors(tenant="default", user_id="ana")}


async def test_two_tastes_are_published_and_stored_as_points() -> None:
    setup = setup_of_service()
    await setup.process(*actions("red", 8), *actions("green", 7), *actions("blue", 3, "dislike"))
    update = setup.updates()[-1]
    assert [words(taste.preference) for taste in update.tastes] == [["red"], ["green"]]
    assert {*update.tastes[1].reference_ids} == {f"id-green-{number}" for number in range(7)}
    assert {*words(update.preference)} == {"red", "green"}
    assert await joint_ids(setup) == {taste.taste_id for taste in update.tastes}


async def test_a_user_with_one_taste_publishes_no_tastes_and_stores_no_point() -> None:
    setup = setup_of_service()
    await setup.process(*actions("red", 9), *actions("blue", 3, "dislike"))
    assert "tastes" not in setup.updates()[-1].model_dump_json()
    assert setup.store.joint == {}


async def test_the_points_are_removed_when_one_taste_is_left() -> None:
    setup = setup_of_service()
    await setup.process(*actions("red", 8), *actions("green", 7))
    assert len(await joint_ids(setup)) == 2
    # The user changes their mind about all images of the second taste.
    await setup.process(*actions("green", 7, "reference_dislike", at=30))
    assert await joint_ids(setup) == set()
    assert setup.updates()[-1].tastes == ()


async def test_ids_stay_when_a_service_starts_again_with_the_stored_profile() -> None:
    setup = setup_of_service()
    await setup.process(*actions("red", 8), *actions("green", 7))
    before = [taste.taste_id for taste in setup.updates()[-1].tastes]
    await setup.process(feedback("green-8", at=1), feedback("green-9", at=1))
    assert {taste.taste_id for taste in setup.updates()[-1].tastes} == {*before}


async def test_a_veto_is_published_in_every_taste() -> None:
    setup = setup_of_service()
    await setup.process(*actions("red", 8), *actions("green", 7))
    await setup.corrections.apply(correction("veto", word="green"))
    assert [words(taste.preference) for taste in setup.updates()[-1].tastes] == [["red"], []]


async def test_an_erasure_removes_the_points() -> None:
    setup = setup_of_service()
    await setup.process(*actions("red", 8), *actions("green", 7))
    at = NOW + timedelta(hours=1)
    event = UserErase(event_id=UUID(int=9), occurred_at=at, user_id="ana")
    record = Record("t", 0, 0, round(at.timestamp() * 1000), None, b"")
    await setup.handlers.erase(event, Delivery(record))
    assert await joint_ids(setup) == set()
