"""What we keep between events: a user's profile, and what is known of an image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import AwareDatetime

from shared.embedding.protocol import Vectors
from shared.events.feedback import Action
from shared.taste import Element, Taste, Value

Side = Literal["liked", "disliked"]


class Reference(Value):
    """One image that speaks for or against a taste."""

    image_id: str
    uri: str
    content_hash: str
    side: Side
    action: Action
    """What the person did; explicit references outlast clicks when room is short."""
    occurred_at: AwareDatetime
    event_id: str


class StoredProfile(Value):
    """Everything kept about one user: the taste, what it rests on, and which events it has seen."""

    tenant: str
    user_id: str
    profile_version: int
    taste: Taste
    references: tuple[Reference, ...] = ()
    applied_event_ids: tuple[str, ...] = ()
    """The latest feedback events taken in, newest last and bounded: redelivery changes nothing."""
    model_version: str
    updated_at: AwareDatetime


@dataclass(frozen=True)
class TasteVectors:
    """A profile in the embedder's space: one block per element, 5 x dimension, each side.

    Each block has unit length divided by sqrt(5) (zeros when unknown), so that the cosine of two
    full vectors is the mean of the element similarities and stays explainable.
    """

    preference: Vectors
    non_preference: Vectors


class ProfileStore(Protocol):
    """Keeps profiles. Raises `shared.errors.Unavailable` when it does not answer now."""

    async def get(self, *, tenant: str, user_id: str) -> StoredProfile | None: ...

    async def vectors(self, *, tenant: str, user_id: str) -> TasteVectors | None: ...

    async def put(self, profile: StoredProfile, vectors: TasteVectors) -> None:
        """Replace the user's profile; returns when it is durable."""
        ...

    async def remove(self, *, tenant: str, user_id: str) -> int:
        """Forget the user; how many profiles were removed."""
        ...


class KnownImage(Value):
    """An image an app has sent under an id: where it lies and what it is, by content."""

    tenant: str
    image_id: str
    uri: str
    content_hash: str
    seen_at: AwareDatetime


class ImageDescription(Value):
    """What one model saw in one image, whoever looks at it."""

    content_hash: str
    model_version: str
    words: Mapping[Element, tuple[str, ...]]


@dataclass(frozen=True)
class Described:
    """A description with its vector: element blocks as in `TasteVectors`, shape (5 x dimension)."""

    description: ImageDescription
    vector: Vectors


class ImageStore(Protocol):
    """Keeps images by content, and ids by tenant. Raises `Unavailable` like `ProfileStore`."""

    async def remember(self, images: Sequence[KnownImage]) -> None: ...

    async def find(self, *, tenant: str, image_ids: Sequence[str]) -> dict[str, KnownImage]:
        """Those of the ids that are known, by id."""
        ...

    async def describe(self, described: Sequence[Described]) -> None: ...

    async def descriptions(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Described]:
        """Those of the images that this model has described, by content hash."""
        ...
