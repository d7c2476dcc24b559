"""Through Kafka, a pin lifts images that show the word in the next feed, and a veto lowers them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.client import Client
from shared.client.corrections import contains_correction
from shared.domain.taste import Element
from shared.events import ProfileCorrected, ProfileUpdated
from shared.images.loader import LoadedImage
from tests.e2e.pictures import act
from tests.e2e.system import System
from training.evaluation.steerability.edits import CatalogImage, Edit, showing_names
from training.evaluation.steerability.moves import move
from training.evaluation.steerability.simulated import draw_people

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]
TIMEOUT_SECONDS = 120.0
USER = "steerer"
SLATE = 24
EXPLORED = 2.0
"""Exploration may swap neighbors in both feeds: it moves a mean rank by at most one in each."""


def files(folder: Path, images: Sequence[LoadedImage]) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"{image.content_hash[:16]}.png" for image in images]
    for path, image in zip(paths, images, strict=True):
        image.pixels.save(path)
    return paths


def corrected(app: Client, event: ProfileCorrected) -> ProfileUpdated:
    profile = app.profile_when(
        USER,
        lambda known: contains_correction(known, event),
        after=lambda: app.send(event),
        seconds=TIMEOUT_SECONDS,
    )
    assert profile is not None
    return profile


def test_a_pin_lifts_and_a_veto_lowers_the_images_that_show_the_word(
    system: System, pictures: Path
) -> None:
    folder = pictures / "steering"
    person = next(draw_people(1, seed=11))
    slate = person.catalog[:SLATE]
    addresses = {
        path.stem: path.as_uri() for path in files(folder / "slate", [s.image for s in slate])
    }
    actions = [act(USER, "reference_like", p) for p in files(folder / "liked", person.liked)]
    actions += [
        act(USER, "reference_dislike", p) for p in files(folder / "disliked", person.disliked)
    ]
    with Client(system.kafka) as app:

        def feed() -> list[str]:
            ranked = app.rank(USER, addresses, explain="none", seconds=TIMEOUT_SECONDS)
            return [item.image_id for item in ranked.items]

        profile = app.profile_when(
            USER,
            lambda p: p.evidence.liked + p.evidence.disliked == len(actions),
            after=lambda: app.send(*actions),
            seconds=TIMEOUT_SECONDS,
        )
        assert profile is not None
        pin = new_word(profile, slate)
        before = feed()
        corrected(app, pin.event(USER))
        pinned = feed()
        raised = move(before, pinned, showing_names(slate, pin), raises=True)
        assert raised.ranks > EXPLORED

        veto = Edit("veto", "preference", pin.element, pin.word, pin.frequency)
        corrected(app, veto.event(USER))
        vetoed = feed()
        lowered = move(pinned, vetoed, showing_names(slate, veto), raises=False)
        assert lowered.ranks > EXPLORED


def new_word(profile: ProfileUpdated, slate: Sequence[CatalogImage]) -> Edit:
    """A color that two to six images show and that the profile does not have."""
    known = {
        word.word for side in (profile.preference, profile.non_preference) for word in side.color
    }
    words = sorted({word for image in slate for word in image.shows[Element.COLOR]} - known)
    edits = [Edit("pin", "preference", Element.COLOR, word, "rare") for word in words]
    return next(edit for edit in edits if 2 <= len(showing_names(slate, edit)) <= 6)
