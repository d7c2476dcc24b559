"""What we keep between events: a user's profile, and what is known of an image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, Self

from pydantic import AliasChoices, AwareDatetime, Field

from shared.domain.corrections import Correction, corrected
from shared.domain.erasures import Erasure
from shared.domain.taste import Element, Taste, Value
from shared.embedding.protocol import Vectors
from shared.events.types.feedback import Action

Side = Literal["liked", "disliked"]


class Shown(Value):
    """What one model saw in an image, in words."""

    model_version: str
    """Another version looks anew."""
    words: tuple[tuple[Element, tuple[str, ...]], ...]


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
    shown: Shown | None = None
    """What it shows; unknown until several predictions are to be weighed."""

    def shows(self, element: Element) -> tuple[str, ...]:
        return dict(self.shown.words).get(element, ()) if self.shown else ()


class StoredCorrections(Value):
    """What one user has said of their own taste."""

    tenant: str
    user_id: str
    version: int = 0
    """Grows by one with each correction, a reset included; part of the profile's version."""
    said: tuple[Correction, ...] = ()
    applied_event_ids: tuple[str, ...] = ()
    """The latest corrections taken in, newest last and bounded: redelivery changes nothing."""
    model_version: str
    """The model that predicted when the last of them was taken in."""
    updated_at: AwareDatetime


class StoredProfile(Value):
    """Everything kept about one user: the taste, what it rests on, and which events it has seen.

    What a model predicted and what the person said are two records with a writer each, put
    together when they are read: no prediction in work can undo a correction, nor the reverse.
    """

    tenant: str
    user_id: str
    prediction_version: int = Field(
        validation_alias=AliasChoices("prediction_version", "profile_version")
    )
    predicted: Taste = Field(validation_alias=AliasChoices("predicted", "taste"))
    """The taste as the model predicted it. Both fields had other names until people could correct
    their profiles, and are still found under them."""
    references: tuple[Reference, ...] = ()
    applied_event_ids: tuple[str, ...] = ()
    """The latest feedback events taken in, newest last and bounded: redelivery changes nothing."""
    model_version: str
    updated_at: AwareDatetime
    corrections: StoredCorrections | None = None

    @property
    def profile_version(self) -> int:
        """Grows whenever the taste may have changed, whoever changed it."""
        return self.prediction_version + (self.corrections.version if self.corrections else 0)

    @property
    def taste(self) -> Taste:
        """The taste as it stands: what the person said outranks what was predicted."""
        return corrected(self.predicted, self.corrections.said if self.corrections else ())

    @property
    def changed_at(self) -> datetime:
        """When the taste last changed, whoever changed it."""
        said = self.corrections
        return max(self.updated_at, said.updated_at) if said else self.updated_at


def with_corrections(
    predicted: StoredProfile | None, said: StoredCorrections | None
) -> StoredProfile | None:
    """The two records of a user as one profile; of one who only ever corrected, an empty one."""
    if predicted is not None:
        return predicted.model_copy(update={"corrections": said})
    if said is None:
        return None
    return StoredProfile(
        tenant=said.tenant,
        user_id=said.user_id,
        prediction_version=0,
        predicted=Taste(),
        model_version=said.model_version,
        updated_at=said.updated_at,
        corrections=said,
    )


@dataclass(frozen=True)
class TasteVectors:
    """A profile in the embedder's space: one block per element, 5 x dimension, each side.

    Each block has unit length divided by sqrt(5) (zeros when unknown), so that the cosine of two
    full vectors is the mean of the element similarities and stays explainable.
    """

    preference: Vectors
    non_preference: Vectors


class ProfileStore(Protocol):
    """Keeps profiles. Raises `shared.domain.errors.Unavailable` when it does not answer now."""

    async def get(self, *, tenant: str, user_id: str) -> StoredProfile | None:
        """What was predicted and what was said, as one."""
        ...

    async def vectors(self, *, tenant: str, user_id: str) -> TasteVectors | None:
        """Of the predicted taste."""
        ...

    async def put(self, profile: StoredProfile, vectors: TasteVectors) -> None:
        """Replace what was predicted, and nothing of what was said; returns when it is durable."""
        ...

    async def correct(self, corrections: StoredCorrections) -> None:
        """Replace what was said, and nothing of what was predicted; returns when it is durable."""
        ...

    async def remove(self, *, tenant: str, user_id: str) -> int:
        """Forget the user, prediction and corrections; how many profiles were removed."""
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


class SeenImages(Value):
    """The images that one person has seen of late, and when; bounded, the latest stay."""

    tenant: str
    user_id: str
    seen_at: Mapping[str, AwareDatetime]

    def with_views(self, views: Mapping[str, datetime], *, most: int) -> Self:
        """These and more, of each image its latest view, of all at most the latest `most`."""
        merged = dict(self.seen_at)
        for image_id, moment in views.items():
            merged[image_id] = max(moment, merged.get(image_id, moment))
        latest = sorted(merged.items(), key=lambda view: (view[1], view[0]))[-most:]
        return self.model_copy(update={"seen_at": dict(latest)})

    def since(self, moment: datetime) -> frozenset[str]:
        """Those seen at or after a moment."""
        return frozenset(i for i, at in self.seen_at.items() if at >= moment)


class SeenStore(Protocol):
    """Keeps what people have seen. Raises `Unavailable` like `ProfileStore`."""

    async def get(self, *, tenant: str, user_id: str) -> SeenImages | None: ...

    async def put(self, seen: SeenImages) -> None: ...

    async def remove(self, *, tenant: str, user_id: str) -> int:
        """Forget the person; how many images were known to be seen."""
        ...


class ErasureStore(Protocol):
    """Keeps who was erased, without their names. Raises `Unavailable` like `ProfileStore`."""

    async def erased(self, *, tenant: str, user_id: str) -> Erasure | None:
        """Up to when this person was erased, if ever."""
        ...

    async def remember(self, erasure: Erasure, *, tenant: str, user_id: str) -> None:
        """Erased until then; an earlier moment takes nothing back."""
        ...

    async def remaining(self, *, tenant: str, user_id: str) -> dict[str, int]:
        """How much is left of the person in each part of the store, whoever keeps it."""
        ...
