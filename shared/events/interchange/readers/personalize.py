"""Read the CSV files of Amazon Personalize: item interactions, items and users.

The bulk format of the developer guide (docs.aws.amazon.com/personalize/latest/dg, "Preparing
training data", read in November 2026): a header in capitals, UTF-8, times in Unix seconds, and
vertical bars between the values of IMPRESSION and of categorical columns.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from shared.domain.errors import Unprocessable
from shared.events.interchange.catalog_images import catalog_image
from shared.events.interchange.event_names import normalized
from shared.events.interchange.events import feedback, shown_list
from shared.events.interchange.fields import identifier, optional_identifier, optional_time, time_of
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.values import Imported, Row, Skipped

WITHOUT_EVENT_TYPE: Final = "click"
"""EVENT_TYPE is optional in custom datasets; each interaction is positive there."""
_CATEGORIES: Final = ("category", "category_l1", "category_l2", "category_l3", "genres", "genre")


def read(row: Row, options: ImportOptions) -> Iterator[Imported | Skipped]:
    """What one row becomes: an interaction is preceded by the list that it names."""
    fields = row.fields
    if "user_id" in fields and "item_id" in fields:
        yield from _interaction(fields, options)
    elif "item_id" in fields:
        yield _item(fields, options)
    elif "user_id" in fields:
        yield Skipped("attributes of users")
    else:
        raise Unprocessable(
            "missing_field", "the header has neither USER_ID nor ITEM_ID; write the names of AWS"
        )


def _interaction(fields: Mapping[str, Any], options: ImportOptions) -> Iterator[Imported | Skipped]:
    user_id = identifier(fields.get("user_id"), what="USER_ID")
    occurred_at = time_of(fields.get("timestamp"), options)
    shown = [part for part in (fields.get("impression") or "").split("|") if part.strip()]
    request_id = optional_identifier(fields.get("recommendation_id"))
    if shown and request_id is None:
        # Rows of one list repeat it: each of them names the same list of the same user.
        request_id = f"impression-{sha256('|'.join(shown).encode()).hexdigest()[:32]}"
    image_id = identifier(fields.get("item_id"), what="ITEM_ID")
    name = fields.get("event_type") or WITHOUT_EVENT_TYPE
    # EVENT_VALUE is any number of the app; with --map NAME=dwell it is a duration.
    is_duration = options.names.get(normalized(name)) == "dwell"
    action = feedback(
        name,
        user_id=user_id,
        image_id=image_id,
        occurred_at=occurred_at,
        options=options,
        request_id=request_id,
        position=shown.index(image_id) + 1 if image_id in shown else None,
        dwell_ms=fields.get("event_value") if is_duration else None,
    )
    if shown and request_id is not None:
        yield shown_list(
            shown, user_id=user_id, request_id=request_id, occurred_at=occurred_at, options=options
        )
    yield action


def _item(fields: Mapping[str, Any], options: ImportOptions) -> Imported:
    tags = [tag for name in _CATEGORIES for tag in (fields.get(name) or "").split("|") if tag]
    return catalog_image(
        identifier(fields.get("item_id"), what="ITEM_ID"),
        {
            name: _number(value)
            for name, value in fields.items()
            if name not in ("item_id", "creation_timestamp", *_CATEGORIES)
        },
        options=options,
        occurred_at=None,
        created_at=optional_time(fields.get("creation_timestamp"), options),
        tags=tags,
    )


def _number(text: str) -> str | int | float:
    """A number as such, so that filters can compare it; `007` stays a text."""
    if re.fullmatch(r"-?(0|[1-9]\d{0,14})", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?(0|[1-9]\d{0,14})\.\d+", text) else text
