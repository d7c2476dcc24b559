"""Read User Behavior Insights: events and queries as JSON lines.

Version 1.3.0 of the specification (github.com/o19s/ubi, schema/1.3.0, February 2025), and the older
places of fields: 1.0 to 1.2, and `object_id` at the top. Events and queries may be in one file.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.events.interchange.events import feedback, shown_list
from shared.events.interchange.fields import identifier, optional_identifier, time_of
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.values import Imported, Row, Skipped

ABOUT_NO_ITEM: Final = "events about no object"
NO_RESULTS: Final = "queries without results"
OWN: Final = "preferstream"
"""Name of the object in which our own export keeps what UBI has no field for."""


def read(row: Row, options: ImportOptions) -> Iterator[Imported | Skipped]:
    """What one line becomes; raises `Unprocessable`."""
    fields = row.fields
    if "action_name" in fields:
        yield _event(fields, options)
    elif "query_response_hit_ids" in fields or "user_query" in fields:
        yield _query(fields, options)
    else:
        # Raises: neither an event nor a query.
        identifier(None, what="action_name, so that it is no event, and no user_query either")


def _event(fields: Mapping[str, Any], options: ImportOptions) -> Imported | Skipped:
    attributes = _object(fields.get("event_attributes"))
    item = _object(attributes.get("object"))
    own = _object(attributes.get(OWN))
    image_id = _first(item.get("object_id"), attributes.get("object_id"), fields.get("object_id"))
    if image_id is None:
        return Skipped(ABOUT_NO_ITEM)
    position = attributes.get("position", fields.get("position"))
    return feedback(
        fields.get("action_name"),
        user_id=_user(fields, options),
        image_id=image_id,
        occurred_at=time_of(fields.get("timestamp"), options),
        options=options,
        request_id=optional_identifier(fields.get("query_id")),
        position=position.get("ordinal") if isinstance(position, dict) else position,
        dwell_ms=_first_value(
            own.get("dwell_ms"), attributes.get("dwell_ms"), attributes.get("dwell_time")
        ),
        uri=_first_value(own.get("uri"), item.get("uri")),
        event_id=own.get("event_id"),
    )


def _query(fields: Mapping[str, Any], options: ImportOptions) -> Imported | Skipped:
    hits = fields.get("query_response_hit_ids")
    if not isinstance(hits, list) or not hits:
        return Skipped(NO_RESULTS)
    attributes = _object(fields.get("query_attributes"))
    own = _object(attributes.get(OWN))
    return shown_list(
        hits,
        user_id=_user(fields, options),
        request_id=identifier(fields.get("query_id"), what="query_id"),
        occurred_at=time_of(fields.get("timestamp"), options),
        options=options,
        propensities=_first_value(own.get("propensities"), attributes.get("propensities")),
        explored=own.get("explored"),
        has_own_views=own.get("has_own_views") is True,
    )


def _user(fields: Mapping[str, Any], options: ImportOptions) -> str:
    attributes = _object(fields.get("event_attributes")) or _object(fields.get("query_attributes"))
    client = optional_identifier(fields.get("client_id"))
    signed_in = _first(fields.get("user_id"), attributes.get("user_id"))
    chosen = (client, signed_in) if options.user_field == "client_id" else (signed_in, client)
    return identifier(chosen[0] or chosen[1], what="client_id and no user_id")


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(*values: object) -> str | None:
    return next((text for value in values if (text := optional_identifier(value))), None)


def _first_value(*values: object) -> object:
    return next((value for value in values if value is not None), None)
