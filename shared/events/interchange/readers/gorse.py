"""Read what Gorse exports: users, items and feedback as JSON lines, CSV, or its binary dump.

JSON lines are those of `/api/bulk/*` of Gorse 0.5, CSV those of 0.2 to 0.4 (master/rest.go of
github.com/gorse-io/gorse); the dump is that of `/api/dump` (protocol/protocol.proto).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from shared.domain.errors import Unprocessable
from shared.events.interchange.catalog_images import catalog_image
from shared.events.interchange.event_names import normalized
from shared.events.interchange.events import feedback
from shared.events.interchange.fields import identifier, optional_time, time_of
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.values import Imported, Row, Skipped

_NOT_PROPERTIES = frozenset({"item_id", "is_hidden", "categories", "timestamp", "labels"})


def read(row: Row, options: ImportOptions) -> Iterator[Imported | Skipped]:
    """What one row becomes; raises `Unprocessable`."""
    # FeedbackType, feedback_type and time_stamp are names of different versions.
    fields = {normalized(name): value for name, value in row.fields.items()}
    fields.setdefault("timestamp", fields.pop("time_stamp", None))
    if "feedback_type" in fields:
        yield feedback(
            fields.get("feedback_type"),
            user_id=identifier(fields.get("user_id"), what="UserId"),
            image_id=identifier(fields.get("item_id"), what="ItemId"),
            occurred_at=time_of(fields.get("timestamp"), options),
            options=options,
        )
    elif "item_id" in fields:
        yield _item(fields, options)
    elif "user_id" in fields:
        yield Skipped("attributes of users")
    else:
        raise Unprocessable(
            "missing_field", "there is no FeedbackType, no ItemId and no UserId; is it from Gorse?"
        )


def _item(fields: Mapping[str, Any], options: ImportOptions) -> Imported | Skipped:
    if str(fields.get("is_hidden")).lower() == "true":
        return Skipped("hidden items")
    labels = _labels(fields.get("labels"))
    named = labels if isinstance(labels, dict) else {}
    comment = fields.get("comment") or fields.get("description")
    properties = {
        **{name: value for name, value in fields.items() if name not in _NOT_PROPERTIES},
        **({"comment": comment} if comment else {}),
        **named,
    }
    return catalog_image(
        identifier(fields.get("item_id"), what="ItemId"),
        properties,
        options=options,
        occurred_at=None,
        created_at=optional_time(fields.get("timestamp"), options),
        tags=[*_parts(fields.get("categories")), *(labels if isinstance(labels, list) else [])],
    )


def _labels(value: object) -> object:
    """Labels are JSON since 0.5, and texts with bars between them before."""
    if not isinstance(value, str):
        return value
    try:
        labels = json.loads(value)
    except (ValueError, RecursionError):
        return _parts(value)
    # A single label such as `2020` or `true` is JSON too.
    return labels if isinstance(labels, list | dict) else _parts(value)


def _parts(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [part for part in value.split("|") if part] if isinstance(value, str) else []
