"""Translate the queries of the catalog into requests of Qdrant."""

from typing import Any, Final

import numpy as np
from qdrant_client.http.models import (
    ContextPair,
    DiscoverInput,
    DiscoverQuery,
    FeedbackItem,
    Filter,
    NaiveFeedbackStrategy,
    NaiveFeedbackStrategyParams,
    NearestQuery,
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
from shared.store.catalog.queries import CatalogQuery
from shared.store.catalog.query_kinds import AnyQuery, DiscoveryQuery, FeedbackQuery, LinearQuery
from shared.store.qdrant import VectorSizes

RESCORED: Final = SearchParams(
    quantization=QuantizationSearchParams(rescore=True, oversampling=2.0)
)
"""Compare quantized vectors first, and twice the limit of the best ones exactly."""


def query_request(query: AnyQuery, conditions: Filter, sizes: VectorSizes) -> QueryRequest:
    """The request of one query; `sizes` are the dimensions of the named vectors."""
    return QueryRequest(
        query=_query(query, sizes),
        using=COMBINED if isinstance(query, LinearQuery) else query.vector,
        filter=conditions,
        params=RESCORED,
        limit=query.limit,
        with_payload=True,
    )


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
