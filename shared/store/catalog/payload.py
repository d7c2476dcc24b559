"""Write catalog images as Qdrant payloads, and read them back."""

from collections.abc import Mapping
from typing import Any, Final

from shared.domain.images.catalog_entry import CatalogEntry
from shared.store.catalog.images import ImageIndex, IndexFailure, Publication, StoredImage

INDEX: Final = "index"
"""Payload field of the result of indexing; absent before."""
SUBJECT_WORDS: Final = f"{INDEX}.subject_words"
FAILURE: Final = "failure"
"""Payload field of the last failure; null after a success and a publication."""
PUBLISHED_AT: Final = "published_at"


def published_payload(publication: Publication) -> dict[str, Any]:
    """The fields that a publication sets: each of them, so that old values do not stay."""
    fields = publication.entry.model_dump(mode="json")
    fields["metadata"] = {
        metadata_field(name): value for name, value in publication.entry.metadata.items()
    }
    return fields | {PUBLISHED_AT: publication.published_at.isoformat(), FAILURE: None}


def index_payload(index: ImageIndex) -> dict[str, Any]:
    """The fields that a success of indexing sets."""
    return {INDEX: index.model_dump(mode="json"), FAILURE: None}


def failure_payload(failure: IndexFailure) -> dict[str, Any]:
    """The field that a failure of indexing sets."""
    return {FAILURE: failure.model_dump(mode="json")}


def stored_image(payload: Mapping[str, Any]) -> StoredImage:
    """The image of a point."""
    metadata = {_metadata_name(name): value for name, value in payload["metadata"].items()}
    return StoredImage(
        entry=CatalogEntry.model_validate({**payload, "metadata": metadata}),
        published_at=payload[PUBLISHED_AT],
        index=payload.get(INDEX),
        failure=payload.get(FAILURE),
    )


def metadata_field(name: str) -> str:
    """The payload field of a metadata name.

    Names of the app may contain dots and brackets, which Qdrant reads as paths, so the field is
    the name in hexadecimal digits.
    """
    return f"m{name.encode().hex()}"


def _metadata_name(field: str) -> str:
    return bytes.fromhex(field[1:]).decode()
