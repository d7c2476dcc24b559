"""Build the image of an item, with its address, tags and metadata from the fields of a row."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from shared.domain.errors import Unprocessable
from shared.domain.ids import derived_id
from shared.domain.images.catalog_entry import MAX_METADATA, MAX_SAFE_INTEGER, MAX_TAGS
from shared.events.interchange.fields import optional_identifier, valid
from shared.events.interchange.options import ADDRESS_FIELDS, ImportOptions
from shared.events.types.catalog import CatalogImage

MAX_METADATA_TEXT: Final = 1_000


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
    return valid(CatalogImage, fields | {"event_id": event_id, "occurred_at": at}, options)


def _address(
    image_id: str,
    properties: Mapping[str, object],
    by_name: Mapping[str, str],
    options: ImportOptions,
) -> tuple[str, str | None]:
    if options.uri_template is not None:
        return address_by_template(options.uri_template, image_id), None
    name = _address_field(properties, by_name, options)
    if name is not None:
        return str(properties[name]).strip(), name
    place = f"the field {options.uri_field}" if options.uri_field else "any known field"
    raise Unprocessable(
        "no_address",
        f"the item {image_id[:80]!r} has no address in {place}; name the field with --uri-field, or"
        " give an address with --uri-template, such as https://host/{id}.jpg",
    )


def _address_field(
    properties: Mapping[str, object], by_name: Mapping[str, str], options: ImportOptions
) -> str | None:
    """The name of the property that holds the address; None without one."""
    wanted = (options.uri_field,) if options.uri_field else ADDRESS_FIELDS
    names = (name for field in wanted if (name := by_name.get(field.lower())) is not None)
    for name in names:
        value = properties[name]
        if isinstance(value, str) and value.strip():
            return name
    return None


def has_address(properties: Mapping[str, object], options: ImportOptions) -> bool:
    """Whether a property of an item holds the address of its image."""
    by_name = {name.lower(): name for name in properties}
    return _address_field(properties, by_name, options) is not None


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
