"""The profile and image stores in memory and in Qdrant, and sample values for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from qdrant_client import AsyncQdrantClient

from shared.domain.corrections import Correction
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.embedding.taste_vectors import description_vector, taste_vectors
from shared.store.images import QdrantImages
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import (
    Described,
    ImageDescription,
    ImageStore,
    KnownImage,
    ProfileStore,
    Reference,
    StoredCorrections,
    StoredProfile,
)
from tests.contract.store.qdrants import QDRANT_KINDS, opened_qdrant
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.stores import InMemoryImages, InMemoryProfiles

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
EMBEDDER = OneHotEmbedder()
KINDS = ["in memory", *QDRANT_KINDS]


@dataclass
class Stores:
    """The two stores of one backend."""

    profiles: ProfileStore
    images: ImageStore


async def in_qdrant(client: AsyncQdrantClient) -> Stores:
    profiles = QdrantProfiles(client, embedder=EMBEDDER.name)
    images = QdrantImages(client, embedder=EMBEDDER.name)
    await profiles.prepare(dimension=EMBEDDER.dimension)
    await images.prepare(dimension=EMBEDDER.dimension)
    return Stores(profiles, images)


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[Stores]:
    """The stores of one of `KINDS`, closed at the end of the block; files go into `folder`."""
    if kind == "in memory":
        yield Stores(InMemoryProfiles(), InMemoryImages())
        return
    async with opened_qdrant(kind, folder) as client:
        yield await in_qdrant(client)


def side(**words: str) -> TasteSide:
    return TasteSide.model_validate(
        {e: tuple(WeightedWord(word=w, weight=0.5, count=2) for w in t.split())
         for e, t in words.items()}
    )  # fmt: skip


FULL = side(art_style="cubism", color="red blue", medium="oil", saturation="vivid", detail="fine")
TASTES = {
    "full": Taste(preference=FULL, non_preference=FULL),
    "partly known": Taste(preference=side(color="red"), non_preference=side(medium="oil ink")),
    "one side": Taste(preference=side(color="red", detail="fine")),
    "unknown": Taste(),
}


def profile(taste: Taste, *, user_id: str = "ana", tenant: str = "default") -> StoredProfile:
    reference = Reference(
        image_id="i", uri="https://cdn.example/ü.png", content_hash="hash", side="liked",
        action="click", occurred_at=NOW, event_id="e-1",
    )  # fmt: skip
    return StoredProfile(
        tenant=tenant, user_id=user_id, prediction_version=7, predicted=taste,
        references=(reference,), applied_event_ids=("e-0", "e-1"),
        model_version="m-1", updated_at=NOW,
    )  # fmt: skip


async def put(stores: Stores, profile: StoredProfile) -> None:
    await stores.profiles.put(profile, await taste_vectors(profile.taste, EMBEDDER))


def known(image_id: str, *, tenant: str = "default", uri: str = "u") -> KnownImage:
    return KnownImage(tenant=tenant, image_id=image_id, uri=uri, content_hash="h", seen_at=NOW)


async def described(content_hash: str, model: str = "m-1", **words: str) -> Described:
    by_element = {Element(e): tuple(text.split()) for e, text in words.items()}
    description = ImageDescription(content_hash=content_hash, model_version=model, words=by_element)
    return Described(description, await description_vector(by_element, EMBEDDER))


def pinned(word: str, *, version: int = 1) -> StoredCorrections:
    correction = Correction(side="preference", element=Element.COLOR, pinned=(word,))
    return StoredCorrections(
        tenant="default", user_id="ana", version=version, entries=(correction,),
        applied_event_ids=("e-9",), model_version="m-1", updated_at=NOW,
    )  # fmt: skip
