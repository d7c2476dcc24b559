"""Translate a selection of catalog images into a filter of Qdrant."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from qdrant_client.http.models import (
    Condition,
    DatetimeRange,
    FieldCondition,
    Filter,
    HasIdCondition,
    HasVectorCondition,
    MatchAny,
    MatchValue,
    Range,
)

from shared.domain.ids import catalog_point_ids
from shared.domain.images.catalog_entry import MetadataScalar
from shared.domain.images.catalog_filter import CatalogFilter, MetadataCondition, NumberRange
from shared.store.catalog.combined import COMBINED
from shared.store.catalog.payload import SUBJECT_WORDS, metadata_field
from shared.store.catalog.queries import CatalogSelection


def qdrant_filter(selection: CatalogSelection) -> Filter:
    """The filter that matches exactly the images for which `selection.selects` is true."""
    must: list[Condition] = [_equals("tenant", selection.tenant), *_must(selection.filter)]
    must_not = _must_not(selection.filter)
    if selection.available_at is not None:
        must_not += _unavailable(selection.available_at)
    if selection.exclude_ids:
        points = _points(selection.tenant, selection.exclude_ids)
        must_not.append(HasIdCondition(has_id=list(points)))
    if selection.subject_words:
        must.append(_any_of(SUBJECT_WORDS, selection.subject_words))
    if selection.indexed_only:
        # The index has no payload index, and a payload from the disk for each point takes long.
        must.append(HasVectorCondition(has_vector=COMBINED))
    return Filter(must=must, must_not=must_not or None)


def _must(wanted: CatalogFilter) -> list[Condition]:
    conditions: list[Condition] = [_equals("tags", tag) for tag in wanted.tags_all]
    if wanted.tags_any:
        conditions.append(_any_of("tags", wanted.tags_any))
    if wanted.author_ids:
        conditions.append(_any_of("author_id", wanted.author_ids))
    if wanted.created_after is not None or wanted.created_before is not None:
        created = DatetimeRange(gte=wanted.created_after, lt=wanted.created_before)
        conditions.append(FieldCondition(key="created_at", range=created))
    return conditions + [_metadata(condition) for condition in wanted.metadata]


def _must_not(wanted: CatalogFilter) -> list[Condition]:
    conditions: list[Condition] = []
    if wanted.tags_none:
        conditions.append(_any_of("tags", wanted.tags_none))
    if wanted.not_author_ids:
        conditions.append(_any_of("author_id", wanted.not_author_ids))
    return conditions


def _unavailable(at: datetime) -> list[Condition]:
    """Both conditions are false for an image without the bound, so that it is available."""
    return [
        FieldCondition(key="available_from", range=DatetimeRange(gt=at)),
        FieldCondition(key="available_until", range=DatetimeRange(lte=at)),
    ]


def _metadata(condition: MetadataCondition) -> Condition:
    key = f"metadata.{metadata_field(condition.key)}"
    if condition.range is not None:
        return FieldCondition(key=key, range=_range(condition.range))
    return Filter(should=[_scalar(key, value) for value in condition.alternatives])


def _scalar(key: str, value: MetadataScalar) -> Condition:
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Qdrant's exact match reads 2 and 2.0 as two values; a range compares numbers.
        return FieldCondition(key=key, range=Range(gte=value, lte=value))
    return _equals(key, value)


def _range(ends: NumberRange) -> Range:
    return Range(gt=ends.gt, gte=ends.gte, lt=ends.lt, lte=ends.lte)


def _equals(key: str, value: str | bool) -> FieldCondition:
    return FieldCondition(key=key, match=MatchValue(value=value))


def _any_of(key: str, values: Sequence[str]) -> FieldCondition:
    return FieldCondition(key=key, match=MatchAny(any=list(values)))


@lru_cache(maxsize=8)
def _points(tenant: str, image_ids: frozenset[str]) -> tuple[str, ...]:
    """The ids of the points; kept for the next calls of one request."""
    return tuple(catalog_point_ids(tenant, sorted(image_ids)))


def among(conditions: Filter, tenant: str, image_ids: Sequence[str]) -> Filter:
    """The same conditions, and one of these images."""
    points: list[Any] = [*catalog_point_ids(tenant, image_ids)]
    return Filter(must=[HasIdCondition(has_id=points), conditions])
