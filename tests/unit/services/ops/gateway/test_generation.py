"""The gateway writes a prompt in a user's taste, and draws and assesses the image."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from shared.domain.taste import Taste, TasteSide, WeightedWord
from shared.events import ImageCandidates, RankedFeed
from shared.events.types.feed import RankedItem
from shared.prompting.text_to_image.settings import GenerationSettings
from shared.store.protocol import StoredProfile, TasteVectors
from tests.fakes.image_generator import ImageGenerator
from tests.unit.services.ops.gateway.test_gateway import problem
from tests.unit.services.ops.sample_events import feed_of
from tests.unit.services.ops.site import NOW, Site, site

PATH = "/v1/users/ada/prompt"


@pytest.fixture
async def generator() -> AsyncIterator[ImageGenerator]:
    async with ImageGenerator().running() as started:
        yield started


async def site_of(generator: ImageGenerator | None) -> Site:
    settings = GenerationSettings(image_generator=generator.address if generator else None)
    fake_site = site(generation=settings)
    blue = TasteSide(color=(WeightedWord(word="blue", weight=1),))
    red = TasteSide(color=(WeightedWord(word="red", weight=1),))
    stored = StoredProfile(
        tenant="default", user_id="ada", prediction_version=1,
        predicted=Taste(preference=blue, non_preference=red),
        references=(), model_version="m", updated_at=NOW,
    )  # fmt: skip
    nothing = np.zeros(0, np.float32)
    await fake_site.profiles.put(stored, TasteVectors(nothing, nothing))
    fake_site.kafka.feed_for = feed_with_its_images
    return fake_site


def feed_with_its_images(event: ImageCandidates) -> RankedFeed:
    items = tuple(
        RankedItem(
            image_id=candidate.image_id, rank=number, uri=candidate.uri, score=None, elements=None,
            tier="fallback",
        )
        for number, candidate in enumerate(event.candidates, 1)
    )  # fmt: skip
    return feed_of(event).model_copy(update={"items": items})


async def test_a_prompt_needs_no_server() -> None:
    fake_site = await site_of(None)
    async with fake_site.client() as app:
        response = await app.post(PATH, json={"text": "a harbor"})
        drawn = await app.post(PATH, json={"text": "a harbor", "generate": True})
        nobody = await app.post("/v1/users/bob/prompt", json={"text": "a harbor"})
        empty = await app.post(PATH, json={"text": "  "})
    assert response.json() == {
        "prompt": "a harbor, blue color palette",
        "negative_prompt": "red color palette",
        "image": None,
    }
    assert (drawn.status_code, problem(drawn)) == (409, "no-image-generator")
    assert (nobody.status_code, problem(nobody)) == (404, "no-profile")
    assert empty.status_code == 422


async def test_a_drawn_image_is_assessed_against_the_same_profile(
    generator: ImageGenerator,
) -> None:
    fake_site = await site_of(generator)
    async with fake_site.client() as app:
        response = await app.post(PATH, json={"text": "a harbor", "generate": True})
    image = response.json()["image"]
    assert image["uri"].startswith("data:image/png;base64,")
    (sent,) = fake_site.kafka.sent
    assert isinstance(sent, ImageCandidates)
    assert (sent.user_id, sent.explain) == ("ada", "all")
    assert sent.candidates[0].uri == image["uri"]
    assert image["assessment"]["image_id"] == sent.candidates[0].image_id
