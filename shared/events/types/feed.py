"""The answer to a request: the ranked images with scores and rationales, and the rejected ones."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from shared.domain.element_weights import ElementWeights
from shared.domain.joint_tastes import TasteId
from shared.domain.requests.request_key import RequestKey
from shared.domain.subjects.words import ShownWord
from shared.domain.taste import Element, Value
from shared.domain.weights.ranking_weights import RankingWeights
from shared.events.types.base import UserEvent
from shared.events.types.candidates import MAX_CANDIDATES, ImageCandidates, RejectedItem
from shared.events.types.catalog import Cursor
from shared.events.types.evidence import ItemEvidence
from shared.events.types.fields import Identifier, ImageUri, Milliseconds, ProfileVersion, Text

Status = Literal["ok", "cold_start", "degraded"]
Tier = Literal["vlm", "embedding", "fallback", "popularity"]
Source = Literal["listed", "taste", "likes", "similar", "popular", "new", "explored"]
Demotion = Literal["seen", "author_cap", "diversity"]
RuleKind = Literal["pin", "cap", "boost"]
MAX_RULES_OF_AN_IMAGE: Final = 150
ElementPoints = Annotated[float, Field(ge=0, le=5)]
Score = Annotated[float, Field(ge=0, le=25)]


class ElementAssessment(Value):
    """Score of one element against the profile (0 disliked, 2 neutral, 5 liked), with rationale."""

    score: ElementPoints
    rationale: Text | None = None


class Assessment(Value):
    """The assessment of one candidate on all five elements."""

    art_style: ElementAssessment
    color: ElementAssessment
    medium: ElementAssessment
    saturation: ElementAssessment
    detail: ElementAssessment

    def __getitem__(self, element: Element) -> ElementAssessment:
        assessment: ElementAssessment = getattr(self, element.value)
        return assessment


class AppliedRule(Value):
    """A rule of the shop's rules file that changed the rank of an image."""

    kind: RuleKind
    """`pin`: the image has a fixed place. `cap`: enough images of its tag or author come before
    it. `boost`: points were added to its total."""
    name: Identifier
    """Name of the rule in the rules file."""
    points: Annotated[float | None, Field(exclude_if=lambda points: points is None)] = None
    """Points that a boost added to the total by which images are ranked, on the scale 0-25. `score`
    and `score_total` are without them."""


class RankedItem(Value):
    """One image of the feed with its rank, its score and the reasons for its rank."""

    image_id: Identifier
    rank: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)]
    score: Score | None
    """Weighted sum of the five element scores (`element_weights`), 0-25. Null where no element was
    assessed: in the tiers `fallback` and `popularity`, and without the model for an image that has
    no description and is ranked by `subject` alone."""
    elements: Assessment | None
    subject: Annotated[ElementPoints | None, Field(exclude_if=lambda points: points is None)] = None
    """Score of what the image shows, by its similarity to the user's references: 0 like the
    disliked ones, 2.5 between both, 5 like the liked ones. Absent where it does not count."""
    score_total: Annotated[Score | None, Field(exclude_if=lambda total: total is None)] = None
    """Elements and subject together, 0-25: the rank follows it, before `moved_by_words` and
    `rules`. It is five times the sum of each score, 0-5, multiplied with its share in
    `ranking_weights`. Absent with `subject`."""
    popularity: Annotated[ElementPoints | None, Field(exclude_if=lambda points: points is None)] = (
        None
    )
    """How popular the image is with the tenant's other users: 2.5 like their average image, 5 like
    the most popular ones. The rank then follows `(1 - w) total + w 5 popularity`: w is
    `popularity_weight`, and the total is `score_total` or else `score`. In a cold start there is no
    total: popular images come first, and the feed is made varied. Absent where popularity does not
    count."""
    subject_words: Annotated[
        tuple[ShownWord, ...], Field(max_length=8, exclude_if=lambda words: not words)
    ] = ()
    """Broad words for what the image shows, the narrowest first: `bird`, `animal`. Absent where the
    image encoder is not sure, which holds for most drawings and paintings."""
    taste_id: Annotated[TasteId | None, Field(exclude_if=lambda taste_id: taste_id is None)] = None
    """The taste of `profile.updated.v1` (`tastes`) that the image fits best; its scores are by that
    taste. Absent for a user with one taste."""
    propensity: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Probability of this rank for this image under the serving policy."""
    explored: bool = False
    """Whether exploration chose at random between this image and its neighbor."""
    tier: Tier
    """How the image was ranked: `vlm` by the model, `embedding` without it by its stored
    description, by the similarity of its vector to those of the references or by a subject that the
    user pinned or wrote, `popularity` by what the tenant's users like (cold start), `fallback` by
    nothing."""
    source: Annotated[Source | None, Field(exclude_if=lambda source: source is None)] = None
    """How the image came into the feed of a request with `from_catalog`: `listed` by the request;
    found in the catalog by the user's taste in words (`taste`), by the references (`likes`), by its
    likeness to `similar_to` (`similar`), by what the tenant's users like (`popular`), because it is
    `new`, or by chance (`explored`). Absent in other feeds, and for an image that only a `pin` of
    the shop has brought in."""
    retrieval_propensity: Annotated[
        float, Field(gt=0, le=1, exclude_if=lambda propensity: propensity == 1)
    ] = 1.0
    """Probability with which this image of the catalog was drawn into the feed; absent where it is
    1, which holds for all images that no chance has chosen."""
    uri: Annotated[ImageUri | None, Field(exclude_if=lambda uri: uri is None)] = None
    """Address of an image of the catalog that the request has not listed. Absent for listed images,
    whose addresses are in the request, and for `data:` addresses, which are whole images."""
    demoted: Annotated[tuple[Demotion, ...], Field(exclude_if=lambda reasons: not reasons)] = ()
    """Why reranking placed the image lower than its score; absent when it did not."""
    moved_by_words: Annotated[
        int, Field(ge=-MAX_CANDIDATES, le=MAX_CANDIDATES, exclude_if=lambda places: places == 0)
    ] = 0
    """Places by which words that the user pinned, wrote or vetoed moved the image past others: up
    if positive. Absent where they moved it nowhere."""
    rules: Annotated[
        tuple[AppliedRule, ...],
        Field(max_length=MAX_RULES_OF_AN_IMAGE, exclude_if=lambda rules: not rules),
    ] = ()
    """Rules of the shop that changed the rank of this image; absent where none did. Clicks on an
    image with a `pin` or a `boost` teach no taste by its rank."""
    rank_without_rules: Annotated[
        int | None, Field(ge=1, le=MAX_CANDIDATES, exclude_if=lambda rank: rank is None)
    ] = None
    """The rank that the image would have without the rules of the shop, before exploration; it may
    lie beyond the end of the feed. Only with `rules`, and absent for an image that only its pin
    brought into the feed."""
    evidence: Annotated[
        ItemEvidence | None, Field(exclude_if=lambda evidence: evidence is None)
    ] = None
    """What speaks for and against the image, with the user's own references. Among the images that
    `explain` selects; absent where nothing is known that explains the score."""


class RetrievalPolicy(Value):
    """How the images of a feed were found in the catalog."""

    shares: Mapping[Source, Annotated[float, Field(ge=0, le=1)]]
    """Largest share of the images that each source may fill, 0-1; the shares add up to 1. A source
    that finds less leaves its places to the others."""


class RulesPolicy(Value):
    """The rules of the shop that were active for a feed."""

    version: Annotated[Identifier | None, Field(exclude_if=lambda version: version is None)] = None
    """`version` of the rules file; absent where the file names none."""
    digest: Identifier
    """Hash of the content of the rules file."""
    active: Annotated[tuple[Identifier, ...], Field(max_length=1_000)]
    """Names of the tenant's rules, in the order of the file."""


class ServingPolicy(Value):
    """The reranking rules that were applied after scoring; 0 means off."""

    explore_share: Annotated[float, Field(ge=0, le=1)]
    """Share of slates in which neighbors were swapped at random (FairPairs)."""
    seen_days: Annotated[int, Field(ge=0)]
    """Days for which an image that the user has seen is ranked behind unseen ones."""
    author_cap: Annotated[int, Field(ge=0)]
    """Largest number of images of one author; further ones are ranked behind other authors."""
    diversity: Annotated[float, Field(ge=0, le=1)]
    """Weight of similarity to higher-ranked images against the score (MMR), 0-1."""
    retrieval: Annotated[
        RetrievalPolicy | None, Field(exclude_if=lambda retrieval: retrieval is None)
    ] = None
    """How images were found in the catalog; absent where all candidates were listed."""
    rules: Annotated[RulesPolicy | None, Field(exclude_if=lambda rules: rules is None)] = None
    """The rules of the shop; absent where its tenant has none."""


class RankedFeed(UserEvent):
    """`feed.ranked.v1`: answer to an `image.candidates.v1`. Its id is derived; upsert by it."""

    event_type: ClassVar[str] = "feed.ranked.v1"

    request_id: Identifier
    status: Status
    degraded_reason: Text | None = None
    items: Annotated[tuple[RankedItem, ...], Field(max_length=MAX_CANDIDATES)]
    rejected: Annotated[tuple[RejectedItem, ...], Field(max_length=MAX_CANDIDATES)] = ()
    profile_version: ProfileVersion | None
    """Version of the profile that was used; null when the user has no profile yet."""
    model_version: Identifier
    element_weights: Annotated[
        ElementWeights | None, Field(exclude_if=lambda weights: weights is None)
    ] = None
    """Weights of the elements, learned from clicks. Absent when all are 1 and a score is the plain
    sum."""
    subject_weight: Annotated[
        float | None, Field(ge=0, le=1, exclude_if=lambda weight: weight is None)
    ] = None
    """Share of the subject in `score_total`, as in `ranking_weights`. Absent when images are ranked
    by their look alone."""
    ranking_weights: Annotated[
        RankingWeights | None, Field(exclude_if=lambda weights: weights is None)
    ] = None
    """What this user goes by: the shares of the five elements and of the subject in `score_total`,
    0-1, with the sum 1. Learned from what separates the images that the user liked from others.
    Absent with `subject_weight`."""
    popularity_weight: Annotated[
        float | None, Field(ge=0, le=1, exclude_if=lambda weight: weight is None)
    ] = None
    """Share of `popularity` in the ranking of a user with few references. It falls with each of
    them and is absent from 20 on, and where no other user of the tenant has viewed an image of the
    feed. In a cold start it is the share that the user's own likes and dislikes leave: 1 without
    any; it is absent where a subject that the user pinned or wrote decides the order."""
    variant: Identifier = "champion"
    latency_ms: dict[str, Milliseconds] = Field(default_factory=dict)
    """Milliseconds by stage: `queue`, `retrieval`, `images`, `score`, `popularity`, `subject`,
    `explain`, `evidence`, `total`."""
    policy: Annotated[ServingPolicy | None, Field(exclude_if=lambda policy: policy is None)] = None
    """The reranking rules of this feed; absent when images are ranked by score alone."""
    request_hash: Annotated[
        Identifier | None, Field(exclude_if=lambda request_hash: request_hash is None)
    ] = None
    """Hash of the request without its event id and time. Feeds with one `request_id` and different
    hashes answer different requests. Absent in feeds from before this field existed."""

    next_cursor: Annotated[Cursor | None, Field(exclude_if=lambda cursor: cursor is None)] = None
    """Send it as `from_catalog.cursor` for the next page: no image comes twice. Absent in feeds
    without a catalog, and where the catalog has no further image for the user."""

    @property
    def request_key(self) -> RequestKey:
        return RequestKey(self.tenant, self.user_id, self.request_id)

    def answers(self, request: ImageCandidates) -> bool:
        """Whether this is the feed of that request: the same user, id and content."""
        return self.request_key == request.request_key and (
            self.request_hash is None or self.request_hash == request.request_hash()
        )
