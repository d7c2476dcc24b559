"""Turn the picture files below a folder into images of the catalog."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from shared.client import catalog_image
from shared.events import CatalogImage
from shared.events.types.catalog import MAX_CATALOG_URI_CHARACTERS
from shared.events.wire.validation_problems import describe_problems
from shared.images.file_types import data_uri, describe_type, image_format

START_BYTES: Final = 512
"""Bytes in which the type of a file is recognized; indexing decodes the whole file."""
MAX_ID_CHARACTERS: Final = 256
MAX_INLINE_BYTES: Final = MAX_CATALOG_URI_CHARACTERS * 3 // 4 - 64
"""Largest file that fits as base64 into a `data:` address of the catalog."""


@dataclass(frozen=True)
class FolderOptions:
    """How the files of a folder become images."""

    folder: Path
    allowed_roots: tuple[str, ...]
    """Folders from which the services may read files."""
    tenant: str
    tags: tuple[str, ...] = ()
    tags_from_folders: bool = False
    author: str | None = None


@dataclass(frozen=True)
class RefusedFile:
    """A file that is not published, with the reason."""

    path: Path
    reason: str


def folder_images(
    files: Sequence[Path], options: FolderOptions
) -> Iterator[CatalogImage | RefusedFile]:
    """One image a file, in the order of the files; the id is the path below the folder."""
    roots = [Path(root).resolve() for root in options.allowed_roots]
    for path in files:
        try:
            yield _image(path, options, roots)
        except OSError as error:
            yield RefusedFile(path, f"cannot be read: {error.strerror}")
        except ValidationError as error:
            yield RefusedFile(path, describe_problems(error))
        except _Refused as error:
            yield RefusedFile(path, str(error))


class _Refused(Exception):
    """Why a file cannot be published."""


def image_id_of(path: Path, folder: Path) -> str:
    """The path below the folder with slashes; a long or unprintable one ends in its hash."""
    relative = path.relative_to(folder).as_posix()
    printable = "".join(c if c.isprintable() else "_" for c in relative)
    # Names that are no UTF-8 have surrogates, which are not printable either.
    if printable == relative and len(relative) <= MAX_ID_CHARACTERS:
        return relative
    digest = sha256(relative.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{printable[: MAX_ID_CHARACTERS - 13]}-{digest}"


def _image(path: Path, options: FolderOptions, roots: Sequence[Path]) -> CatalogImage:
    if path.exists() and not path.is_file():
        # A pipe would be read without end.
        raise _Refused("is no regular file")
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if image_format(start) is None:
        raise _Refused(describe_type(start) if start else "is empty")
    fields: dict[str, Any] = {}
    if (created := _created(path)) is not None:
        fields["created_at"] = created
    tags = (*options.tags, *(_folder_tags(path, options) if options.tags_from_folders else ()))
    if options.author is not None:
        fields["author_id"] = options.author
    image_id = image_id_of(path, options.folder)
    return catalog_image(
        image_id, _address(path, roots), tenant=options.tenant, tags=tags, **fields
    )


def _address(path: Path, roots: Sequence[Path]) -> str:
    absolute = path.resolve()
    if any(absolute.is_relative_to(root) for root in roots):
        return absolute.as_uri()
    if path.stat().st_size <= MAX_INLINE_BYTES:
        return data_uri(path.read_bytes())
    raise _Refused(
        "is not below a folder that the services may read, and larger than"
        f" {MAX_INLINE_BYTES:,} bytes, the limit of an address that holds the image itself; start"
        " the system with PREFERSTREAM_ALLOWED_FILE_ROOTS set to its folder"
    )


def _created(path: Path) -> datetime | None:
    """When the file was last changed; None for a time that the contract refuses."""
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    is_valid = datetime(1970, 1, 1, tzinfo=UTC) <= changed <= datetime.now(UTC) + timedelta(hours=1)
    return changed if is_valid else None


def _folder_tags(path: Path, options: FolderOptions) -> Sequence[str]:
    return path.relative_to(options.folder).parts[:-1]
