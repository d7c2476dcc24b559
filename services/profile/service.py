"""Process feedback: make references, debounce, predict, store, publish."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from services.profile.config import ProfileSettings
from services.profile.debounce import Debounce
from services.profile.feedback.ignored import Ignored, IgnoredCounts, left_out, reasons, summed
from services.profile.feedback.new_references import AlreadyApplied, ImageLoader, NewReferences
from services.profile.feedback.references import dated_references, merge_references
from services.profile.metrics import ProfileMetrics
from services.profile.prediction.bulkhead import Bulkhead
from services.profile.prediction.catalog_words import CatalogWords
from services.profile.prediction.drift_detection import MIN_REFERENCES
from services.profile.prediction.joint.joint_tastes import JointTastes
from services.profile.prediction.profile_prediction import ImageBatchLoader, ProfilePredictor
from services.profile.prediction.shown_words import ShownWords
from services.profile.prediction.statements import with_changes
from services.profile.prediction.subject_names import SubjectNames
from services.profile.prediction.unchosen_images import UnchosenImageReader
from services.profile.prediction.weight_evidence import WeightEvidence
from services.profile.profile_publisher import ProfilePublisher
from shared.domain.clock import Clock
from shared.domain.user import User
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.tenant_images import TenantImages
from shared.embedding.protocol import Embedder
from shared.embedding.taste_vectors import taste_vectors
from shared.events import Feedback
from shared.events.types.taste_change import IgnoredReason, TasteChange
from shared.observability.tracing import OpenSpan, untraced
from shared.store.erasure_check import ErasureCheck
from shared.store.protocol import (
    EmbeddedTaste,
    ImageStore,
    ImpressionStore,
    ProfileStore,
    Reference,
    StoredProfile,
)
from shared.store.removal.removal_check import RemovalCheck
from shared.vlm.background_work import BackgroundWork
from shared.vlm.protocol import VisionLanguageModel

IMAGE_DEBOUNCE_FRACTION: Final = 0.2
"""Part of the debounce time that references wait for others, after their images have loaded; during
the rest, events wait for others. The images of one user load within moments."""


class AnyImageLoader(ImageLoader, ImageBatchLoader, Protocol):
    """Loads one image or many."""


class Models(Protocol):
    """Returns the current champion, and counts the requests at the model."""

    @property
    def champion(self) -> VisionLanguageModel: ...

    @property
    def background(self) -> BackgroundWork: ...


@dataclass(frozen=True)
class Dependencies:
    """What the service needs from outside."""

    models: Models
    embedder: Embedder
    profiles: ProfileStore
    image_store: ImageStore
    image_loader: AnyImageLoader
    erasure_check: ErasureCheck
    publisher: ProfilePublisher
    clock: Clock
    encoded_images: EncodedImages | None = None
    impressions: ImpressionStore | None = None
    """What users have seen; without it, the catalog gives the base rates of words."""
    removal_check: RemovalCheck | None = None
    """Which images apps have removed; None where nothing can be removed."""


class ProfileService:
    """Turns feedback into stored and published profiles."""

    def __init__(
        self,
        dependencies: Dependencies,
        settings: ProfileSettings,
        metrics: ProfileMetrics,
        *,
        spans: OpenSpan = untraced,
    ) -> None:
        self._dependencies = dependencies
        self._settings = settings
        self._metrics = metrics
        self._spans = spans
        debounce_seconds = settings.profile_debounce_ms / 1000
        self._new_references = NewReferences(
            dependencies.image_loader,
            dependencies.image_store,
            dependencies.profiles,
            settings,
            wait_seconds=debounce_seconds * (1 - IMAGE_DEBOUNCE_FRACTION),
            removal_check=dependencies.removal_check,
        )
        self._ignored = IgnoredCounts()
        self._shown_words = ShownWords(
            dependencies.image_store,
            dependencies.impressions,
            CatalogWords(dependencies.image_store),
        )
        self._predictor = ProfilePredictor(
            dependencies.image_loader,
            metrics,
            Bulkhead(
                places=settings.predictions_in_flight,
                slow_places=settings.slow_predictions_in_flight,
            ),
            per_side=settings.predicted_per_side,
            image_seconds=settings.image_attempt_seconds,
            weight_evidence=_weight_evidence(
                dependencies, references_per_side=settings.references_per_side
            ),
            embedder=dependencies.embedder,
            joint_tastes=JointTastes(dependencies.encoded_images),
        )
        self._subject_names = (
            SubjectNames(dependencies.encoded_images) if dependencies.encoded_images else None
        )
        self._debounce: Debounce[User, Reference | Ignored] = Debounce(
            self._update_profile, wait_seconds=debounce_seconds * IMAGE_DEBOUNCE_FRACTION
        )

    async def process_feedback(self, event: Feedback) -> None:
        """Return when the event is part of a published profile, or of the stored counts.

        Raises `ImageUnavailable` when its image should be tried again later.
        """
        user = User(event.tenant, event.user_id)
        decision = await self._new_references.make(event)
        if isinstance(decision, Reference | Ignored):
            await self._debounce.add(user, decision)
        elif isinstance(decision, AlreadyApplied):
            # It may be unpublished: the service can have ended between storing and publishing.
            await self._dependencies.publisher.publish(user)

    async def close(self) -> None:
        """Stop the work that no event waits for."""
        await self._new_references.close()

    async def _update_profile(self, user: User, batch: Sequence[Reference | Ignored]) -> None:
        """Predict and store once for all references of a batch, then publish.

        Events that were applied before change nothing; the stored profile is published again. A
        batch without references only adds to the stored counts of ignored feedback; they are
        published with the next prediction.
        """
        # Each event once, also when a batch has a redelivery of it.
        references = {item.event_id: item for item in batch if isinstance(item, Reference)}
        stored = await self._dependencies.profiles.get(tenant=user.tenant, user_id=user.user_id)
        applied = stored.known_event_ids if stored else frozenset()
        new = [reference for event_id, reference in references.items() if event_id not in applied]
        ignored = reasons([item for item in batch if isinstance(item, Ignored)], applied)
        if new:
            await self._predict_and_store(user, stored, new, ignored)
        elif ignored:
            await self._store_counts(user, stored, ignored)
        if references:
            await self._dependencies.publisher.publish(user)

    async def _store_counts(
        self, user: User, stored: StoredProfile | None, ignored: Mapping[str, IgnoredReason]
    ) -> None:
        """Store the counts at once, so that a restart loses none; `ignored` is by event id."""
        counts = Counter(ignored.values())
        if stored is None or not stored.prediction_version:
            self._ignored.add(user, counts)
        else:
            await self._dependencies.profiles.put_ignored(
                summed(stored.ignored_feedback, counts),
                applied_event_ids=self._applied_ids(stored, ignored),
                tenant=user.tenant,
                user_id=user.user_id,
            )
        self._count(counts)

    def _applied_ids(self, stored: StoredProfile | None, new: Iterable[str]) -> tuple[str, ...]:
        applied = stored.applied_event_ids if stored else ()
        event_ids = tuple(dict.fromkeys((*applied, *new)))
        return event_ids[-self._settings.profile_deduplication_size :]

    def _count(self, ignored: Mapping[IgnoredReason, int]) -> None:
        for reason, count in ignored.items():
            self._metrics.ignored_feedback.labels(reason).inc(count)

    async def _predict_and_store(
        self,
        user: User,
        stored: StoredProfile | None,
        new: Sequence[Reference],
        ignored: Mapping[str, IgnoredReason],
    ) -> None:
        before = dated_references(stored)
        references = merge_references(before, new, per_side=self._settings.references_per_side)
        counts = Counter(ignored.values()) + left_out(before, new, references)
        # One model for the whole prediction, even if another is promoted in the meantime.
        model = self._dependencies.models.champion
        with self._spans("predict"), self._dependencies.models.background.request():
            prediction = await self._predictor.predict(
                references,
                model,
                requester=user,
                base_rates=await self._shown_words.base_rates(
                    user,
                    model_version=model.model_version,
                    # Without enough references nothing can have drifted.
                    with_impressions=len(references) > MIN_REFERENCES,
                ),
                stored=stored,
            )
        subjects = (
            await self._subject_names.subjects(prediction.references)
            if self._subject_names
            else None
        )
        vectors = await taste_vectors(prediction.taste, self._dependencies.embedder)
        if await self._dependencies.erasure_check.are_all_erased(
            [reference.occurred_at for reference in new],
            tenant=user.tenant,
            user_id=user.user_id,
        ):
            return
        all_counts = summed(
            stored.ignored_feedback if stored else {}, counts, self._ignored.take(user)
        )
        # Last, so that many ignored events do not push out those of the new references.
        new_ids = (*ignored, *(reference.event_id for reference in new))
        profile = StoredProfile(
            tenant=user.tenant,
            user_id=user.user_id,
            prediction_version=stored.prediction_version + 1 if stored else 1,
            predicted=prediction.taste,
            references=prediction.references,
            applied_event_ids=self._applied_ids(stored, new_ids),
            model_version=model.model_version,
            updated_at=self._dependencies.clock(),
            subject_weight=prediction.weights.subject if prediction.weights else None,
            ranking_weights=prediction.weights.ranking if prediction.weights else None,
            predicted_subjects=subjects,
            synonyms=prediction.synonyms.words,
            stated_taste=prediction.stated,
            ignored_feedback=all_counts,
            ignored_at_prediction=all_counts,
            corrections=stored.corrections if stored else None,
            predicted_tastes=prediction.joint_tastes,
            thoughts=prediction.thoughts,
        )
        profile = self._with_history(profile, stored.history if stored else ())
        await self._put_joint_tastes(profile, stored)
        await self._dependencies.profiles.put(profile, vectors)
        self._metrics.updated.inc()
        # After the write, so that a retry does not count twice.
        self._count(counts)

    async def _put_joint_tastes(self, profile: StoredProfile, stored: StoredProfile | None) -> None:
        """Store the vectors of several tastes; a user with one taste costs no query."""
        if not profile.predicted_tastes and not (stored and stored.predicted_tastes):
            return
        embedder = self._dependencies.embedder
        tastes = [
            EmbeddedTaste(taste, await taste_vectors(taste.taste, embedder))
            for taste in profile.predicted_tastes
        ]
        await self._dependencies.profiles.put_joint(
            tastes, tenant=profile.tenant, user_id=profile.user_id
        )

    def _with_history(
        self, profile: StoredProfile, history: Sequence[TasteChange]
    ) -> StoredProfile:
        """The profile with a note of each statement that feedback on feeds overrules now."""
        if profile.stated_taste is None:
            return profile.model_copy(update={"history": tuple(history)})
        after = with_changes(
            history,
            stated=profile.corrected(profile.stated_taste.taste),
            current=profile.taste,
            references=profile.references,
            at=profile.updated_at,
        )
        new = [entry for entry in after if entry not in history]
        self._metrics.overruled_statements.inc(sum(e.kind == "overruled" for e in new))
        return profile.model_copy(update={"history": after})


def _weight_evidence(
    dependencies: Dependencies, *, references_per_side: int
) -> WeightEvidence | None:
    """None where images are ranked by the five elements alone."""
    encoded, image_store = dependencies.encoded_images, dependencies.image_store
    if encoded is None:
        return None
    return WeightEvidence(
        encoded,
        TenantImages(encoded, image_store),
        UnchosenImageReader(
            image_store, dependencies.impressions, references_per_side=references_per_side
        ),
    )
