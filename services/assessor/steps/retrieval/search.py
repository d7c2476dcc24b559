"""Find a shortlist: plan the searches for a user, read the catalog and merge the results."""

from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil
from typing import Final, Protocol

from services.assessor.config import AssessorSettings
from services.assessor.popularity.counts import Popularity
from services.assessor.steps.description_scoring import DescriptionScoring
from services.assessor.steps.reranking.seen_images import SeenImages
from services.assessor.steps.retrieval.catalog_reader import CatalogReader
from services.assessor.steps.retrieval.merging import Ranking, shortlisted
from services.assessor.steps.retrieval.queries import (
    Search,
    TasteExamples,
    searches,
    similar_search,
)
from services.assessor.steps.retrieval.reasons import (
    not_indexed,
    nothing_matches,
    unknown_image,
)
from services.assessor.steps.retrieval.shares import SIMILAR_ALONE, SourceShares, places
from services.assessor.steps.retrieval.shortlist import (
    RetrievedImage,
    Shares,
    Shortlist,
    ShortlistRequest,
)
from services.assessor.steps.retrieval.user_examples import UserExamples
from shared.domain.clock import Clock
from shared.domain.images.image_key import ImageKey
from shared.domain.subjects.corrections import StatedSubjects
from shared.domain.subjects.forms import subject_names
from shared.domain.weights.retrieval_weights import RetrievalWeights
from shared.embedding.protocol import Embedder
from shared.events.types.feed import Source
from shared.store.catalog.images import IMAGE_VECTOR
from shared.store.catalog.protocol import CatalogStore
from shared.store.catalog.queries import CatalogSelection
from shared.store.catalog.serving import Catalogs
from shared.store.protocol import ImpressionStore, StoredProfile

SPARE: Final = 2
"""Popular and new images that are read for each place: other sources may bring some of them."""


@dataclass(frozen=True)
class Plan:
    """The searches over vectors, and the share of each source."""

    searches: tuple[Search, ...]
    shares: Shares


class Examples(Protocol):
    """The examples of a user's tastes."""

    async def of(self, profile: StoredProfile | None) -> list[TasteExamples]: ...


class CatalogSearch:
    """Finds shortlists. Raises `Unavailable` when a store does not answer."""

    def __init__(
        self,
        catalogs: Catalogs,
        *,
        examples: Examples,
        popularity: Popularity,
        seen_images: SeenImages,
        shares: SourceShares,
        factors: RetrievalWeights,
        new_days: int,
        clock: Clock,
    ) -> None:
        self._catalogs = catalogs
        self._examples = examples
        self._popularity = popularity
        self._seen_images = seen_images
        self._shares = shares
        self._factors = factors
        self._new_age = timedelta(days=new_days)
        self._clock = clock

    async def find(self, request: ShortlistRequest) -> Shortlist:
        """The images for a request, at most `limit`; fewer where the catalog has no more.

        Images that the user has seen, liked or disliked are left out as long as there are enough
        others.
        """
        catalog = await self._catalogs.serving()
        plan = await self._plan(request, catalog)
        if isinstance(plan, str):
            return Shortlist(reason=plan)
        excluded = set(request.exclude_ids)
        if request.similar_to is not None:
            excluded.add(request.similar_to)
        known = await self._seen_images.ids(request.user) | reference_ids(request.profile)
        selection = CatalogSelection(
            request.user.tenant,
            request.filter,
            available_at=self._clock(),
            exclude_ids=frozenset(excluded | known),
            indexed_only=True,
        )
        images = await self._images(request, catalog, selection, plan, number=request.limit)
        if len(images) < request.limit and known - excluded:
            excluded |= {image.image_id for image in images}
            selection = replace(selection, exclude_ids=frozenset(excluded))
            images += await self._images(
                request, catalog, selection, plan, number=request.limit - len(images)
            )
        reason = None if images else await nothing_matches(catalog, selection)
        return Shortlist(tuple(images), plan.shares, reason)

    async def _plan(self, request: ShortlistRequest, catalog: CatalogStore) -> Plan | str:
        """The plan; a reason where the image that others should resemble is not known."""
        if request.similar_to is not None:
            key = ImageKey(request.user.tenant, request.similar_to)
            stored = (await catalog.get([key])).get(key)
            if stored is None:
                return unknown_image(request.similar_to)
            vector = (await catalog.vectors([key])).get(key, {}).get(IMAGE_VECTOR)
            if vector is None:
                return not_indexed(stored)
            return Plan((similar_search(vector, limit=request.limit),), SIMILAR_ALONE)
        tastes = await self._examples.of(request.profile)
        subjects = stated_subject_names(request.profile)
        shares = self._shares.for_taste(
            words=any(taste.has_words for taste in tastes),
            likes=any(taste.has_images for taste in tastes),
            subjects=bool(subjects),
        )
        planned = searches(
            tastes,
            shares=shares,
            weights=request.weights,
            factors=self._factors,
            limit=request.limit,
            subjects=subjects,
        )
        return Plan(planned, shares)

    async def _images(
        self,
        request: ShortlistRequest,
        catalog: CatalogStore,
        selection: CatalogSelection,
        plan: Plan,
        *,
        number: int,
    ) -> list[RetrievedImage]:
        """At most `number` images of the selection: first the sure ones, then the drawn ones.

        An image that was removed while the ids were read gives its place to another one.
        """
        reader = CatalogReader(catalog, selection, popularity=self._popularity, user=request.user)
        popular, new, explored = (
            plan.shares.get(source, 0.0) for source in ("popular", "new", "explored")
        )
        sure = await reader.sure(
            plan.searches,
            popular=SPARE * ceil(popular * number),
            new=SPARE * ceil(new * number),
            since=self._clock() - self._new_age,
        )
        rankings = [
            *sure.rankings,
            Ranking("popular", popular, sure.popular),
            Ranking("new", new, sure.new),
        ]
        by_queries = places([1 - explored, explored], number)[0]
        chosen = dict(shortlisted(rankings, limit=by_queries))
        draws = await reader.drawn(number - len(chosen), seed=request.seed, without=chosen)
        sources: dict[str, Source] = chosen | dict.fromkeys(draws, "explored")
        sources |= shortlisted(rankings, limit=number - len(sources), without=sources)
        stored = await reader.images(sources)
        if len(stored) < len(sources):
            others = shortlisted(rankings, limit=number - len(stored), without=sources)
            sources |= others
            stored |= await reader.images(name for name, _ in others)
        return [
            RetrievedImage(stored[name], source, draws.get(name, 1.0))
            for name, source in sources.items()
            if name in stored
        ]


def reference_ids(profile: StoredProfile | None) -> frozenset[str]:
    """The images that the user has liked or disliked."""
    if profile is None:
        return frozenset()
    return frozenset(reference.image_id for reference in profile.references)


def stated_subject_names(profile: StoredProfile | None) -> tuple[str, ...]:
    """The names in the catalog of what the user pinned or wrote as liked subjects."""
    if profile is None or profile.corrections is None:
        return ()
    liked = StatedSubjects.of(profile.corrections.entries).liked
    names = (name for word, weight in liked.items() if weight > 0 for name in subject_names(word))
    return tuple(dict.fromkeys(names))


def catalog_search(
    catalogs: Catalogs | None,
    *,
    description_scoring: DescriptionScoring,
    embedder: Embedder,
    popularity: Popularity,
    impressions: ImpressionStore,
    factors: RetrievalWeights,
    settings: AssessorSettings,
    clock: Clock,
) -> CatalogSearch | None:
    """The search by these settings; None without a catalog."""
    if catalogs is None:
        return None
    return CatalogSearch(
        catalogs,
        examples=UserExamples(catalogs, description_scoring, embedder),
        popularity=popularity,
        seen_images=SeenImages(impressions, days=settings.seen_days, clock=clock),
        shares=SourceShares(
            popular=settings.retrieval_popular_share,
            new=settings.retrieval_new_share,
            explored=settings.retrieval_explore_share,
        ),
        factors=factors,
        new_days=settings.new_days,
        clock=clock,
    )
