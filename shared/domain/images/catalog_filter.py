"""Which images of the catalog a request wants; one pure function decides for every store."""

from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from shared.domain.images.catalog_entry import (
    MAX_TAGS,
    CatalogEntry,
    MetadataKey,
    MetadataNumber,
    MetadataScalar,
    Tag,
)
from shared.domain.requests.identifier import Identifier
from shared.domain.taste import Value
from shared.domain.times.planned_moment import PlannedMoment

MAX_AUTHORS: Final = 1_000
MAX_CONDITIONS: Final = 20
"""Conditions on metadata in one filter; all of them must hold."""
MAX_ALTERNATIVES: Final = 100

Tags = Annotated[tuple[Tag, ...], Field(max_length=MAX_TAGS, exclude_if=lambda tags: not tags)]
Authors = Annotated[
    tuple[Identifier, ...], Field(max_length=MAX_AUTHORS, exclude_if=lambda ids: not ids)
]


class _Condition(Value):
    """A value in which an unknown field is an error: ignoring it would let more images pass."""

    model_config = ConfigDict(extra="forbid")


class NumberRange(_Condition):
    """A range of numbers with one or two ends."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {end: {"type": "number"}}, "required": [end]}
                for end in ("gt", "gte", "lt", "lte")
            ]
        }
    )

    gt: Annotated[MetadataNumber | None, Field(exclude_if=lambda end: end is None)] = None
    """Greater than this."""
    gte: Annotated[MetadataNumber | None, Field(exclude_if=lambda end: end is None)] = None
    """Greater than or equal to this."""
    lt: Annotated[MetadataNumber | None, Field(exclude_if=lambda end: end is None)] = None
    """Less than this."""
    lte: Annotated[MetadataNumber | None, Field(exclude_if=lambda end: end is None)] = None
    """Less than or equal to this."""

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.gt is self.gte is self.lt is self.lte is None:
            raise ValueError("a range has no end; send gt, gte, lt or lte")
        return self

    def contains(self, value: MetadataScalar | None) -> bool:
        """Whether a value is a number within the range; truth values are no numbers."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return (
            (self.gt is None or value > self.gt)
            and (self.gte is None or value >= self.gte)
            and (self.lt is None or value < self.lt)
            and (self.lte is None or value <= self.lte)
        )


class MetadataCondition(_Condition):
    """A condition on one value of an image's metadata: exactly one of its three kinds.

    Texts are equal when all characters are. Numbers are compared as numbers: 2 equals 2.0. A truth
    value equals no number. An image without the key does not match.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"properties": {"equals": {"not": {"type": "null"}}}, "required": ["equals"]},
                {"properties": {"any_of": {"minItems": 1}}, "required": ["any_of"]},
                {"properties": {"range": {"type": "object"}}, "required": ["range"]},
            ]
        }
    )

    key: MetadataKey
    equals: Annotated[MetadataScalar | None, Field(exclude_if=lambda value: value is None)] = None
    """The value is this one."""
    any_of: Annotated[
        tuple[MetadataScalar, ...],
        Field(max_length=MAX_ALTERNATIVES, exclude_if=lambda values: not values),
    ] = ()
    """The value is one of these."""
    range: Annotated[NumberRange | None, Field(exclude_if=lambda range: range is None)] = None
    """The value is a number in this range."""

    @model_validator(mode="after")
    def _has_one_kind(self) -> Self:
        kinds = (self.equals is not None) + bool(self.any_of) + (self.range is not None)
        if kinds != 1:
            raise ValueError(f"{kinds} of equals, any_of and range are set; send exactly one")
        return self

    @property
    def alternatives(self) -> tuple[MetadataScalar, ...]:
        """The values of which one must be equal; empty for a range."""
        return self.any_of if self.equals is None else (self.equals,)

    def holds(self, value: MetadataScalar | None) -> bool:
        if self.range is not None:
            return self.range.contains(value)
        return any(is_equal(value, alternative) for alternative in self.alternatives)


class CatalogFilter(_Condition):
    """Conditions on the images of the catalog; all of them must hold. An empty list sets none.

    An unknown field is an error. An image without a value does not match a condition on it, except
    for `tags_none` and `not_author_ids`.
    """

    tags_any: Tags = ()
    """The image has at least one of these tags."""
    tags_all: Tags = ()
    """The image has all of these tags."""
    tags_none: Tags = ()
    """The image has none of these tags."""
    author_ids: Authors = ()
    """The image is by one of these authors."""
    not_author_ids: Authors = ()
    """The image is by none of these authors."""
    created_after: Annotated[
        PlannedMoment | None, Field(exclude_if=lambda moment: moment is None)
    ] = None
    """The image was created at this time or later."""
    created_before: Annotated[
        PlannedMoment | None, Field(exclude_if=lambda moment: moment is None)
    ] = None
    """The image was created before this time."""
    metadata: Annotated[
        tuple[MetadataCondition, ...],
        Field(max_length=MAX_CONDITIONS, exclude_if=lambda conditions: not conditions),
    ] = ()
    """Conditions on the image's metadata."""

    @model_validator(mode="after")
    def _can_match(self) -> Self:
        after, before = self.created_after, self.created_before
        if after is not None and before is not None and after >= before:
            raise ValueError("created_after is not before created_before; no image can match")
        return self

    def matches(self, image: CatalogEntry) -> bool:
        """Whether the image meets all conditions."""
        tags = frozenset(image.tags)
        return (
            (not self.tags_any or not tags.isdisjoint(self.tags_any))
            and tags.issuperset(self.tags_all)
            and tags.isdisjoint(self.tags_none)
            and (not self.author_ids or image.author_id in self.author_ids)
            and image.author_id not in self.not_author_ids
            and _is_within(image.created_at, self.created_after, self.created_before)
            and all(
                condition.holds(image.metadata.get(condition.key)) for condition in self.metadata
            )
        )


EVERY_IMAGE: Final = CatalogFilter()


def is_available(image: CatalogEntry, *, at: datetime) -> bool:
    """Whether the image may be shown at that time: from `available_from` until before the end."""
    begins, ends = image.available_from, image.available_until
    return (begins is None or begins <= at) and (ends is None or at < ends)


def is_equal(value: MetadataScalar | None, other: MetadataScalar) -> bool:
    """Whether two values of metadata are the same: `True` is not 1, and 2 is 2.0."""
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    return value == other


def _is_within(time: datetime | None, first: datetime | None, end: datetime | None) -> bool:
    if first is None and end is None:
        return True
    if time is None:
        return False
    return (first is None or first <= time) and (end is None or time < end)
