"""`catalog add`: files become images, what is known is skipped, and the wait ends."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image

from services.cli.catalog.adding import (
    Added,
    add_images,
    published_entries,
    wait_for_indexing,
)
from services.cli.catalog.folder_images import (
    FolderOptions,
    RefusedFile,
    folder_images,
    image_id_of,
)
from services.cli.catalog.gateway import Gateway
from shared.client import Client
from shared.client.catalog import removal
from shared.domain.errors import Unavailable
from shared.events import CatalogImage
from shared.events.topics import CATALOG
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing, Record
from shared.images.picture_folder import picture_folder


def picture(path: Path, side: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((side, side), 80).convert("RGB").save(path)
    return path


def images_of(folder: Path, **options: Any) -> list[CatalogImage | RefusedFile]:
    options = {"allowed_roots": (str(folder),), "tenant": "default", **options}
    return list(folder_images(picture_folder(folder).files, FolderOptions(folder, **options)))


class Log:
    """A client that records what was sent."""

    def __init__(self) -> None:
        self.sent: list[CatalogImage] = []
        self.removed: list[str] = []

    def send(self, *events: CatalogImage) -> None:
        self.sent += events

    def remove_images(self, *image_ids: str) -> None:
        self.removed += image_ids


def add(folder: Path, known: Sequence[CatalogImage] = (), **options: Any) -> tuple[Log, Added]:
    log, added = Log(), Added(len(picture_folder(folder).files))
    entries = {event.image_id: event.entry for event in known}
    images = images_of(folder, **options)
    add_images(cast(Client, log), images, entries, added, on_progress=lambda line: None)
    return log, added


def test_files_below_an_allowed_folder_are_published_by_address(tmp_path: Path) -> None:
    picture(tmp_path / "a b.png", 200)
    picture(tmp_path / "birds" / "großer é.jpg", 200)
    log, added = add(tmp_path, tags_from_folders=True, tags=("mine",), author="kim")
    assert [image.image_id for image in log.sent] == ["a b.png", "birds/großer é.jpg"]
    assert [image.tags for image in log.sent] == [("mine",), ("mine", "birds")]
    assert log.sent[0].uri == (tmp_path / "a b.png").as_uri()
    assert {image.author_id for image in log.sent} == {"kim"}
    assert added.accepted == ["a b.png", "birds/großer é.jpg"]


def test_outside_of_the_allowed_folders_only_small_files_are_published(tmp_path: Path) -> None:
    picture(tmp_path / "large.png", 200)
    picture(tmp_path / "small.png", 16)
    log, added = add(tmp_path, allowed_roots=())
    assert [image.image_id for image in log.sent] == ["small.png"]
    assert log.sent[0].uri.startswith("data:image/png;base64,")
    (refused,) = added.refused
    assert "PREFERSTREAM_ALLOWED_FILE_ROOTS" in refused.reason


def test_a_file_that_is_no_picture_costs_only_itself(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"<!doctype html>")
    (tmp_path / "c.png").write_bytes(b"")
    log, added = add(tmp_path)
    assert [image.image_id for image in log.sent] == ["a.png"]
    assert ["HTML" in added.refused[0].reason, added.refused[1].reason] == [True, "is empty"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_pipes_and_links_to_nothing_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "good.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "broken.png").symlink_to(tmp_path / "missing.png")
    images = images_of(tmp_path)
    assert [i.image_id for i in images if isinstance(i, CatalogImage)] == ["good.png"]
    refused = {i.path.name: i.reason for i in images if isinstance(i, RefusedFile)}
    assert refused["pipe.png"] == "is no regular file"
    assert refused.keys() == {"pipe.png", "loop.png", "broken.png"}


def test_what_the_catalog_has_is_skipped_and_a_changed_file_is_indexed_again(
    tmp_path: Path,
) -> None:
    for name in ("a.png", "b.png", "c.png"):
        picture(tmp_path / name)
    before, _ = add(tmp_path)
    os.utime(tmp_path / "b.png", (1_000, 1_000))
    picture(tmp_path / "d.png")
    log, added = add(tmp_path, before.sent)
    assert added.unchanged == ["a.png", "c.png"]
    assert [image.image_id for image in log.sent] == ["b.png", "d.png"]
    # With the address as before, only an image that was removed is loaded again.
    assert log.removed == ["b.png"]
    tagged, _ = add(tmp_path, [*before.sent, *log.sent], tags=("new",))
    assert tagged.removed == []


def test_known_images_are_those_that_the_topic_holds_of_the_tenant(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png")
    mine, _ = add(tmp_path)
    theirs, _ = add(tmp_path, tenant="shop")
    sent: list[Outgoing] = [encode(event) for event in (*mine.sent, *theirs.sent)]
    sent.append(removal("a.png", tenant="default"))
    records = [Record(CATALOG.name, 0, n, 0, out.key, out.value) for n, out in enumerate(sent)]
    assert [*published_entries(records, tenant="default")] == ["b.png"]
    assert [*published_entries(records, tenant="shop")] == ["a.png", "b.png"]


def test_a_long_or_unprintable_path_has_an_id_of_its_own() -> None:
    folder = Path("/f")
    long = [image_id_of(folder / ("x" * 300 + end), folder) for end in ("a", "b")]
    assert len({*long}) == 2
    assert all(len(image_id) <= 256 for image_id in long)
    assert image_id_of(folder / "a\nb", folder) != image_id_of(folder / "a_b", folder)


class Polled:
    """A gateway whose images are indexed one at each poll; `broken` ones fail."""

    def __init__(self, broken: Sequence[str] = (), never: Sequence[str] = ()) -> None:
        self._broken, self._never = broken, never
        self._polls = 0

    def images_by_id(self, image_ids: Sequence[str], *, tenant: str | None) -> dict[str, Any]:
        self._polls += 1
        known = list(image_ids)[: self._polls]
        return {
            i: {
                "status": "waiting" if i in self._never else "failed" if i in self._broken
                else "indexed",
                "failure": {"detail": "it is gone"} if i in self._broken else None,
            }
            for i in known
        }  # fmt: skip


def test_the_wait_ends_when_every_image_is_indexed_or_has_failed() -> None:
    gateway = cast(Gateway, Polled(broken=["b"]))
    lines: list[str] = []
    indexed = wait_for_indexing(
        gateway, ["a", "b", "c"], tenant="default", on_progress=lines.append
    )
    assert (indexed.indexed, indexed.failed) == (2, {"b": "it is gone"})
    assert lines[-1] == "3 of 3 indexed"


def test_the_wait_gives_up_when_nothing_progresses() -> None:
    gateway = cast(Gateway, Polled(never=["a"]))
    with pytest.raises(Unavailable, match="1 of 1 images still wait"):
        wait_for_indexing(
            gateway, ["a"], tenant="default", on_progress=lambda line: None, stall_seconds=0
        )
