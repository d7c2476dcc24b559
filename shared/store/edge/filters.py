"""Build the engine's filters from the JSON form of Qdrant's REST interface."""

from collections.abc import Mapping
from typing import Any

import qdrant_edge as edge

Json = Mapping[str, Any]


def filter_of(data: Json | None) -> edge.Filter | None:
    """The engine's filter; raises `ValueError` for a condition that it does not support."""
    if data is None:
        return None
    at_least = data.get("min_should")
    return edge.Filter(
        must=_conditions(data.get("must")),
        should=_conditions(data.get("should")),
        must_not=_conditions(data.get("must_not")),
        min_should=edge.MinShould(_conditions(at_least["conditions"]) or [], at_least["min_count"])
        if at_least
        else None,
    )


def _conditions(data: Json | list[Json] | None) -> list[Any] | None:
    if data is None:
        return None
    return [_condition(item) for item in ([data] if isinstance(data, Mapping) else data)]


def _condition(data: Json) -> Any:
    match data:
        case {"has_id": ids}:
            return edge.HasIdCondition(set(ids))
        case {"has_vector": name}:
            return edge.HasVectorCondition(name)
        case {"is_empty": {"key": key}}:
            return edge.IsEmptyCondition(key)
        case {"is_null": {"key": key}}:
            return edge.IsNullCondition(key)
        case {"nested": {"key": key, "filter": inner}}:
            nested = filter_of(inner)
            assert nested is not None
            return edge.NestedCondition(key, nested)
        case {"key": key}:
            return edge.FieldCondition(key, **_field_test(data))
        case _ if data.keys() <= {"must", "should", "must_not", "min_should"}:
            return filter_of(data)
    raise ValueError(f"the embedded engine does not support the condition {dict(data)}")


def _field_test(data: Json) -> dict[str, Any]:
    tests: dict[str, Any] = {}
    for name, value in data.items():
        match name, value:
            case "key", _:
                pass
            case "match", _:
                tests["match"] = _match(value)
            case "range", _:
                is_time = any(isinstance(bound, str) for bound in value.values())
                tests["range"] = (edge.RangeDateTime if is_time else edge.RangeFloat)(**value)
            case "values_count", _:
                tests["values_count"] = edge.ValuesCount(**value)
            case (("is_empty" | "is_null"), _):
                tests[name] = value
            case _:
                raise ValueError(f"the embedded engine does not support the test {name!r}")
    return tests


def _match(data: Json) -> Any:
    match data:
        case {"value": value}:
            return edge.MatchValue(value)
        case {"any": values}:
            return edge.MatchAny(values)
        case {"except": values}:
            return edge.MatchExcept(values)
        case {"text": text}:
            return edge.MatchText(text)
        case {"text_any": text}:
            return edge.MatchTextAny(text)
        case {"phrase": text}:
            return edge.MatchPhrase(text)
        case {"prefix": text}:
            return edge.MatchPrefix(text)
        case {"substring": text}:
            return edge.MatchSubstring(text)
    raise ValueError(f"the embedded engine does not support the match {dict(data)}")
