"""What an image of the catalog needs, and in which order images are indexed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.catalog.plan import (
    NOTHING,
    Priority,
    Progress,
    Waiting,
    Work,
    by_content,
    check_key,
    is_change,
    may_serve,
    next_batch,
    work_after_loading,
    work_for,
)
from shared.domain.errors import Unprocessable
from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.image_key import ImageKey
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


def test_a_new_image_needs_every_step() -> None:
    assert work_for(stored(), model_version="m-1") == Work(encode=True, describe=True, write=True)


def test_an_indexed_image_needs_nothing() -> None:
    assert work_for(stored(index()), model_version="m-1") == NOTHING
    assert not NOTHING.load


def test_another_address_needs_every_step() -> None:
    old = stored(index(uri="mem:old"))
    assert work_for(old, model_version="m-1") == Work(encode=True, describe=True, write=True)


def test_another_model_describes_again_and_keeps_the_image_vector() -> None:
    work = work_for(stored(index()), model_version="m-2")
    assert work == Work(encode=False, describe=True, write=True)
    assert work.load


def test_a_failed_image_waits_for_its_next_publication() -> None:
    assert work_for(stored(failure=FAILURE), model_version="m-1") == NOTHING


def test_another_encoder_uses_the_words_of_the_serving_collection_again() -> None:
    for elsewhere, describes in (
        (index(), False),
        (index(model="m-0"), True),
        (index(uri="mem:old"), True),
        (None, True),
    ):
        work = work_for(stored(), model_version="m-1", elsewhere=elsewhere)
        assert work == Work(encode=True, describe=describes, write=True)


def test_the_old_content_at_a_new_address_is_only_written() -> None:
    moved = stored(index(uri="mem:old"))
    work = work_for(moved, model_version="m-1")
    same = work_after_loading(work, moved, content_hash="h", model_version="m-1")
    assert same == Work(encode=False, describe=False, write=True)
    by_other_model = work_after_loading(work, moved, content_hash="h", model_version="m-2")
    assert by_other_model == Work(encode=False, describe=True, write=True)
    assert work_after_loading(work, moved, content_hash="other", model_version="m-1") == work
    assert work_after_loading(work, stored(), content_hash="h", model_version="m-1") == work


def test_images_with_one_content_are_one_group() -> None:
    keys = [ImageKey("default", str(n)) for n in range(1_000)]
    groups = by_content({**dict.fromkeys(keys, "same"), ImageKey("shop", "x"): "other"})
    assert groups == {"same": keys, "other": [ImageKey("shop", "x")]}


def waiting(
    image_id: str, since: float, *, tenant: str = "default", outdated: bool = False
) -> Waiting:
    priority = Priority.OUTDATED if outdated else Priority.PUBLISHED
    return Waiting(ImageKey(tenant, image_id), priority, since)


def test_published_images_come_before_outdated_ones() -> None:
    images = [waiting("old", 0, outdated=True), waiting("b", 2), waiting("a", 1)]
    assert [image.key.image_id for image in next_batch(images, size=2)] == ["a", "b"]
    assert [image.key.image_id for image in next_batch(images, size=9)] == ["a", "b", "old"]
    assert next_batch([], size=9) == []


def test_a_bulk_import_does_not_keep_other_tenants_waiting() -> None:
    bulk = [waiting(f"{n:03}", n, tenant="bulk") for n in range(100)]
    batch = next_batch([*bulk, waiting("x", 500, tenant="shop")], size=4)
    assert [(image.key.tenant, image.key.image_id) for image in batch] == [
        ("bulk", "000"), ("shop", "x"), ("bulk", "001"), ("bulk", "002"),
    ]  # fmt: skip


def test_progress_counts_what_needs_no_more_work() -> None:
    assert Progress(indexed=6, waiting=2, failed=2).share == 0.8
    assert Progress(indexed=0, waiting=0, failed=0).share == 1


def test_a_new_collection_serves_when_nothing_waits() -> None:
    assert may_serve(Progress(indexed=9, waiting=0, failed=1), indexed_before=10)
    assert not may_serve(Progress(indexed=9, waiting=1, failed=0), indexed_before=10)
    assert may_serve(Progress(indexed=0, waiting=0, failed=0), indexed_before=0)


def test_an_encoder_with_which_images_fail_does_not_empty_the_feeds() -> None:
    assert not may_serve(Progress(indexed=4, waiting=0, failed=6), indexed_before=10)
