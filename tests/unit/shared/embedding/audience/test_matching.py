"""The audience of an image: users whose words, corrections and references it meets."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from shared.domain.corrections import Correction
from shared.domain.erasures import Erasure
from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.image_key import ImageKey
from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.audience.matching import AudienceMatcher
from shared.embedding.audience.settings import AudienceSettings
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.taste_vectors import taste_vectors
from shared.store.catalog.images import ImageIndex, IndexedContent, Publication
from shared.store.erasure_check import ErasureCheck
from shared.store.protocol import (
    EmbeddedTaste,
    Reference,
    Side,
    StoredCorrections,
    StoredProfile,
)
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.image_encoder import SubjectEncoder
from tests.fakes.stores import (
    InMemoryErasures,
    InMemoryImages,
    InMemoryImageVectors,
    InMemoryProfiles,
)
from tests.fakes.stores.catalog import InMemoryCatalog

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
KEY = ImageKey("default", "new/image")


def taste(liked: str, disliked: str = "") -> Taste:
    sides = [
        TasteSide(color=tuple(WeightedWord(word=w, weight=1, count=2) for w in words.split()))
        for words in (liked, disliked)
    ]
    return Taste(preference=sides[0], non_preference=sides[1])


class World:
    """Stores in memory, a catalog with one image that is blue, and a matcher on them."""

    def __init__(self, *, encoder: SubjectEncoder | None = None, **settings: Any) -> None:
        self.profiles, self.embedder = InMemoryProfiles(), OneHotEmbedder()
        self.erasures, self.catalog = InMemoryErasures(), InMemoryCatalog()
        self.vectors = InMemoryImageVectors()
        self.matcher = AudienceMatcher(
            AudienceSettings(**{"audience_min_score": 11.0, **settings}),
            profiles=self.profiles,
            embedder=self.embedder,
            erasure_check=ErasureCheck(self.erasures),
            encoded_images=EncodedImages(encoder, self.vectors) if encoder else None,
            image_store=InMemoryImages(),
        )

    async def add(self, user: str, liked: str, disliked: str = "", **fields: Any) -> StoredProfile:
        profile = StoredProfile(
            tenant=fields.pop("tenant", "default"), user_id=user, prediction_version=1,
            predicted=taste(liked, disliked), model_version="m", updated_at=NOW, **fields,
        )  # fmt: skip
        await self.profiles.put(profile, await taste_vectors(profile.predicted, self.embedder))
        return profile

    async def audience(
        self, *words: str, image: Sequence[float] | None = None
    ) -> list[tuple[str, float]] | None:
        entry = CatalogEntry(tenant=KEY.tenant, image_id=KEY.image_id, uri="u")
        await self.catalog.publish([Publication(entry, NOW)])
        index = ImageIndex(uri="u", content_hash="h", model_version="m", indexed_at=NOW)
        vectors = {}
        if words:
            vectors[Element.COLOR.value] = (await self.embedder.embed(words)).sum(axis=0)
        if image is not None:
            vectors["image"] = np.array(image, np.float32)
        await self.catalog.index([IndexedContent(KEY, index, vectors)])
        matched = await self.matcher.audience(self.catalog, KEY)
        return None if matched is None else [(user.user_id, user.score) for user in matched]


async def users(world: World, *words: str, **fields: Any) -> list[str]:
    return [user for user, _ in await world.audience(*words, **fields) or []]


async def test_the_users_who_like_the_words_are_matched_the_best_first() -> None:
    world = World()
    await world.add("ada", "blue", "red")
    await world.add("bob", "red", "blue")
    await world.add("cy", "blue green")
    await world.add("dan", "green")
    await world.add("eve", "blue", "red", tenant="shop")
    matched = await world.audience("blue")
    assert matched is not None
    assert [user for user, _ in matched] == ["ada", "cy"]
    # Four unknown elements have the neutral score 2, and the color is as good as can be.
    assert matched[0][1] == pytest.approx(13.0)


async def test_the_settings_limit_the_score_and_the_number() -> None:
    limits: list[tuple[str, Any, int]] = [
        ("audience_max_users", 1, 1),
        ("audience_min_score", 14.0, 0),
    ]
    for setting, limit, expected in limits:
        world = World(**{setting: limit})
        await world.add("ada", "blue", "red")
        await world.add("bob", "blue", "green")
        assert len(await users(world, "blue")) == expected


async def test_an_image_without_words_has_no_audience_and_an_unknown_one_none() -> None:
    world = World()
    await world.add("ada", "blue")
    assert await world.audience() == []
    assert await world.matcher.audience(world.catalog, ImageKey("default", "x")) is None


async def test_an_erased_user_is_in_no_audience_until_there_is_new_feedback() -> None:
    world = World()
    await world.add("ada", "blue")
    await world.add("bob", "blue")
    before = NOW - timedelta(days=1)
    for user, time in (("ada", NOW), ("bob", before)):
        world.erasures.by_user["default", user] = Erasure(occurred_at=time, written_at=time)
    assert await users(world, "blue") == ["bob"]


async def test_a_user_who_was_removed_during_the_search_is_left_out() -> None:
    world = World()
    await world.add("ada", "blue")
    nearest = world.profiles.nearest

    async def removed_meanwhile(*arguments: Any, **fields: Any) -> Any:
        tastes = await nearest(*arguments, **fields)
        await world.profiles.remove(tenant="default", user_id="ada")
        return tastes

    world.profiles.nearest = removed_meanwhile  # type: ignore[method-assign]  # an erasure in between
    assert await users(world, "blue") == []


async def test_corrections_count() -> None:
    world = World()
    await world.add("ada", "blue green")
    veto = Correction(side="preference", element=Element.COLOR, vetoed=("blue",))
    await world.profiles.correct(
        StoredCorrections(
            tenant="default", user_id="ada", entries=(veto,), model_version="m", updated_at=NOW
        )
    )
    assert await users(world, "blue") == []
    assert await users(world, "green") == ["ada"]


async def test_one_of_several_tastes_is_enough() -> None:
    world = World()
    tastes = [
        JointTaste(
            taste_id=name, preference=taste(name).preference, non_preference=TasteSide(),
            reference_ids=(), share=0.5, weight=0.5,
        )
        for name in ("blue", "green")
    ]  # fmt: skip
    await world.add("ada", "brown", predicted_tastes=tuple(tastes))
    embedded = [EmbeddedTaste(t, await taste_vectors(t.taste, world.embedder)) for t in tastes]
    await world.profiles.put_joint(embedded, tenant="default", user_id="ada")
    assert await users(world, "green") == ["ada"]
    assert await users(world, "brown") == []


async def test_what_the_image_shows_counts_as_far_as_the_user_goes_by_it() -> None:
    encoder = SubjectEncoder({"red": "birds", "blue": "cups"})
    world = World(encoder=encoder, audience_min_score=15.0)
    birds, cups = np.zeros((2, encoder.dimension), np.float32)
    birds[0] = cups[1] = 1
    references = []
    for number in range(4):
        side: Side = "liked" if number % 2 else "disliked"
        name = f"r{number}"
        world.vectors.by_hash[name] = birds if side == "liked" else cups
        references.append(
            Reference(
                image_id=name, uri="u", content_hash=name, side=side, action="reference_like",
                occurred_at=NOW, event_id=name,
            )
        )  # fmt: skip
    weights = RankingWeights(art_style=0, color=0.2, medium=0, saturation=0, detail=0, subject=0.8)
    await world.add("ada", "blue", references=tuple(references), ranking_weights=weights)
    assert await users(world, "blue", image=birds.tolist()) == ["ada"]
    assert await users(world, "blue", image=cups.tolist()) == []
    # Vectors of an older encoder cannot be compared: the words decide alone.
    assert await users(world, "blue", image=[1.0, 0.0]) == []
