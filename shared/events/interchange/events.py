"""Build our events from the values of a row, with ids derived from the content."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote
from uuid import UUID

from pydantic import ValidationError

from shared.domain.errors import Unprocessable
from shared.domain.ids import derived_id
from shared.domain.images.catalog_entry import MAX_METADATA, MAX_SAFE_INTEGER, MAX_TAGS
from shared.events.interchange.event_names import SKIP, normalized
from shared.events.interchange.options import ADDRESS_FIELDS, ImportOptions
from shared.events.interchange.times import NoTime, Unit, parse_time
from shared.events.interchange.values import ShownList, Skipped
from shared.events.types.catalog import CatalogImage
from shared.events.types.feedback import Feedback
from shared.events.types.fields import now_context
from shared.events.wire.validation_problems import describe_problems

EventT = TypeVar("EventT", CatalogImage, Feedback)
MAX_POSITION: Final = 1_000_000
MAX_METADATA_TEXT: Final = 1_000


def identifier(value: object, *, what: str) -> str:
    """An id as text: systems write numbers as ids too. Raises `Unprocessable` without one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        text = ""
    else:
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if not text.strip():
        raise Unprocessable("missing_field", f"there is no {what}")
    return text.strip("\ufeff \t\r\n")


def optional_identifier(value: object) -> str | None:
    """As `identifier`, but None where there is nothing."""
    if value is None or value == "" or isinstance(value, dict | list | bool):
        return None
    return identifier(value, what="id")


def time_of(value: object, options: ImportOptions, *, unit: Unit = "guess") -> datetime:
    """The time of a row of feedback; raises `Unprocessable`."""
    try:
        return parse_time(value, now=options.now, zone=options.zone, unit=unit)
    except NoTime:
        if options.missing_time is not None:
            return options.missing_time
        raise Unprocessable(
            "missing_time", "the row has no time; give one with --missing-time, or correct it"
        ) from None
    except ValueError as error:
        raise Unprocessable("bad_time", str(error)) from error


def optional_time(
    value: object, options: ImportOptions, *, unit: Unit = "guess"
) -> datetime | None:
    """The time that a row may have; raises `Unprocessable` for one that cannot be read."""
    try:
        return parse_time(value, now=options.now, zone=options.zone, unit=unit)
    except NoTime:
        return None
    except ValueError as error:
        raise Unprocessable("bad_time", str(error)) from error


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
        "position": _position(position),
        "dwell_ms": _whole(dwell_ms),
        "uri": address,
    }
    fields["event_id"] = _given_id(event_id) or feedback_id(**fields)
    return _valid(Feedback, fields, options)


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
        yield _valid(Feedback, fields | {"event_id": feedback_id(**fields)}, options)


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


def catalog_image(
    image_id: str,
    properties: Mapping[str, object],
    *,
    options: ImportOptions,
    occurred_at: datetime | None,
    created_at: datetime | None = None,
    tags: Sequence[object] = (),
    author_id: object = None,
) -> CatalogImage:
    """The image of an item: its address from a field, texts and numbers as metadata.

    Raises `Unprocessable` where no field holds an address. Properties that do not fit into the
    metadata (nested, longer than 1,000 characters, beyond 64) are left out.
    """
    by_name = {name.lower(): name for name in properties}
    uri, used = _address(image_id, properties, by_name, options)
    tag_field = by_name.get((options.tags_field or "tags").lower())
    all_tags = [*tags, *_as_list(properties.get(tag_field) if tag_field else None)]
    fields: dict[str, Any] = {
        "tenant": options.tenant,
        "image_id": image_id,
        "uri": uri,
        "author_id": optional_identifier(author_id),
        "created_at": created_at,
        "tags": _tags(all_tags),
        "metadata": dict(_metadata(properties, left_out={used, tag_field})),
    }
    content = [f"{name}={value!r}" for name, value in sorted(fields.items())]
    at = occurred_at or options.now
    stamp = occurred_at.isoformat() if occurred_at else None
    event_id = derived_id("imported-image", options.tenant, image_id, stamp, *content)
    return _valid(CatalogImage, fields | {"event_id": event_id, "occurred_at": at}, options)


def _address(
    image_id: str,
    properties: Mapping[str, object],
    by_name: Mapping[str, str],
    options: ImportOptions,
) -> tuple[str, str | None]:
    if options.uri_template is not None:
        return address_by_template(options.uri_template, image_id), None
    for wanted in (options.uri_field,) if options.uri_field else ADDRESS_FIELDS:
        name = by_name.get(wanted.lower())
        value = properties.get(name) if name else None
        if isinstance(value, str) and value.strip():
            return value.strip(), name
    place = f"the field {options.uri_field}" if options.uri_field else "any known field"
    raise Unprocessable(
        "no_address",
        f"the item {image_id[:80]!r} has no address in {place}; name the field with --uri-field, or"
        " give an address with --uri-template, such as https://host/{id}.jpg",
    )


def address_by_template(template: str, image_id: str) -> str:
    """The address of an image: `{id}` is the id, escaped for a web address but not for a file."""
    is_web = template.lower().startswith(("http:", "https:"))
    return template.replace("{id}", quote(image_id, safe="") if is_web else image_id)


def _tags(values: Sequence[object]) -> tuple[str, ...]:
    texts = (str(value).strip()[:256] for value in values if isinstance(value, str | int | float))
    return tuple(dict.fromkeys(text for text in texts if text))[:MAX_TAGS]


def _as_list(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [*value.split("|")]
    return []


def _metadata(
    properties: Mapping[str, object], *, left_out: set[str | None]
) -> Iterator[tuple[str, object]]:
    count = 0
    for name, value in properties.items():
        if name in left_out or not 1 <= len(name) <= 128 or count >= MAX_METADATA:
            continue
        if isinstance(value, list) and all(isinstance(part, str | int | float) for part in value):
            value = "|".join(map(str, value))
        match value:
            case str() if not value or len(value) > MAX_METADATA_TEXT:
                continue
            case bool() | str():
                pass
            case int() if abs(value) > MAX_SAFE_INTEGER:
                value = str(value)
            case int():
                pass
            case float() if value != value or abs(value) == float("inf"):
                continue
            case float():
                pass
            case _:
                continue
        count += 1
        yield name, value


def _probabilities(value: object, length: int) -> list[float] | None:
    if not isinstance(value, list) or len(value) != length:
        return None
    if not all(isinstance(p, int | float) and not isinstance(p, bool) for p in value):
        return None
    return [float(p) for p in value] if all(0 < p <= 1 for p in value) else None


def _position(value: object) -> int | None:
    number = _whole(value)
    # Positions that count from 0, or are beyond any list, are no ranks; the feedback stays.
    return number if number is not None and 1 <= number <= MAX_POSITION else None


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return int(float(value))
    except (ValueError, OverflowError):
        return None


def _given_id(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _valid(kind: type[EventT], fields: Mapping[str, Any], options: ImportOptions) -> EventT:
    try:
        return kind.model_validate(fields, context=now_context(options.now))
    except ValidationError as error:
        raise Unprocessable("invalid_event", describe_problems(error)) from error
