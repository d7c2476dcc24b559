"""Parse one image, a list of images, or NDJSON; a bad image costs only itself."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from services.ops.gateway.catalog.bodies import ImageBody, RefusedImage
from services.ops.http.problems import MAX_ERRORS, Problem, listed_errors
from shared.domain.errors import Unprocessable
from shared.events import CatalogImage
from shared.events.wire.strict_json import as_object, read_value

MAX_IMAGES: Final = 1_000
"""Images of one list. NDJSON has no limit but the size of the body."""
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
NDJSON_NAMES: Final = frozenset({NDJSON, "application/ndjson", "application/jsonl"})
"""Names under which programs send one JSON value a line; none is registered."""
MAX_SHOWN_ID: Final = 80


@dataclass(frozen=True)
class Item:
    """One image of a request, not validated yet."""

    position: int
    line: int | None
    raw: bytes | object
    """A line of NDJSON, or a JSON value."""


@dataclass(frozen=True)
class ParsedImages:
    """The events of the valid images, and the reasons of the others."""

    events: tuple[CatalogImage, ...]
    refused: tuple[RefusedImage, ...]


EventOf = Callable[[int, ImageBody], CatalogImage]
"""Builds the event of the image at a position; raises `ValidationError` and `Problem`."""


def items_of(content_type: str, body: bytes) -> list[Item]:
    """The images of a body.

    Raises a 415 for another content type, a 400 for a body that is no JSON, and a 422 for an empty
    or too long list.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind in NDJSON_NAMES:
        items = list(_lines(body))
    elif kind == JSON:
        try:
            value = read_value(body)
        except Unprocessable as error:
            raise Problem(400, error.reason.replace("_", "-"), error.detail) from None
        values: Sequence[Any] = value if isinstance(value, list) else [value]
        items = [Item(number, None, each) for number, each in enumerate(values)]
        if len(items) > MAX_IMAGES:
            raise Problem(
                422, "too-many-images", f"The list has {len(items)} images, at most {MAX_IMAGES};"
                f" send several requests, or one image a line with Content-Type: {NDJSON}.",
            )  # fmt: skip
    else:
        raise Problem(
            415, "not-json", f"Send JSON with Content-Type: {JSON}, or one image a line with"
            f" Content-Type: {NDJSON}.",
        )  # fmt: skip
    if not items:
        raise Problem(422, "no-images", "The request has no image; send at least one.")
    return items


def parse_images(items: Sequence[Item], event_of: EventOf) -> ParsedImages:
    """Build the events of all valid images."""
    events: list[CatalogImage] = []
    refused: list[RefusedImage] = []
    for item in items:
        fields: dict[str, Any] = {}
        try:
            value = read_value(item.raw) if isinstance(item.raw, bytes) else item.raw
            fields = as_object(value)
            # Validate JSON text: strict mode accepts a JSON array as a tuple, and text as a date.
            body = ImageBody.model_validate_json(json.dumps(fields), strict=True)
            events.append(event_of(item.position, body))
        except (Unprocessable, ValidationError, Problem) as error:
            refused.append(_refused(item, fields.get("image_id"), error))
    return ParsedImages(tuple(events), tuple(refused))


def all_refused(refused: Sequence[RefusedImage]) -> Problem:
    """The 422 of a request without a valid image."""
    errors = [
        {**error, **({"line": str(image.line)} if image.line is not None else {})}
        for image in refused
        for error in image.errors
    ]
    shown = errors[:MAX_ERRORS]
    if len(errors) > len(shown):
        shown.append({"pointer": "", "detail": f"and {len(errors) - len(shown)} more"})
    return Problem(
        422, "invalid-request", "No image of the request is valid; `errors` lists each error.",
        errors=shown,
    )  # fmt: skip


def _lines(body: bytes) -> Iterator[Item]:
    position = 0
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.strip():
            yield Item(position, number, line)
            position += 1


def _refused(
    item: Item, image_id: object, error: Unprocessable | ValidationError | Problem
) -> RefusedImage:
    place = f"/{item.position}"
    errors: list[dict[str, str]]
    if isinstance(error, ValidationError):
        details = error.errors(include_url=False, include_input=False)
        errors = listed_errors([{**each, "loc": (item.position, *each["loc"])} for each in details])
    else:
        errors = [{"pointer": place, "detail": error.detail}]
    return RefusedImage(
        position=item.position,
        line=item.line,
        image_id=image_id[:MAX_SHOWN_ID] if isinstance(image_id, str) else None,
        errors=tuple(errors),
    )
