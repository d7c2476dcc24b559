"""The answer to a request: the images ranked, with scores and reasons, and what was refused."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import Element, Value
from shared.events.types.base import Event
from shared.events.types.candidates import MAX_CANDIDATES
from shared.events.types.fields import Identifier, Milliseconds, Text

Status = Literal["ok", "cold_start", "degraded"]
Tier = Literal["vlm", "embedding", "fallback"]
Demotion = Literal["seen", "author_cap", "diversity"]
ElementPoints = Annotated[float, Field(ge=0, le=5)]


class ElementAssessment(Value):
    """How one element of a candidate meets the taste: 0 disliked, 2 neither, 5 liked."""

    score: ElementPoints
    rationale: Text | None = None


class Assessment(Value):
    """All five elements of one candidate."""

    art_style: ElementAssessment
    color: ElementAssessment
    medium: ElementAssessment
    saturation: ElementAssessment
    detail: ElementAssessment

    def __getitem__(self, element: Element) -> ElementAssessment:
        assessment: ElementAssessment = getattr(self, element.value)
        return assessment


class RankedItem(Value):
    """One image of the feed, in its place, with why it is there."""

    image_id: Identifier
    rank: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)]
    score: Annotated[float, Field(ge=0, le=25)] | None
    """The five element scores summed, each times what it counts (`element_weights`); null in tier
    `fallback`, where nothing was assessed."""
    elements: Assessment | None
    propensity: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Probability that the image stood at this rank under the policy that served it."""
    explored: bool = False
    """Whether chance decided between this image and a neighbour."""
    tier: Tier
    demoted: Annotated[tuple[Demotion, ...], Field(exclude_if=lambda reasons: not reasons)] = ()
    """Why it stands lower than its score alone would place it; left out when it does not."""


class RejectedItem(Value):
    """One image that could not be ranked, and why, in words for a person."""

    image_id: Identifier
    reason: Text


class ServingPolicy(Value):
    """The rules that placed the images after they were scored; 0 is off."""

    explore_share: Annotated[float, Field(ge=0, le=1)]
    """Share of slates in which neighbours were swapped by chance (FairPairs)."""
    seen_days: Annotated[int, Field(ge=0)]
    """Days for which an image that the person has seen stands behind the others."""
    author_cap: Annotated[int, Field(ge=0)]
    """Images of one author before those of others."""
    diversity: Annotated[float, Field(ge=0, le=1)]
    """Share of likeness to the images above, against the score."""


class RankedFeed(Event):
    """`feed.ranked.v1`: the answer to one `image.candidates.v1`; its id is derived, so upsert."""

    event_type: ClassVar[str] = "feed.ranked.v1"

    request_id: Identifier
    status: Status
    degraded_reason: Text | None = None
    items: Annotated[tuple[RankedItem, ...], Field(max_length=MAX_CANDIDATES)]
    rejected: Annotated[tuple[RejectedItem, ...], Field(max_length=MAX_CANDIDATES)] = ()
    profile_version: Annotated[int, Field(ge=1)] | None
    """The profile it was ranked by; null when the user has none yet."""
    model_version: Identifier
    element_weights: Annotated[
        ElementWeights | None, Field(exclude_if=lambda weights: weights is None)
    ] = None
    """How much each element counts to this version, as people's clicks have told; left out where
    all count alike and a score is the plain sum."""
    variant: Identifier = "champion"
    latency_ms: dict[str, Milliseconds] = Field(default_factory=dict)
    """Milliseconds by stage: `queue`, `images`, `score`, `explain`, `total`."""
    policy: Annotated[ServingPolicy | None, Field(exclude_if=lambda policy: policy is None)] = None
    """How the order came about after scoring; left out by whoever places by score alone."""
