"""Calls of Qdrant's client are translated for the embedded engine, or refused by name."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qdrant_client.http import models as m

from shared.store.edge.examples import example_ids, with_vectors_of
from shared.store.edge.filters import filter_of
from shared.store.edge.queries import query_of
from shared.store.edge.translation import (
    collection_config,
    plain_points,
    plain_query,
    record,
    selector,
)

COSINE = m.VectorParams(size=2, distance=m.Distance.COSINE)


def test_a_collection_keeps_its_options_and_options_of_clusters_are_ignored() -> None:
    quantization = m.ScalarQuantization(
        scalar=m.ScalarQuantizationConfig(type=m.ScalarType.INT8, always_ram=True)
    )
    config = collection_config(
        {"image": COSINE},
        {
            "replication_factor": 2,
            "on_disk_payload": None,
            "quantization_config": quantization,
            "optimizers_config": m.OptimizersConfigDiff(indexing_threshold=5),
        },
    )
    assert config == {
        "vectors": {"image": {"size": 2, "distance": "Cosine"}},
        "quantization_config": {"scalar": {"type": "int8", "always_ram": True}},
        "optimizers": {"indexing_threshold": 5},
    }
    assert collection_config(COSINE, {})["vectors"] == {"": {"size": 2, "distance": "Cosine"}}
    assert collection_config(None, {})["vectors"] == {}


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_vector_with_a_number_that_is_not_finite_is_refused(number: float) -> None:
    point = m.PointStruct(id=1, vector={"image": [1.0, number]})
    with pytest.raises(ValueError, match="'image' has a number that is not finite"):
        plain_points([point])


UNSUPPORTED: dict[str, tuple[Callable[[], Any], str]] = {
    "sparse vectors": (
        lambda: collection_config(None, {"sparse_vectors_config": {"s": m.SparseVectorParams()}}),
        "does not support sparse_vectors_config",
    ),
    "a batch": (
        lambda: plain_points(m.Batch(ids=[1], vectors=[[1.0]])),
        "a list of points, not a batch",
    ),
    "a place": (
        lambda: filter_of({"must": [{"key": "at", "geo_radius": {"radius": 1.0}}]}),
        "does not support the test 'geo_radius'",
    ),
    "an unknown condition": (
        lambda: filter_of({"must": [{"slice": 1}]}),
        "does not support the condition",
    ),
    "a formula": (
        lambda: query_of({"limit": 1, "query": {"formula": {}}}, None),
        r"does not support the query \['formula'\]",
    ),
    "recommend without likes": (
        lambda: query_of({"limit": 1, "query": {"recommend": {"negative": [[1.0]]}}}, None),
        "needs a positive example",
    ),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_the_engine_lacks_is_refused_by_name(name: str) -> None:
    call, message = UNSUPPORTED[name]
    with pytest.raises(ValueError, match=message):
        call()


def test_examples_are_ids_or_vectors_in_every_part_of_a_query() -> None:
    recommend = m.RecommendInput.model_validate({"positive": [1, [0.5, 0.5]], "negative": ["a-b"]})
    query = plain_query(
        query=m.RecommendQuery(recommend=recommend),
        prefetch=[m.Prefetch(query=7, limit=3), m.Prefetch(query=[1.0, 0.0])],
        query_filter=m.Filter(must_not=[m.HasIdCondition(has_id=[9])]),
    )
    assert example_ids(query) == [1, "a-b", 7]
    vectors: dict[int | str, list[float]] = {1: [1.0, 0.0], "a-b": [0.0, 1.0], 7: [0.7, 0.7]}
    complete = with_vectors_of(query, vectors, leave_out=True)
    assert complete["query"]["recommend"] == {
        "positive": [[1.0, 0.0], [0.5, 0.5]],
        "negative": [[0.0, 1.0]],
    }
    assert [stage["query"]["nearest"] for stage in complete["prefetch"]] == [[0.7, 0.7], [1.0, 0.0]]
    assert complete["filter"] == {"must_not": [{"has_id": [9]}, {"has_id": [1, "a-b", 7]}]}
    assert with_vectors_of(query, vectors, leave_out=False)["filter"] == query["filter"]


def test_points_are_selected_by_id_or_filter() -> None:
    rule = m.Filter(must=[m.FieldCondition(key="tenant", match=m.MatchValue(value="t"))])
    plain = {"filter": {"must": [{"key": "tenant", "match": {"value": "t"}}]}}
    assert selector([1, "a"]) == selector(m.PointIdsList(points=[1, "a"])) == {"ids": [1, "a"]}
    assert selector(rule) == selector(m.FilterSelector(filter=rule)) == plain


def test_vectors_arrive_as_arrays_that_numpy_reads_without_a_copy() -> None:
    ((_, vectors, _),) = plain_points([m.PointStruct(id=1, vector={"image": [0.5, 0.25]})])
    point = record((1, None, vectors))
    assert isinstance(point.vector, dict)
    array = np.asarray(point.vector["image"], np.float32)
    assert array.tolist() == [0.5, 0.25]
    assert array.base is not None
    assert record((1, None, None)).vector is None
