"""Turn files, folders and URIs from the command line into candidates."""

import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from uuid import uuid4

from pydantic import ValidationError

from shared.domain.clock import Clock
from shared.domain.errors import Unprocessable
from shared.events import Candidate, ImageCandidates
from shared.events.topics import CANDIDATES
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.events.wire.validation_problems import describe_problems
from shared.images.display_name import short, unique

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"}
INLINE_SIDE_PIXELS = 768
"""Longest side of an image that is sent inside the event (outside the allowed folders)."""


def _random_id(field: str) -> str:
    return str(uuid4())


class NoImages(Exception):
    """A name gives no usable image; the text says which one and what is expected."""


def image_files(names: Iterable[str]) -> list[Path]:
    """The named files, and the image files of named folders, in a stable order."""
    files: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            images = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            if not images:
                raise NoImages(f"{name} contains no image files ({', '.join(sorted(SUFFIXES))})")
            files += images
        elif path.is_file():
            files.append(path)
        else:
            raise NoImages(f"{name} is neither a file nor a folder")
    return files


def image_uri(path: Path, *, roots: Sequence[str]) -> str:
    """A `file:` URI if the services may read the file, else the image itself as a `data:` URI."""
    absolute = path.resolve()
    if any(absolute.is_relative_to(Path(root).resolve()) for root in roots):
        return absolute.as_uri()
    return inline(path)


def inline(path: Path) -> str:
    """The image as a `data:` URI, made small enough for an event."""
    # Imported here: it takes long, and only images outside the allowed folders need it.
    from shared.images.decoding.image_file import read_small_image

    try:
        small = read_small_image(path, side=INLINE_SIDE_PIXELS)
    except Unprocessable as error:
        raise NoImages(f"{path} cannot be read as an image: {error.detail}") from error
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=90)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def candidates(names: Sequence[str], *, roots: Sequence[str]) -> tuple[Candidate, ...]:
    """One candidate per URI, file, or file of a folder; file names become unique ids."""
    result: list[Candidate] = []
    taken: set[str] = set()
    for name in names:
        if "://" in name or name.startswith("data:"):
            result.append(_candidate(unique(_id_from_uri(name.strip()), taken), name))
            continue
        for path in image_files([name]):
            image_id = unique(path.name, taken)
            result.append(_candidate(image_id, image_uri(path, roots=roots)))
    return tuple(result)


def event_from_line(
    line: bytes, *, user: str | None, clock: Clock, new_id: Callable[[str], str] = _random_id
) -> ImageCandidates:
    """The candidate event of a JSON line; missing ids, time and user are filled in.

    `new_id` gets the name of the field, `event_id` or `request_id`. Raises
    `shared.domain.errors.Unprocessable` with the reason when the line is not valid.
    """
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if isinstance(value, dict):
        value.setdefault("event_id", new_id("event_id"))
        value.setdefault("request_id", new_id("request_id"))
        value.setdefault("occurred_at", clock().isoformat())
        if user is not None:
            value.setdefault("user_id", user)
        line = json.dumps(value).encode()
    event = decode(CANDIDATES, Record(CANDIDATES.name, 0, 0, 0, None, line))
    assert isinstance(event, ImageCandidates)
    return event


def _candidate(image_id: str, uri: str) -> Candidate:
    try:
        return Candidate(image_id=image_id, uri=uri)
    except ValidationError as error:
        raise NoImages(f"{short(uri)} cannot be sent: {describe_problems(error)}") from error


def _id_from_uri(uri: str) -> str:
    if uri.startswith("data:"):
        return "data-" + hashlib.sha256(uri.encode()).hexdigest()[:12]
    return uri.rstrip("/").rsplit("/", 1)[-1].split("?")[0] or uri[:200]
