"""A user's vectors are compared in the space of the catalog that serves, taste by taste."""

from collections import Counter

import numpy as np
import pytest

from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import Taste, TasteSide, WeightedWord
from shared.embedding.taste_vectors import taste_vectors
from shared.store.protocol import EmbeddedTaste
from tests.fakes.model import COLORS
from tests.fakes.stores.catalog import InMemoryCatalog
from tests.fakes.stores.catalogs import InMemoryCatalogs
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.retrieval.catalog import (
    SPACE,
    feed_request,
    like,
    publish_colors,
    with_catalog,
)
from tests.unit.services.assessor.users import color_taste, pinned, store_profile

NEW_ENCODER = SPACE.model_copy(update={"encoder": "new encoder", "image_dimension": 3})


def joint(taste_id: str, color: str) -> JointTaste:
    side = TasteSide(color=(WeightedWord(word=color, weight=1),))
    return JointTaste(
        taste_id=taste_id, preference=side, non_preference=TasteSide(),
        reference_ids=(f"ref-{color}",), share=0.4, weight=0.5,
    )  # fmt: skip


def colors(names: list[str]) -> Counter[str]:
    return Counter(name.partition("-")[0] for name in names)


async def test_each_of_several_tastes_finds_its_images() -> None:
    assessor = with_catalog()
    tastes = (joint("a", "red"), joint("b", "green"))
    await publish_colors(assessor, [color for color in COLORS for _ in range(30)])
    await store_profile(
        assessor.profiles, color_taste(liked=("red", "green")), assessor.embedder,
        predicted_tastes=tastes,
    )  # fmt: skip
    await assessor.profiles.put_joint(
        [EmbeddedTaste(t, await taste_vectors(t.taste, assessor.embedder)) for t in tastes],
        tenant="default", user_id="ana",
    )  # fmt: skip
    feed = await assessor.feed(feed_request(limit=40))
    number = colors(image_ids(feed))
    assert number["red"] >= 15
    assert number["green"] >= 15


async def test_corrected_words_find_images_at_once() -> None:
    assessor = with_catalog()
    await publish_colors(assessor, [color for color in COLORS for _ in range(30)])
    await store_profile(assessor.profiles, Taste(), assessor.embedder)
    await assessor.profiles.correct(pinned("navy"))
    feed = await assessor.feed(feed_request(limit=20))
    assert colors(image_ids(feed))["navy"] >= 17


@pytest.fixture
async def old_space() -> Assessor:
    """The catalog of an old encoder serves while that of the new one is filled."""
    assessor = Assessor(catalogs=InMemoryCatalogs(SPACE), explain_top_k=1)
    await publish_colors(assessor, [color for color in COLORS for _ in range(30)])
    assert assessor.catalogs is not None
    old = assessor.catalogs.current
    assert isinstance(old, InMemoryCatalog)
    assessor.catalogs = InMemoryCatalogs(NEW_ENCODER, serving=(SPACE, old))
    assessor.service = assessor.new_service()
    return assessor


async def test_references_are_compared_by_the_vectors_of_the_encoder_that_serves(
    old_space: Assessor,
) -> None:
    references = await like(old_space, "pink")
    assert old_space.catalogs is not None
    new = old_space.catalogs.image_vectors
    assert list(new) == [SPACE]
    await store_profile(old_space.profiles, Taste(), old_space.embedder, references=references)
    feed = await old_space.feed(feed_request(limit=20))
    assert colors(image_ids(feed))["pink"] >= 17


async def test_references_without_a_vector_of_that_encoder_leave_their_places_to_words(
    old_space: Assessor,
) -> None:
    references = await like(old_space, "pink")
    assert old_space.catalogs is not None
    stored = await old_space.catalogs.serving_vectors()
    stored.by_hash.clear()
    await store_profile(
        old_space.profiles, color_taste(), old_space.embedder, references=references
    )
    feed = await old_space.feed(feed_request(limit=20))
    assert colors(image_ids(feed))["red"] >= 17
    stored.unavailable = "no such collection"
    feed = await old_space.feed(feed_request(limit=20, request_id="r-2"))
    assert (feed.status, colors(image_ids(feed))["red"] >= 17) == ("ok", True)


async def test_words_of_another_embedder_are_not_compared() -> None:
    other = SPACE.model_copy(update={"embedder": "another", "word_dimension": 7})
    assessor = Assessor(catalogs=InMemoryCatalogs(other), explain_top_k=1)
    await publish_colors(assessor, [color for color in COLORS for _ in range(3)])
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(feed_request(limit=20))
    assert len(feed.items) == 20
    assert not [item for item in feed.items if item.source == "taste"]
    assert np.isfinite([item.score or 0 for item in feed.items]).all()
