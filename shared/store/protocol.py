"""Stored values and the protocols of their stores: profiles, images, impressions, erasures."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, Self

from pydantic import AwareDatetime

from shared.domain.corrections import Correction, apply_corrections
from shared.domain.erasures import Erasure
from shared.domain.images.image_key import ImageKey
from shared.domain.joint_tastes import JointTaste
from shared.domain.subjects.corrections import apply_to_subjects
from shared.domain.subjects.words import Subjects
from shared.domain.taste import Element, Taste, Value
from shared.domain.user import User
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.subject_weight import SubjectWeight
from shared.domain.word_forms import Synonyms
from shared.embedding.protocol import Vectors
from shared.events.types.feedback import Action
from shared.events.types.taste_change import IgnoredReason, TasteChange

Side = Literal["liked", "disliked"]


class ReferenceDescription(Value):
    """The words with which one model described a reference's image."""

    model_version: str
    """A model of another version describes the image again."""
    words: tuple[tuple[Element, tuple[str, ...]], ...]
    subject: tuple[str, ...] = ()
    """What the image shows, in the words of a model whose prompt style asks for it."""


class Reference(Value):
    """One image that a user liked or disliked."""

    image_id: str
    uri: str
    content_hash: str
    side: Side
    action: Action
    """The feedback behind the reference. When a side is full, clicks are dropped before explicit
    feedback."""
    occurred_at: AwareDatetime
    event_id: str
    description: ReferenceDescription | None = None
    """Missing until a prediction has described the image, or when the image cannot be loaded."""

    def described_words(self, element: Element) -> tuple[str, ...]:
        return dict(self.description.words).get(element, ()) if self.description else ()


class StatedTaste(Value):
    """The taste that a user's stated references give alone."""

    taste: Taste
    model_version: str
    content_hashes: frozenset[str]
    """The stated references from which it was predicted."""


class StoredCorrections(Value):
    """All corrections that one user has made to their own profile."""

    tenant: str
    user_id: str
    version: int = 0
    """Grows by one with each correction, also with a reset; part of the profile's version."""
    entries: tuple[Correction, ...] = ()
    applied_event_ids: tuple[str, ...] = ()
    """Latest applied corrections, newest last, bounded: a redelivered event changes nothing."""
    synonyms: Mapping[Element, Mapping[str, str]] = {}
    """Near-synonyms among the corrected and the predicted words, when the last one was applied."""
    model_version: str
    """The champion's version when the last correction was applied."""
    updated_at: AwareDatetime


class StoredProfile(Value):
    """Everything stored about one user: the taste, its references and the applied events.

    The prediction and the corrections are two records, each with one writer, and are merged when
    they are read. So a prediction in progress cannot undo a correction, and a correction cannot
    undo a prediction.
    """

    tenant: str
    user_id: str
    prediction_version: int
    predicted: Taste
    """The taste as the model predicted it, before corrections."""
    references: tuple[Reference, ...] = ()
    applied_event_ids: tuple[str, ...] = ()
    """Latest applied feedback events, newest last, bounded: a redelivered event changes nothing."""
    model_version: str
    updated_at: AwareDatetime
    subject_weight: SubjectWeight | None = None
    """What separates the references; None without enough of them, or where subjects do not
    count."""
    ranking_weights: RankingWeights | None = None
    """What the user goes by; None where subjects do not count."""
    predicted_subjects: Subjects | None = None
    """What the references show, before corrections; None while they have no image vectors."""
    predicted_tastes: tuple[JointTaste, ...] = ()
    """The tastes of a user with several, before corrections; empty for a user with one taste."""
    synonyms: Mapping[Element, Mapping[str, str]] = {}
    """Near-synonyms among the words of the prediction and the corrections (`Synonyms`)."""
    stated_taste: StatedTaste | None = None
    """What the user stated; None without stated references."""
    history: tuple[TasteChange, ...] = ()
    """Where feedback on feeds changed what the user stated, oldest first, bounded."""
    ignored_feedback: Mapping[IgnoredReason, int] = {}
    """Feedback that is no reference, by reason, since the first event of the user."""
    ignored_at_prediction: Mapping[IgnoredReason, int] | None = None
    """`ignored_feedback` at the last prediction, for its event: a version published again has the
    same content. None in records from before this field."""
    corrections: StoredCorrections | None = None
    thoughts: str = ""
    """The chain of thought of the last prediction, cut to a page; for people to read only."""

    @property
    def known_event_ids(self) -> frozenset[str]:
        """The applied feedback events that are still known, and those of the references."""
        return frozenset((*self.applied_event_ids, *(r.event_id for r in self.references)))

    @property
    def has_weights(self) -> bool:
        """Whether the references give the subject a weight in the ranking."""
        weights = self.ranking_weights or self.subject_weight
        return weights is not None and bool(self.references)

    @property
    def profile_version(self) -> int:
        """Grows whenever the taste may have changed, by a prediction or by a correction."""
        return self.prediction_version + (self.corrections.version if self.corrections else 0)

    @property
    def taste(self) -> Taste:
        """The current taste: the prediction, overridden by the corrections."""
        return self.corrected(self.predicted)

    def corrected(self, taste: Taste) -> Taste:
        """A taste with the user's corrections, which near-synonyms do not escape."""
        if self.corrections is None:
            return taste
        return apply_corrections(taste, self.corrections.entries, self.all_synonyms)

    @property
    def all_synonyms(self) -> Synonyms:
        """The near-synonyms known at the last prediction and at the last correction."""
        known = Synonyms(self.synonyms)
        return Synonyms(self.corrections.synonyms).joined(known) if self.corrections else known

    @property
    def subjects(self) -> Subjects | None:
        """The current subjects: the predicted ones, overridden by the corrections."""
        if self.corrections is None:
            return self.predicted_subjects
        known = self.predicted_subjects or Subjects()
        corrected = apply_to_subjects(known, self.corrections.entries)
        return corrected if corrected != Subjects() else self.predicted_subjects

    @property
    def tastes(self) -> tuple[JointTaste, ...]:
        """The current tastes of a user with several; each correction acts on all of them."""
        if self.corrections is None:
            return self.predicted_tastes
        return tuple(
            taste.with_taste(self.corrected(taste.taste)) for taste in self.predicted_tastes
        )

    @property
    def changed_at(self) -> datetime:
        """When the taste last changed, by a prediction or by a correction."""
        if self.corrections is None:
            return self.updated_at
        return max(self.updated_at, self.corrections.updated_at)


def with_corrections(
    predicted: StoredProfile | None, corrections: StoredCorrections | None
) -> StoredProfile | None:
    """Merge the two records of a user; a user with corrections only has an empty prediction."""
    if predicted is not None:
        return predicted.model_copy(update={"corrections": corrections})
    if corrections is None:
        return None
    return StoredProfile(
        tenant=corrections.tenant,
        user_id=corrections.user_id,
        prediction_version=0,
        predicted=Taste(),
        model_version=corrections.model_version,
        updated_at=corrections.updated_at,
        corrections=corrections,
    )


@dataclass(frozen=True)
class TasteVectors:
    """A taste in the embedder's space, shape (5 x dimension,) for each side: a block per element.

    Each block has length 1 / sqrt(5), or is zero when the element is unknown. The cosine of two
    full vectors is therefore the mean of the element similarities.
    """

    preference: Vectors
    non_preference: Vectors


@dataclass(frozen=True)
class EmbeddedTaste:
    """One of several tastes of a user, with its vectors."""

    taste: JointTaste
    vectors: TasteVectors


@dataclass(frozen=True)
class NearTaste:
    """A predicted taste near a description: of a user with one taste, or one of several tastes."""

    user_id: str
    taste_id: str | None
    """None for the taste of a user over all references."""
    vectors: TasteVectors


class ProfileStore(Protocol):
    """Stores profiles. Raises `shared.domain.errors.Unavailable` when it does not answer."""

    async def get(self, *, tenant: str, user_id: str) -> StoredProfile | None:
        """The prediction and the corrections, merged."""
        ...

    async def vectors(self, *, tenant: str, user_id: str) -> TasteVectors | None:
        """The vectors of the predicted taste."""
        ...

    async def joint_vectors(self, *, tenant: str, user_id: str) -> dict[str, TasteVectors]:
        """The vectors of each joint taste, by its id; empty for a user with one taste."""
        ...

    async def nearest(self, description: Vectors, *, tenant: str, limit: int) -> list[NearTaste]:
        """The predicted tastes whose liked words are nearest to an image's description.

        At most `limit` of all users, and as many of the joint tastes, each by descending cosine.
        `description`: element blocks as in `TasteVectors`, (5 x dimension,), not zero.
        """
        ...

    async def put_joint(
        self, tastes: Sequence[EmbeddedTaste], *, tenant: str, user_id: str
    ) -> None:
        """Replace all joint tastes; without any, those before are removed."""
        ...

    async def put(self, profile: StoredProfile, vectors: TasteVectors) -> None:
        """Replace the prediction and keep the corrections; returns when the write is durable."""
        ...

    async def put_ignored(
        self,
        counts: Mapping[IgnoredReason, int],
        *,
        applied_event_ids: Sequence[str],
        tenant: str,
        user_id: str,
    ) -> None:
        """Replace the counts of ignored feedback and the applied events alone, in one write.

        A user without a prediction stays without one.
        """
        ...

    async def correct(self, corrections: StoredCorrections) -> None:
        """Replace the corrections and keep the prediction; returns when the write is durable."""
        ...

    async def remove(self, *, tenant: str, user_id: str) -> int:
        """Remove the prediction, the joint tastes and the corrections; returns how many profiles
        were removed."""
        ...


class KnownImage(Value):
    """An image that an app has sent under an id: its address and the hash of its content."""

    tenant: str
    image_id: str
    uri: str
    content_hash: str
    seen_at: AwareDatetime


def image_by_content(content_hash: str, *, tenant: str, at: datetime) -> KnownImage:
    """An image without an address, which came inside an event: no event can name it by this id."""
    return KnownImage(
        tenant=tenant,
        image_id=f"\x1fcontent\x1f{content_hash}",
        uri="",
        content_hash=content_hash,
        seen_at=at,
    )


class ImageDescription(Value):
    """The words with which one model described one image, for all users."""

    content_hash: str
    model_version: str
    words: Mapping[Element, tuple[str, ...]]


@dataclass(frozen=True)
class Described:
    """A description and its vector, shape (5 x dimension,): element blocks as in `TasteVectors`."""

    description: ImageDescription
    vector: Vectors


class ImageStore(Protocol):
    """Stores images by content, and image ids by tenant. Raises `Unavailable`."""

    async def remember(self, images: Sequence[KnownImage]) -> None: ...

    async def find(self, *, tenant: str, image_ids: Sequence[str]) -> dict[str, KnownImage]:
        """The known images among these ids, by id."""
        ...

    async def forget(self, keys: Collection[ImageKey]) -> dict[ImageKey, str]:
        """Remove the ids of images; returns the content hash of each that was known.

        Descriptions stay: other images may have the same content.
        """
        ...

    async def sample(self, *, tenant: str, limit: int) -> list[KnownImage]:
        """At most `limit` of the tenant's images; which ones does not depend on what they show."""
        ...

    async def describe(self, described: Sequence[Described]) -> None: ...

    async def descriptions(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Described]:
        """The descriptions that this model has made of these images, by content hash."""
        ...

    async def described_words(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Mapping[Element, tuple[str, ...]]]:
        """The words of these descriptions, without their vectors of 8 KB each."""
        ...


class ImageVectorStore(Protocol):
    """Stores the vectors of one image encoder, by content hash. Raises `Unavailable`."""

    async def put(self, vectors: Mapping[str, Vectors]) -> None: ...

    async def get(self, content_hashes: Sequence[str]) -> dict[str, Vectors]:
        """The stored vectors among these images, float32, shape (dimension,) each."""
        ...


class Impressions(Value):
    """The images that one user saw last, and when; bounded, the latest are kept."""

    tenant: str
    user_id: str
    seen_at: Mapping[str, AwareDatetime]
    """When the user last saw each image, by image id."""
    viewed: frozenset[str] = frozenset()
    """The images among them that a `view` names. They are what the user could choose from; without
    views, the impressions are the chosen images only."""

    def with_impressions(
        self, seen_at: Mapping[str, datetime], *, limit: int, viewed: Iterable[str] = ()
    ) -> Self:
        """Add impressions: the latest time of each image, the latest `limit` images."""
        merged = dict(self.seen_at)
        for image_id, time in seen_at.items():
            merged[image_id] = max(time, merged.get(image_id, time))
        latest = sorted(merged.items(), key=lambda entry: (entry[1], entry[0]))[-limit:]
        kept = dict(latest)
        seen = (self.viewed | frozenset(viewed)) & kept.keys()
        return self.model_copy(update={"seen_at": kept, "viewed": frozenset(seen)})

    def since(self, start: datetime) -> frozenset[str]:
        """Ids of the images seen at or after `start`."""
        return frozenset(image_id for image_id, time in self.seen_at.items() if time >= start)


class ImpressionStore(Protocol):
    """Stores impressions. Raises `Unavailable` like `ProfileStore`."""

    async def get(self, *, tenant: str, user_id: str) -> Impressions | None: ...

    async def put(self, impressions: Impressions) -> None: ...

    async def remove(self, *, tenant: str, user_id: str) -> int:
        """Remove a user's impressions; returns how many images they held."""
        ...


class ErasureStore(Protocol):
    """Stores erasures without the users' names. Raises `Unavailable` like `ProfileStore`."""

    async def get(self, *, tenant: str, user_id: str) -> Erasure | None:
        """The user's erasure, merged from all requests; None if there was none."""
        ...

    async def get_many(self, users: Collection[User]) -> dict[User, Erasure]:
        """The erasures of those users that have one."""
        ...

    async def add(self, erasure: Erasure, *, tenant: str, user_id: str) -> None:
        """Merge an erasure into the stored one; an earlier one does not shrink it."""
        ...

    async def remaining(
        self, *, tenant: str, user_id: str, event_ids: Collection[str] = ()
    ) -> dict[str, int]:
        """How many of the user's points a search still finds, by collection.

        `event_ids`: events of the user, also those of references; no file may contain them either.
        """
        ...

    @property
    def not_searched(self) -> tuple[str, ...]:
        """Where deleted data may still lie and the search cannot look, in words."""
        ...
