"""What an image of the catalog needs, and in which order images are indexed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.catalog.plan import (
    Progress,
    check_key,
    is_change,
    known_hash,
    known_words,
    may_serve,
    needs_indexing,
)
from shared.domain.errors import Unprocessable
from shared.domain.images.catalog_entry import CatalogEntry
from shared.events import CatalogImage
from shared.store.catalog.images import ImageIndex, IndexFailure, Publication, StoredImage

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
ENTRY = CatalogEntry(tenant="default", image_id="a", uri="mem:a")
FAILURE = IndexFailure(uri="mem:a", reason="not_found", detail="no file", failed_at=NOW)


def event(**fields: Any) -> CatalogImage:
    return CatalogImage(
        **{"event_id": UUID(int=1), "occurred_at": NOW, "image_id": "a", "uri": "mem:a", **fields}
    )


def index(*, uri: str = "mem:a", model: str = "m-1", content_hash: str = "h") -> ImageIndex:
    return ImageIndex(uri=uri, content_hash=content_hash, model_version=model, indexed_at=NOW)


def stored(of: ImageIndex | None = None, *, failure: IndexFailure | None = None) -> StoredImage:
    return StoredImage(entry=ENTRY, published_at=NOW, index=of, failure=failure)


@pytest.mark.parametrize(("tenant", "key"), [("default", b"a"), ("shop", b"shop\x1fa")])
def test_the_key_of_the_image_is_accepted(tenant: str, key: bytes) -> None:
    check_key(event(tenant=tenant), key)


@pytest.mark.parametrize(
    ("key", "reason"),
    [(b"b", "wrong_key"), (b"shop\x1fa", "wrong_key"), (None, "bad_key"), (b"\xff", "bad_key")],
)
def test_another_key_makes_a_dead_letter(key: bytes | None, reason: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        check_key(event(), key)
    assert caught.value.reason == reason
    assert caught.value.detail.isprintable()


def test_a_redelivered_publication_changes_nothing() -> None:
    assert is_change(Publication(ENTRY, NOW), None)
    assert not is_change(Publication(ENTRY, NOW), stored())
    assert not is_change(Publication(event().entry, NOW), stored(index()))
    assert is_change(Publication(event(tags=("sea",)).entry, NOW), stored(index()))
    assert is_change(Publication(ENTRY, NOW), stored(failure=FAILURE))


@pytest.mark.parametrize(
    ("image", "needs"),
    [
        (stored(), True),
        (stored(index()), False),
        (stored(index(uri="mem:old")), True),
        (stored(index(model="m-0")), True),
        (stored(failure=FAILURE), False),
        (stored(index(model="m-0"), failure=FAILURE), False),
        (stored(failure=FAILURE.model_copy(update={"uri": "mem:old"})), True),
    ],
)
def test_new_changed_and_outdated_images_need_indexing(image: StoredImage, needs: bool) -> None:
    assert needs_indexing(image, model_version="m-1") is needs


def test_the_content_of_the_present_address_is_known_from_any_index() -> None:
    assert known_hash(stored(index())) == "h"
    assert known_hash(stored(index(uri="mem:old"))) is None
    assert known_hash(stored(), elsewhere=index(content_hash="e")) == "e"
    assert known_hash(stored(), elsewhere=index(uri="mem:old")) is None


def test_words_of_the_same_model_are_used_again_by_content() -> None:
    image = stored(index(uri="mem:old"))
    assert known_words(image, model_version="m-1") == {"h": {}}
    assert known_words(image, model_version="m-2") == {}
    assert set(known_words(image, model_version="m-1", elsewhere=index(content_hash="e"))) == {
        "h", "e",
    }  # fmt: skip


def test_progress_counts_what_needs_no_more_work() -> None:
    assert Progress(indexed=6, waiting=2, failed=2).share == 0.8
    assert Progress(indexed=0, waiting=0, failed=0).share == 1


def test_a_new_collection_serves_when_nothing_waits() -> None:
    assert may_serve(Progress(indexed=9, waiting=0, failed=1), indexed_before=10)
    assert not may_serve(Progress(indexed=9, waiting=1, failed=0), indexed_before=10)
    assert may_serve(Progress(indexed=0, waiting=0, failed=0), indexed_before=0)


def test_an_encoder_with_which_images_fail_does_not_empty_the_feeds() -> None:
    assert not may_serve(Progress(indexed=4, waiting=0, failed=6), indexed_before=10)
