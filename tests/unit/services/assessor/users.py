"""A user with a taste, and a request of this user, for the tests of the assessor."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.domain.corrections import Correction
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.embedding.taste_vectors import description_vector, taste_vectors
from shared.events import Candidate, ImageCandidates
from shared.store.protocol import (
    Described,
    ImageDescription,
    StoredCorrections,
    StoredProfile,
)
from tests.fakes.embedder import OneHotEmbedder
from tests.fakes.images import plain_image
from tests.fakes.stores import InMemoryImages, InMemoryProfiles

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
WRITTEN_MS = round(NOW.timestamp() * 1000)


def color_taste(*, liked: Sequence[str] = ("red",), disliked: Sequence[str] = ("blue",)) -> Taste:
    def side(words: Sequence[str]) -> TasteSide:
        return TasteSide(color=tuple(WeightedWord(word=word, weight=1) for word in words))

    return Taste(preference=side(liked), non_preference=side(disliked))


def profile(taste: Taste, *, version: int = 3) -> StoredProfile:
    return StoredProfile(
        tenant="default",
        user_id="ana",
        prediction_version=version,
        predicted=taste,
        model_version="colors-1",
        updated_at=NOW,
    )


def pinned(color: str) -> StoredCorrections:
    """Ana pins a color that she likes."""
    correction = Correction(side="preference", element=Element.COLOR, pinned=(color,))
    return StoredCorrections(
        tenant="default", user_id="ana", version=1, entries=(correction,), model_version="colors-1",
        updated_at=NOW,
    )  # fmt: skip


async def store_profile(
    profiles: InMemoryProfiles,
    taste: Taste,
    embedder: OneHotEmbedder,
    *,
    version: int = 3,
    **fields: Any,
) -> None:
    stored = profile(taste, version=version).model_copy(update=fields)
    await profiles.put(stored, await taste_vectors(taste, embedder))


async def store_descriptions(
    images: InMemoryImages, colors: Sequence[str], embedder: OneHotEmbedder
) -> None:
    """Store descriptions of plain images of these colors, as the model makes them."""
    described = []
    for color in colors:
        words: Mapping[Element, tuple[str, ...]] = {Element.COLOR: (color,)}
        description = ImageDescription(
            content_hash=plain_image("", color).content_hash, model_version="colors-1", words=words
        )
        described.append(Described(description, await description_vector(words, embedder)))
    await images.describe(described)


def candidates(*colors: str) -> tuple[Candidate, ...]:
    return tuple(Candidate(image_id=color, uri=f"drawing:{color}") for color in colors)


def request(*colors: str, **fields: Any) -> ImageCandidates:
    return ImageCandidates.model_validate(
        {
            "event_id": UUID(int=7),
            "occurred_at": NOW,
            "user_id": "ana",
            "request_id": "r-1",
            "candidates": candidates(*colors),
            **fields,
        }
    )
