"""Translate the queries of the catalog into requests of Qdrant."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from qdrant_client.http.models import (
    ContextPair,
    DatetimeRange,
    Direction,
    DiscoverInput,
    DiscoverQuery,
    FeedbackItem,
    FieldCondition,
    Filter,
    NaiveFeedbackStrategy,
    NaiveFeedbackStrategyParams,
    NearestQuery,
    OrderBy,
    OrderByQuery,
    QuantizationSearchParams,
    QueryRequest,
    RecommendInput,
    RecommendQuery,
    RecommendStrategy,
    RelevanceFeedbackInput,
    RelevanceFeedbackQuery,
    SearchParams,
)

from shared.embedding.protocol import Vectors
from shared.store.catalog.combined import COMBINED, combined_direction
from shared.store.catalog.images import unit
from shared.store.catalog.payload import PUBLISHED_AT
from shared.store.catalog.qdrant_filter import among, qdrant_filter
from shared.store.catalog.queries import CatalogQuery, CatalogSelection
from shared.store.catalog.query_kinds import (
    AmongQuery,
    AnyQuery,
    DiscoveryQuery,
    FeedbackQuery,
    IdQuery,
    LinearQuery,
    NewestQuery,
)
from shared.store.qdrant import VectorSizes

RESCORED_IMAGES: Final = 400
"""Images of each segment that a small search compares exactly: 400 exact products cost less than
the comparison of 10,000 quantized vectors."""
MIN_OVERSAMPLING: Final = 2.0
MAX_OVERSAMPLING: Final = 10.0
ONLY_ID: Final = ["image_id"]
"""The only field of the payload that a search for ids reads."""


def query_request(query: AnyQuery, conditions: Filter, sizes: VectorSizes) -> QueryRequest:
    """The request of one query; `sizes` are the dimensions of the named vectors."""
    return QueryRequest(
        query=_query(query, sizes),
        using=COMBINED if isinstance(query, LinearQuery) else query.vector,
        filter=conditions,
        params=rescored(query.limit),
        limit=query.limit,
        with_payload=True,
    )


def rescored(limit: int) -> SearchParams:
    """Compare quantized vectors first, and the best ones exactly: 2 to 10 times the limit.

    One bit a number orders neighbors roughly, which matters most for a short list.
    """
    oversampling = min(max(RESCORED_IMAGES / limit, MIN_OVERSAMPLING), MAX_OVERSAMPLING)
    return SearchParams(
        quantization=QuantizationSearchParams(rescore=True, oversampling=oversampling)
    )


def id_requests(
    searches: Sequence[tuple[CatalogSelection, IdQuery]], sizes: VectorSizes
) -> list[QueryRequest]:
    """The requests of searches for ids; searches with the same filter share one object."""
    filters: dict[CatalogSelection, Filter] = {}
    requests = []
    for selection, query in searches:
        is_by_vectors = not isinstance(query, NewestQuery | AmongQuery)
        if is_by_vectors:
            selection = without_index_condition(selection)
        if selection not in filters:
            filters[selection] = qdrant_filter(selection)
        requests.append(_id_request(query, filters[selection], selection.tenant, sizes))
    return requests


def without_index_condition(selection: CatalogSelection) -> CatalogSelection:
    """The selection of a query by vectors: only indexed images have them anyway."""
    return replace(selection, indexed_only=False)


def _id_request(
    query: IdQuery, conditions: Filter, tenant: str, sizes: VectorSizes
) -> QueryRequest:
    match query:
        case NewestQuery():
            since = FieldCondition(key=PUBLISHED_AT, range=DatetimeRange(gte=query.since))
            late_enough = conditions if query.since is None else Filter(must=[since, conditions])
            return QueryRequest(
                query=OrderByQuery(order_by=OrderBy(key=PUBLISHED_AT, direction=Direction.DESC)),
                filter=late_enough,
                limit=query.limit,
                with_payload=ONLY_ID,
            )
        case AmongQuery():
            return QueryRequest(
                filter=among(conditions, tenant, query.image_ids),
                limit=max(len(query.image_ids), 1),
                with_payload=ONLY_ID,
            )
    return query_request(query, conditions, sizes).model_copy(update={"with_payload": ONLY_ID})


def _query(query: AnyQuery, sizes: VectorSizes) -> Any:
    match query:
        case CatalogQuery():
            return RecommendQuery(
                recommend=RecommendInput(
                    positive=[_plain(example) for example in query.positive],
                    negative=[_plain(example) for example in query.negative],
                    strategy=RecommendStrategy(query.strategy),
                )
            )
        case DiscoveryQuery():
            pairs = [
                ContextPair(positive=_plain(positive), negative=_plain(negative))
                for positive, negative in query.context
            ]
            return DiscoverQuery(discover=DiscoverInput(target=_plain(query.target), context=pairs))
        case FeedbackQuery():
            weights = NaiveFeedbackStrategyParams(**query.weights.model_dump())
            return RelevanceFeedbackQuery(
                relevance_feedback=RelevanceFeedbackInput(
                    target=_plain(query.target),
                    feedback=[
                        FeedbackItem(example=_plain(example), score=score)
                        for example, score in query.feedback
                    ],
                    strategy=NaiveFeedbackStrategy(naive=weights),
                )
            )
        case LinearQuery():
            return NearestQuery(nearest=combined_direction(query.directions, sizes).tolist())


def _plain(example: Vectors) -> list[float]:
    values: list[float] = unit(np.asarray(example)).tolist()
    return values
