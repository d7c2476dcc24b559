"""Read Metarank's history: item, user, ranking and interaction events as JSON lines.

The format of Metarank 0.7 (doc/event-schema.md and doc/timestamp-formats.md of
github.com/metarank/metarank). Older files name the kind of an event `metadata` or `impression`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.domain.errors import Unprocessable
from shared.events.interchange.catalog_images import catalog_image, has_address
from shared.events.interchange.events import feedback, shown_list
from shared.events.interchange.fields import identifier, optional_identifier, time_of
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.values import Imported, Row, Skipped


def read(row: Row, options: ImportOptions) -> Iterator[Imported | Skipped]:
    """What one line becomes; raises `Unprocessable`."""
    fields = row.fields
    match fields.get("event"):
        case "item" | "metadata":
            yield _item(fields, options)
        case "user":
            yield Skipped("attributes of users")
        case "ranking" | "impression":
            yield _ranking(fields, options)
        case "interaction":
            yield _interaction(fields, options)
        case None:
            raise Unprocessable("missing_field", "there is no field `event`")
        case other:
            raise Unprocessable(
                "unknown_kind",
                f"the event {str(other)[:80]!r} is none of item, user, ranking and interaction",
            )


def _item(fields: Mapping[str, Any], options: ImportOptions) -> Imported:
    """The image with the fields of this event, which may be a part of those of an earlier one."""
    image_id = identifier(fields.get("item"), what="item")
    values = _values(fields.get("fields"))
    known = options.images.image(image_id)
    earlier: dict[str, Any] = {}
    if known is not None:
        earlier = {**known.metadata, options.tags_field or "tags": list(known.tags)}
        if options.uri_template is None and not has_address(values, options):
            earlier[options.uri_field or "uri"] = known.uri
    return catalog_image(
        image_id,
        {**earlier, **values},
        options=options,
        occurred_at=time_of(fields.get("timestamp"), options, unit="ms"),
    )


def _ranking(fields: Mapping[str, Any], options: ImportOptions) -> Imported:
    items = fields.get("items")
    if not isinstance(items, list):
        raise Unprocessable("missing_field", "the ranking has no list `items`")
    values = _values(fields.get("fields"))
    return shown_list(
        [item.get("id") if isinstance(item, dict) else item for item in items],
        user_id=_user(fields),
        request_id=identifier(fields.get("id"), what="id of the ranking"),
        occurred_at=time_of(fields.get("timestamp"), options, unit="ms"),
        options=options,
        propensities=values.get("propensities"),
    )


def _interaction(fields: Mapping[str, Any], options: ImportOptions) -> Imported | Skipped:
    values = _values(fields.get("fields"))
    return feedback(
        fields.get("type"),
        user_id=_user(fields),
        image_id=identifier(fields.get("item"), what="item"),
        occurred_at=time_of(fields.get("timestamp"), options, unit="ms"),
        options=options,
        request_id=optional_identifier(fields.get("ranking")),
        position=values.get("position"),
        dwell_ms=values.get("dwell_ms"),
    )


def _user(fields: Mapping[str, Any]) -> str:
    """The visitor; without one the session, as Metarank itself keeps state for both."""
    user = optional_identifier(fields.get("user")) or optional_identifier(fields.get("session"))
    return identifier(user, what="user and no session")


def _values(fields: object) -> dict[str, Any]:
    """Metarank's list of named values as a mapping; a mapping is read as it is."""
    if isinstance(fields, dict):
        return fields
    pairs = fields if isinstance(fields, list) else []
    return {
        pair["name"]: pair.get("value")
        for pair in pairs
        if isinstance(pair, dict) and isinstance(pair.get("name"), str)
    }
