"""Find the examples of a query that are point ids, and replace them with vectors."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

Json = dict[str, Any]

EXAMPLE_FIELDS: Final = frozenset({"nearest", "positive", "negative", "target", "example"})
"""Fields of a query with one example, or a list of them."""


def example_ids(query: Json) -> list[int | str]:
    """The distinct point ids among the examples of a query and its prefetches."""
    stages = [query.get("query"), query.get("prefetch")]
    return list(dict.fromkeys(_ids(stages, is_example=False)))


def with_vectors_of(
    query: Json, vectors: Mapping[int | str, Sequence[float]], *, leave_out: bool
) -> Json:
    """The query with vectors in place of ids; `leave_out` keeps these points out of the result."""
    replaced = dict(query)
    for field in ("query", "prefetch"):
        if field in query:
            replaced[field] = _replaced(query[field], vectors, is_example=False)
    if leave_out:
        rules: Json = dict(query.get("filter") or {})
        excluded = rules.get("must_not") or []
        excluded = excluded if isinstance(excluded, list) else [excluded]
        replaced["filter"] = rules | {"must_not": [*excluded, {"has_id": list(vectors)}]}
    return replaced


def _ids(data: Any, *, is_example: bool) -> Iterator[int | str]:
    match data:
        case dict():
            for field, value in data.items():
                if field not in ("filter", "params"):
                    yield from _ids(value, is_example=field in EXAMPLE_FIELDS)
        case list() if not (is_example and data and isinstance(data[0], float)):
            for item in data:
                yield from _ids(item, is_example=is_example)
        case int() | str() if is_example:
            yield data


def _replaced(data: Any, vectors: Mapping[int | str, Sequence[float]], *, is_example: bool) -> Any:
    match data:
        case dict():
            return {
                field: value
                if field in ("filter", "params")
                else _replaced(value, vectors, is_example=field in EXAMPLE_FIELDS)
                for field, value in data.items()
            }
        case list() if not (is_example and data and isinstance(data[0], float)):
            return [_replaced(item, vectors, is_example=is_example) for item in data]
        case int() | str() if is_example:
            return vectors[data]
    return data
