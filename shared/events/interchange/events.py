"""Build feedback and shown lists from the values of a row, with ids derived from the content."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.domain.errors import Unprocessable
from shared.domain.ids import derived_id
from shared.events.interchange.catalog_images import address_by_template
from shared.events.interchange.event_names import SKIP, normalized
from shared.events.interchange.fields import (
    given_id,
    identifier,
    position_of,
    valid,
    whole_number,
)
from shared.events.interchange.options import ImportOptions
from shared.events.interchange.values import ShownList, Skipped
from shared.events.types.feedback import Feedback


def feedback(
    name: object,
    *,
    user_id: str,
    image_id: str,
    occurred_at: datetime,
    options: ImportOptions,
    request_id: str | None = None,
    position: object = None,
    dwell_ms: object = None,
    uri: object = None,
    event_id: object = None,
) -> Feedback | Skipped:
    """The feedback of one action, or `Skipped` where its name is mapped to `skip`.

    Raises `Unprocessable` where the name has no mapping, or a value breaks the contract.
    """
    key = normalized(identifier(name, what="name of the event"))
    target = options.names.get(key)
    if target is None:
        raise Unprocessable(
            "unmapped_event",
            f"the event {str(name)[:80]!r} has no mapping; add --map {key}=TYPE, or {key}={SKIP}",
        )
    if target == SKIP:
        return Skipped(f"events named {key}")
    address = uri if isinstance(uri, str) and uri else None
    if address is None and target != "view":
        address = options.images.address(image_id)
        if address is None and options.uri_template is not None:
            address = address_by_template(options.uri_template, image_id)
    fields: dict[str, Any] = {
        "user_id": user_id,
        "tenant": options.tenant,
        "type": target,
        "image_id": image_id,
        "occurred_at": occurred_at,
        "request_id": request_id,
        "position": position_of(position),
        "dwell_ms": whole_number(dwell_ms),
        "uri": address,
    }
    fields["event_id"] = given_id(event_id) or feedback_id(**fields)
    return valid(Feedback, fields, options)


def feedback_id(
    *, tenant: str, user_id: str, type: str, image_id: str, occurred_at: datetime,
    request_id: str | None, **_: Any,
) -> UUID:  # fmt: skip
    """The id of imported feedback: the same row gives the same id, so it counts once.

    A view within a list counts once, whether the list or an impression of its own reports it:
    its time is no part of the id.
    """
    is_in_list = type == "view" and request_id is not None
    time = None if is_in_list else occurred_at.isoformat()
    return derived_id("imported-feedback", tenant, user_id, type, image_id, request_id, time)


def views_of(shown: ShownList, options: ImportOptions) -> Iterator[Feedback]:
    """The views of a list, with their positions from 1; none where the file reports them itself."""
    if shown.has_own_views:
        return
    for position, image_id in enumerate(shown.image_ids, start=1):
        fields: dict[str, Any] = {
            "user_id": shown.user_id, "tenant": shown.tenant, "type": "view",
            "image_id": image_id, "occurred_at": shown.occurred_at,
            "request_id": shown.request_id, "position": position,
        }  # fmt: skip
        yield valid(Feedback, fields | {"event_id": feedback_id(**fields)}, options)


def shown_list(
    image_ids: Sequence[object],
    *,
    user_id: str,
    request_id: str,
    occurred_at: datetime,
    options: ImportOptions,
    propensities: object = None,
    explored: object = None,
    has_own_views: bool = False,
) -> ShownList:
    """A ranked list, each image once; raises `Unprocessable` where it has no image.

    Propensities that are not one probability an image are left out: a wrong one would falsify
    every estimate.
    """
    ids = [identifier(image_id, what="id of a ranked item") for image_id in image_ids]
    places = list({image_id: place for place, image_id in reversed([*enumerate(ids)])}.values())
    places.sort()
    if not places:
        raise Unprocessable("empty_list", "the ranked list has no items")
    known = _probabilities(propensities, len(ids))
    flags = explored if isinstance(explored, list) and len(explored) == len(ids) else None
    shown = ShownList(
        options.tenant, user_id, request_id, occurred_at, tuple(ids[place] for place in places),
        tuple(known[place] for place in places) if known else (),
        tuple(bool(flags[place]) for place in places) if flags else (),
        has_own_views,
    )  # fmt: skip
    # The views are the check of the ids; a list with an invalid id is refused as a whole.
    for _ in views_of(replace(shown, has_own_views=False), options):
        pass
    return shown


def _probabilities(value: object, length: int) -> list[float] | None:
    if not isinstance(value, list) or len(value) != length:
        return None
    if not all(isinstance(p, int | float) and not isinstance(p, bool) for p in value):
        return None
    return [float(p) for p in value] if all(0 < p <= 1 for p in value) else None
