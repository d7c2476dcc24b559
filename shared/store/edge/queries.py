"""Build the engine's queries: nearest, recommend, discover, context, feedback, MMR and fusion."""

from collections.abc import Mapping, Sequence
from typing import Any

import qdrant_edge as edge

from shared.store.edge.filters import filter_of

Json = Mapping[str, Any]
"""A query in the JSON form of Qdrant's REST interface, with a vector in place of each example."""


def query_of(data: Json, conditions: edge.Filter | None) -> edge.QueryRequest:
    """The engine's request with a filter; raises `ValueError` for a query that it does not
    support."""
    return edge.QueryRequest(
        limit=data["limit"],
        offset=data.get("offset"),
        query=_query(data.get("query"), data.get("using"), limit=data["limit"]),
        prefetches=_prefetches(data.get("prefetch")),
        with_payload=payload_of(data.get("with_payload", True)),
        with_vector=data.get("with_vectors", False),
        filter=conditions,
        score_threshold=data.get("score_threshold"),
        params=_params(data.get("params")),
    )


def payload_of(selection: bool | Sequence[str] | Json) -> Any:
    """Which payload fields a result has: all, none, these, or all but these."""
    if isinstance(selection, Mapping):
        return edge.PayloadSelector.Exclude(list(selection["exclude"]))
    return selection


def order_of(data: str | Json | None) -> edge.OrderBy | None:
    """The order of a scroll by a payload field with an index."""
    if data is None:
        return None
    if isinstance(data, str):
        return edge.OrderBy(data)
    direction = edge.Direction.Desc if data.get("direction") == "desc" else edge.Direction.Asc
    return edge.OrderBy(data["key"], direction, data.get("start_from"))


def _prefetches(data: Json | list[Json] | None) -> list[edge.Prefetch] | None:
    if not data:
        return None
    return [
        edge.Prefetch(
            limit=item.get("limit") or 10,
            query=_query(item.get("query"), item.get("using"), limit=item.get("limit") or 10),
            prefetches=_prefetches(item.get("prefetch")),
            params=_params(item.get("params")),
            filter=filter_of(item.get("filter")),
            score_threshold=item.get("score_threshold"),
        )
        for item in ([data] if isinstance(data, Mapping) else data)
    ]


def _query(data: Json | None, using: str | None, *, limit: int) -> Any:
    match data:
        case None:
            return None
        case {"nearest": vector, "mmr": mmr}:
            # The engine's lambda is the weight of relevance, the client's parameter of diversity.
            diversity = 0.5 if mmr.get("diversity") is None else mmr["diversity"]
            return edge.Mmr(
                _vector(vector), 1 - diversity, mmr.get("candidates_limit") or limit, using=using
            )
        case {"nearest": vector}:
            return edge.Query.Nearest(_vector(vector), using=using)
        case {"recommend": examples}:
            return _recommend(examples, using)
        case {"discover": {"target": target, "context": pairs}}:
            discover = edge.DiscoverQuery(_vector(target), _pairs(pairs))
            return edge.Query.Discover(discover, using=using)
        case {"context": pairs}:
            return edge.Query.Context(edge.ContextQuery(_pairs(pairs)), using=using)
        case {"relevance_feedback": feedback}:
            weights = feedback["strategy"]["naive"]
            items = [
                edge.FeedbackItem(_vector(item["example"]), item["score"])
                for item in feedback["feedback"]
            ]
            strategy = edge.NaiveFeedbackStrategy(weights["a"], weights["b"], weights["c"])
            return edge.Query.FeedbackNaive(
                edge.FeedbackNaiveQuery(_vector(feedback["target"]), items, strategy), using=using
            )
        case {"order_by": order}:
            return order_of(order)
        case {"sample": "random"}:
            return edge.Sample.Random
        case {"fusion": "dbsf"}:
            return edge.Fusion.Dbsf()
        case {"fusion": "rrf"}:
            return edge.Fusion.Rrf(2)
        case {"rrf": rrf}:
            return edge.Fusion.Rrf(rrf.get("k") or 2, rrf.get("weights"))
    raise ValueError(f"the embedded engine does not support the query {sorted(data)}")


def _recommend(examples: Json, using: str | None) -> Any:
    positive: list[Any] = [_vector(vector) for vector in examples.get("positive") or ()]
    negative: list[Any] = [_vector(vector) for vector in examples.get("negative") or ()]
    match examples.get("strategy"):
        case "best_score":
            return edge.Query.RecommendBestScore(edge.RecommendQuery(positive, negative), using)
        case "sum_scores":
            return edge.Query.RecommendSumScores(edge.RecommendQuery(positive, negative), using)
    if not positive:
        raise ValueError("recommend by the average vector needs a positive example")
    target = _mean(positive)
    if negative:
        target = [2 * p - n for p, n in zip(target, _mean(negative), strict=True)]
    return edge.Query.Nearest(target, using=using)


def _mean(vectors: Sequence[Sequence[float]]) -> list[float]:
    return [sum(values) / len(vectors) for values in zip(*vectors, strict=True)]


def _pairs(data: Json | Sequence[Json]) -> list[edge.ContextPair]:
    pairs = [data] if isinstance(data, Mapping) else data
    return [edge.ContextPair(_vector(p["positive"]), _vector(p["negative"])) for p in pairs]


def _vector(values: Sequence[float]) -> list[float]:
    return list(values)


def _params(data: Json | None) -> edge.SearchParams | None:
    if data is None:
        return None
    quantization = data.get("quantization")
    return edge.SearchParams(
        hnsw_ef=data.get("hnsw_ef"),
        exact=data.get("exact") or False,
        quantization=edge.QuantizationSearchParams(
            ignore=quantization.get("ignore") or False,
            rescore=quantization.get("rescore"),
            oversampling=quantization.get("oversampling"),
        )
        if quantization
        else None,
        indexed_only=data.get("indexed_only") or False,
    )
