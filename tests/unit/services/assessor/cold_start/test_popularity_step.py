"""A user without a taste sees what others like, varied; the first likes move the feed."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from PIL.Image import Image

from services.assessor.steps.popularity import cold_start as step
from services.assessor.steps.reranking.diversity import varied_order
from shared.domain.taste import Taste
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.protocol import Vectors
from shared.store.protocol import Side
from tests.fakes.image_encoder import SubjectEncoder
from tests.fakes.images import plain_image
from tests.fakes.stores import InMemoryImageVectors
from tests.unit.services.assessor.assessor import Assessor, image_ids, tiers
from tests.unit.services.assessor.cold_start.feedback import act
from tests.unit.services.assessor.cold_start.references import reference
from tests.unit.services.assessor.users import request, store_descriptions

BIRDS, FLOWERS = ("orange", "pink", "yellow", "red"), ("green", "navy", "black", "blue")
SUBJECTS = dict.fromkeys(BIRDS, "bird") | dict.fromkeys(FLOWERS, "flower")


@pytest.fixture
async def assessor() -> AsyncIterator[Assessor]:
    encoded = EncodedImages(SubjectEncoder(SUBJECTS), InMemoryImageVectors())
    assessor = Assessor(encoded_images=encoded)
    yield assessor
    await assessor.background_description.stop()


def liked_by_others(assessor: Assessor, *image_ids: str, tenant: str = "default") -> None:
    """Each image is liked by fewer users than the one before."""
    for rank, image_id in enumerate(image_ids):
        for number in range(20 - 4 * rank):
            assessor.popularity.add(act(f"u-{number}", "like", image_id, tenant=tenant))


async def test_popular_images_come_first(assessor: Assessor) -> None:
    liked_by_others(assessor, "red", "blue")
    feed = await assessor.feed(request("green", "pink", "blue", "red"))
    assert image_ids(feed)[:2] == ["red", "blue"]
    assert feed.status == "cold_start"
    assert set(tiers(feed).values()) == {"popularity"}
    assert all(item.score is None and item.elements is None for item in feed.items)


async def test_images_of_equal_popularity_are_varied(assessor: Assessor) -> None:
    for color in (*BIRDS, *FLOWERS):
        assessor.popularity.add(act("bo", "like", color))
    feed = await assessor.feed(request(*BIRDS, *FLOWERS))
    subjects = [SUBJECTS[image_id] for image_id in image_ids(feed)]
    assert subjects[:4].count("bird") == 2


async def test_a_new_tenant_gets_a_varied_feed_that_claims_no_popularity(
    assessor: Assessor,
) -> None:
    liked_by_others(assessor, "red", tenant="another")
    feed = await assessor.feed(request(*BIRDS, *FLOWERS))
    assert image_ids(feed)[0] == BIRDS[0]
    assert SUBJECTS[image_ids(feed)[1]] == "flower"
    assert set(tiers(feed).values()) == {"fallback"}


async def test_diversity_can_be_turned_off() -> None:
    encoded = EncodedImages(SubjectEncoder(SUBJECTS), InMemoryImageVectors())
    assessor = Assessor(encoded_images=encoded, cold_start_diversity=0.0)
    feed = await assessor.feed(request(*BIRDS, *FLOWERS))
    assert image_ids(feed) == [*BIRDS, *FLOWERS]
    await assessor.background_description.stop()


async def test_without_an_image_encoder_stored_descriptions_make_it_varied() -> None:
    assessor = Assessor()
    assessor.image_loader.drawn_as = {"drawing:pink": "red", "drawing:orange": "red"}
    await store_descriptions(assessor.image_store, ("red", "blue"), assessor.embedder)
    feed = await assessor.feed(request("red", "pink", "orange", "blue"))
    assert image_ids(feed) == ["red", "blue", "pink", "orange"]
    await assessor.background_description.stop()


async def test_a_user_with_a_taste_is_not_ranked_by_popularity(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    liked_by_others(assessor, "blue")
    feed = await assessor.feed(request("blue", "yellow", "red"))
    assert image_ids(feed) == ["red", "yellow", "blue"]
    assert set(tiers(feed).values()) == {"vlm"}


async def like_without_words(assessor: Assessor, *colors: str, side: Side = "liked") -> None:
    """A profile with references whose words are all unknown."""
    assert assessor.encoded_images is not None
    images = [plain_image(color, color) for color in colors]
    await assessor.encoded_images.vectors({i.content_hash: i.pixels for i in images})
    references = tuple(reference(color, side=side) for color in colors)
    await assessor.store_profile_of_ana(predicted=Taste(), references=references)


async def test_one_like_without_words_moves_the_next_feed(assessor: Assessor) -> None:
    liked_by_others(assessor, "black", "navy")
    candidates = ("black", "navy", "green", "pink", "red", "yellow")
    before = image_ids(await assessor.feed(request(*candidates)))
    assert before[0] == "black"
    await like_without_words(assessor, "orange")
    after = image_ids(await assessor.feed(request(*candidates, request_id="r-2")))
    birds = {"pink", "red", "yellow"}
    assert sum(map(after.index, birds)) < sum(map(before.index, birds))
    assert after[0] == "black"  # Still popular: one like decides half.
    await like_without_words(assessor, "orange", "pink", "red")
    feed = await assessor.feed(request(*candidates, request_id="r-3"))
    assert set(image_ids(feed)[:3]) == birds
    assert (feed.status, feed.popularity_weight) == ("cold_start", 0.25)


async def test_one_dislike_without_words_moves_the_next_feed(assessor: Assessor) -> None:
    await like_without_words(assessor, "blue", side="disliked")
    feed = await assessor.feed(request("black", "pink", "navy", "red"))
    assert {SUBJECTS[image_id] for image_id in image_ids(feed)[:2]} == {"bird"}


async def test_an_outage_of_the_store_leaves_popularity(assessor: Assessor) -> None:
    assert assessor.encoded_images is not None
    store = assessor.encoded_images._store
    assert isinstance(store, InMemoryImageVectors)
    store.unavailable = "it restarts"
    liked_by_others(assessor, "red")
    feed = await assessor.feed(request("blue", "red"))
    assert (image_ids(feed), feed.status) == (["red", "blue"], "cold_start")


async def test_a_slow_encoder_does_not_delay_the_first_feed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Slow(SubjectEncoder):
        async def encode(self, images: Sequence[Image]) -> Vectors:
            await asyncio.sleep(30)
            return await super().encode(images)

    monkeypatch.setattr(step, "ENCODING_SECONDS", 0.01)
    encoded = EncodedImages(Slow(SUBJECTS), InMemoryImageVectors())
    assessor = Assessor(encoded_images=encoded)
    liked_by_others(assessor, "red")
    async with asyncio.timeout(5):
        feed = await assessor.feed(request("blue", "red"))
    assert image_ids(feed) == ["red", "blue"]
    await encoded.close()
    await assessor.background_description.stop()


def test_an_order_by_relevance_becomes_varied_with_its_weight() -> None:
    relevance = np.array([1.0, 0.9, 0.8, 0.1])
    # The first two are alike; the others are like no other.
    similarity = np.eye(4)
    similarity[0, 1] = similarity[1, 0] = 1.0
    assert varied_order(relevance, similarity, weight=0.0) == [0, 1, 2, 3]
    assert varied_order(relevance, similarity, weight=0.3) == [0, 2, 1, 3]
    assert varied_order(relevance, similarity, weight=0.8) == [0, 2, 3, 1]
    assert varied_order(np.array([]), np.zeros((0, 0)), weight=0.3) == []
