"""Define the rules of a shop: pins, caps and boosts, by tenant."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from shared.domain.images.catalog_entry import Tag
from shared.domain.images.catalog_filter import EVERY_IMAGE, CatalogFilter
from shared.domain.requests.identifier import Identifier
from shared.domain.taste import Value
from shared.events.types.candidates import MAX_CANDIDATES

MAX_RULES: Final = 50
"""Rules of one kind of a tenant: each request looks at all of them."""
MAX_POINTS: Final = 25.0
"""The largest total; a boost of it moves an image before all others."""


class _Part(Value):
    """A part of the rules file; an unknown field is an error, since it would change nothing."""

    model_config = ConfigDict(extra="forbid")


class _Rule(_Part):
    """A rule with a name."""

    name: Identifier
    """Name of the rule, shown in feeds."""


class Pin(_Rule):
    """Put one image, or the best image with a tag, at a fixed place of the first page."""

    place: Annotated[int, Field(ge=1, le=MAX_CANDIDATES)]
    """Rank in the feed, from 1. A pin beyond the end of a feed does nothing."""
    image_id: Identifier | None = None
    """The image. Either this or `tag`."""
    tag: Tag | None = None
    """The best image for the user that has this tag in the catalog. Either this or `image_id`."""
    unless_seen: bool = False
    """Whether the pin leaves out images that the user has seen (`PREFERSTREAM_SEEN_DAYS`)."""

    @model_validator(mode="after")
    def _pins_one_thing(self) -> Self:
        if (self.image_id is None) == (self.tag is None):
            raise ValueError("a pin needs exactly one of image_id and tag")
        return self


class Cap(_Rule):
    """Rank images beyond a number of the same tag or author behind all others of a page."""

    most: Annotated[int, Field(ge=0, le=MAX_CANDIDATES)]
    """Largest number of these images before other images; 0 ranks all of them behind."""
    tag: Tag | None = None
    """Images with this tag. Exactly one of `tag`, `author_id`, `each_tag` and `each_author`."""
    author_id: Identifier | None = None
    """Images of this author."""
    each_tag: bool = False
    """Images of each tag, counted by tag."""
    each_author: bool = False
    """Images of each author, counted by author."""

    @model_validator(mode="after")
    def _caps_one_group(self) -> Self:
        groups = (self.tag is not None, self.author_id is not None, self.each_tag, self.each_author)
        if sum(groups) != 1:
            raise ValueError("a cap needs exactly one of tag, author_id, each_tag and each_author")
        return self

    def groups(self, *, tags: Iterable[str], author_id: str | None) -> tuple[str, ...]:
        """The groups of this cap to which an image belongs; empty where the cap ignores it."""
        if self.each_tag:
            return tuple(dict.fromkeys(tags))
        if self.tag is not None:
            return (self.tag,) if self.tag in tags else ()
        if author_id is None or not (self.each_author or author_id == self.author_id):
            return ()
        return (author_id,)


class Boost(_Rule):
    """Add points to the total of images that meet conditions, such as `sale = true`."""

    points: Annotated[float, Field(ge=-MAX_POINTS, le=MAX_POINTS)]
    """Points added to the total, on its scale 0-25; negative points rank an image lower."""
    when: CatalogFilter
    """Conditions on tags, author, time of creation and metadata, as in `from_catalog.filter`."""

    @model_validator(mode="after")
    def _changes_an_order(self) -> Self:
        if self.when == EVERY_IMAGE:
            raise ValueError("a boost of all images changes no order; add a condition to `when`")
        if self.points == 0:
            raise ValueError("a boost of 0 points changes no order; set points, or remove the rule")
        return self


class TenantRules(_Part):
    """The rules of one tenant."""

    pins: Annotated[tuple[Pin, ...], Field(max_length=MAX_RULES)] = ()
    caps: Annotated[tuple[Cap, ...], Field(max_length=MAX_RULES)] = ()
    boosts: Annotated[tuple[Boost, ...], Field(max_length=MAX_RULES)] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all rules: pins, caps, boosts."""
        rules: tuple[_Rule, ...] = (*self.pins, *self.caps, *self.boosts)
        return tuple(rule.name for rule in rules)

    @model_validator(mode="after")
    def _can_all_apply(self) -> Self:
        _refuse_repeated(self.names, "rules have the name")
        _refuse_repeated((pin.place for pin in self.pins), "pins have the place")
        images = [pin.image_id for pin in self.pins if pin.image_id is not None]
        _refuse_repeated(images, "pins are for the image")
        return self


class Policy(_Part):
    """The content of a rules file."""

    version: Identifier | None = None
    """The shop's own name of this version, shown in feeds."""
    tenants: Annotated[Mapping[Identifier, TenantRules], Field(max_length=10_000)] = {}
    """Rules by tenant; a tenant without a section has no rules."""


def _refuse_repeated(values: Iterable[object], problem: str) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            raise ValueError(f"{count} {problem} {value!r}; use each once")


NO_RULES: Final = TenantRules()
