"""Define the frozen value that grows from step to step, from the request to the ranking."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.assessor.deadline import Deadline
from services.assessor.steps.paging.feed_page import FeedPage
from services.assessor.steps.retrieval.shortlist import Shortlist
from shared.domain.joint_tastes import JointTaste
from shared.domain.subjects.words import ShownWord
from shared.domain.taste import Element, Taste
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.images.subject import no_vectors
from shared.embedding.protocol import Vectors
from shared.events import (
    AppliedRule,
    Candidate,
    ImageCandidates,
    ItemEvidence,
    RejectedItem,
    RulesPolicy,
)
from shared.events.types.feed import Demotion, Source, Status, Tier
from shared.images.loader import LoadedImage
from shared.store.protocol import StoredProfile
from shared.vlm.model_selection import SelectedModel
from shared.vlm.protocol import Scores

UNKNOWN_TASTE: Final = Taste()
NO_SCORE: Final = -1.0
"""The total of an image without scores: below every real total (0-25)."""


@dataclass(frozen=True)
class LoadedCandidate:
    """A candidate of the request and its image in memory."""

    candidate: Candidate
    image: LoadedImage
    source: Source | None = None
    """How the candidate came into the request; None without `from_catalog`."""
    retrieval_propensity: float = 1.0
    """Probability with which chance drew it from the catalog; 1 where none has."""
    is_listed: bool = True
    """Whether the request names it; else it comes from the catalog."""

    @property
    def image_id(self) -> str:
        return self.candidate.image_id


@dataclass(frozen=True)
class ScoredImage:
    """A loaded candidate with its element scores.

    It has none in the tiers `fallback` and `popularity`, and where it has, without the model, a
    vector and no description.
    """

    loaded_candidate: LoadedCandidate
    tier: Tier
    total: float = NO_SCORE
    """Weighted sum of the element scores, 0-25."""
    elements: Mapping[Element, float] | None = None
    """Score of each element, 0-5."""
    distributions: Scores | None = None
    """The model's probabilities of the digits; rationales are generated from them."""
    rationales: Mapping[Element, str] | None = None
    evidence: ItemEvidence | None = None
    """What speaks for and against the image, with the user's references."""
    subject: float | None = None
    """Score of what the image shows, 0-5; None where it does not count."""
    total_with_subject: float | None = None
    """Total and subject together, 0-25; None where the subject does not count."""
    popularity: float | None = None
    """How popular the image is with the tenant's other users, 0-5; None where it does not count."""
    total_with_popularity: float | None = None
    """The total by which the image ranks where popularity counts, 0-25."""
    subject_words: tuple[ShownWord, ...] = ()
    """Words for what the image shows, the narrowest first; empty where the encoder is not sure."""
    taste_id: str | None = None
    """The joint taste by which the image was scored; None for a user with one taste."""
    by_taste: tuple["ScoredImage", ...] = ()
    """The image scored by each joint taste; empty for a user with one taste."""
    demoted: tuple[Demotion, ...] = ()
    """Rules that placed the image lower than its total would."""
    moved_by_words: int = 0
    """Places by which words that the user stated or vetoed moved it; up if positive."""
    boost: float = 0.0
    """Points that rules of the shop add to the total by which the image is ranked."""
    rules: tuple[AppliedRule, ...] = ()
    """Rules of the shop that changed the rank of the image."""
    rank_without_rules: int | None = None
    """Rank without the rules of the shop; None where no rule applies."""
    propensity: float = 1.0
    """Probability of this rank for this image under the serving policy."""
    explored: bool = False
    """Whether exploration chose at random between this image and its neighbor."""

    @property
    def image_id(self) -> str:
        return self.loaded_candidate.image_id

    def with_fields(self, **fields: Any) -> "ScoredImage":
        """A copy with other values of some fields.

        `dataclasses.replace` calls the constructor with all fields, which takes six times as long;
        three steps copy each of 300 images.
        """
        copy = object.__new__(ScoredImage)
        copy.__dict__.update(self.__dict__)
        copy.__dict__.update(fields)
        return copy

    @property
    def own_total(self) -> float:
        """The total by the user's own taste: with the subject, where it counts."""
        return self.total if self.total_with_subject is None else self.total_with_subject

    @property
    def is_scored(self) -> bool:
        """Whether the user's taste gives the image a total."""
        return self.own_total != NO_SCORE

    @property
    def ranking_total(self) -> float:
        """The total by which images are ranked, with the points of boosts."""
        with_popularity = self.total_with_popularity
        return (self.own_total if with_popularity is None else with_popularity) + self.boost

    @property
    def content_hash(self) -> str:
        return self.loaded_candidate.image.content_hash


@dataclass(frozen=True)
class RankingState:
    """All data of one request; each step returns a copy with its own results added."""

    request: ImageCandidates
    request_hash: str
    """`ImageCandidates.request_hash`, computed once: 8 ms for images of 1 MB inside the event."""
    written_ms: int
    """Kafka timestamp of the request's record, in milliseconds."""
    deadline: Deadline
    serving: SelectedModel
    """The model that scores this request and that its feed names, even after another promotion."""
    profile: StoredProfile | None = None
    taste: Taste = UNKNOWN_TASTE
    """The user's taste; unknown without a profile, or with one that has no word."""
    joint_tastes: tuple[JointTaste, ...] = ()
    """The tastes of a user with several; empty for a user with one taste."""
    page: FeedPage | None = None
    """The page of the feed; None for a request that wants nothing of the catalog."""
    shortlist: Shortlist | None = None
    """What was found in the catalog; None for a request that wants nothing of it."""
    loaded_candidates: tuple[LoadedCandidate, ...] = ()
    """Candidates whose image could be loaded, the listed ones first, in their order."""
    rejected: tuple[RejectedItem, ...] = ()
    encoding: asyncio.Task[Mapping[str, Vectors]] | None = None
    """The vectors of the images and of the user's references by content hash, in work while the
    model scores; None where the subject does not count."""
    image_vectors: Mapping[str, Vectors] = field(default_factory=dict)
    """The result of `encoding`, as soon as a step has waited for it."""
    ranking_weights: RankingWeights | None = None
    """What the user goes by, elements and subject; None where the subject does not count."""
    popularity_weight: float | None = None
    """Share of popularity in the ranking; None where it does not count."""
    subject_probabilities: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Probabilities of the subjects that the user stated or vetoed, by content hash and word."""
    subject_background: Vectors = field(default_factory=no_vectors)
    """Other images of the tenant with which the subject was compared; (images, dimension)."""
    scored: tuple[ScoredImage, ...] = ()
    """One for each loaded candidate, in the order of the request; in a cold start, popular and
    varied images first."""
    ranked: tuple[ScoredImage, ...] = ()
    """The images of the feed, best first."""
    pinned_candidates: tuple[Candidate, ...] = ()
    """Images of the catalog that only a pin of the shop has brought into the request."""
    rules: RulesPolicy | None = None
    """The rules of the shop that were active; None where its tenant has none."""
    next_cursor: str | None = None
    """Where the next page starts; None after the last one."""
    status: Status = "ok"
    degraded_reason: str | None = None
    outage: str | None = None
    """Why the model gave no scores; None when it did."""

    @property
    def retrieval_problem(self) -> str | None:
        """Why the catalog gave the request no image; None where it gave some or none was wanted."""
        return None if self.shortlist is None else self.shortlist.reason

    @property
    def reason(self) -> str | None:
        """Why the feed is not what the request wants, of the catalog and of the model."""
        return "; ".join(filter(None, (self.retrieval_problem, self.degraded_reason))) or None

    @property
    def pinned_in(self) -> frozenset[str]:
        """Ids of the images that only a pin of the shop has brought into the request."""
        return frozenset(candidate.image_id for candidate in self.pinned_candidates)

    @property
    def subject_weight(self) -> float | None:
        """Share of the subject in the totals; None where it does not count."""
        return None if self.ranking_weights is None else self.ranking_weights.subject

    def taste_of(self, image: ScoredImage) -> Taste:
        """The taste by which an image was scored."""
        joint = (t.taste for t in self.joint_tastes if t.taste_id == image.taste_id)
        return next(joint, self.taste)


Step = Callable[[RankingState], Awaitable[RankingState | None]]
"""Adds its part to the state; None ends the request without a feed. Raises `Unavailable`."""
