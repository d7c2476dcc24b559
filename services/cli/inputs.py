"""Turn what a person names, files, folders and addresses, into candidates with an image URI."""

import base64
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import uuid4

from PIL import Image, ImageOps

from shared.domain.clock import Clock
from shared.events import Candidate, ImageCandidates
from shared.events.topics import CANDIDATES
from shared.events.wire.codec import decode
from shared.events.wire.record import Record

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"}
INLINE_SIDE_PIXELS = 768
"""A file outside the allowed folders travels inside the event, at most this large a side."""


class NoImages(Exception):
    """Nothing usable was named; the text says what was looked for."""


def image_files(names: Iterable[str]) -> list[Path]:
    """The files named, and those inside the folders named, in a stable order."""
    files: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            if not found:
                raise NoImages(f"{name} holds no image files ({', '.join(sorted(SUFFIXES))})")
            files += found
        elif path.is_file():
            files.append(path)
        else:
            raise NoImages(f"{name} is neither a file nor a folder")
    return files


def image_uri(path: Path, *, roots: Sequence[str]) -> str:
    """`file://` where the services may read the file, else the image itself as `data:`."""
    whole = path.resolve()
    if any(whole.is_relative_to(Path(root).resolve()) for root in roots):
        return whole.as_uri()
    return inline(path)


def inline(path: Path) -> str:
    """The image as a `data:` address, made small enough for an event."""
    try:
        with Image.open(path) as image:
            small = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, Image.DecompressionBombError) as error:
        raise NoImages(f"{path} cannot be read as an image: {error}") from error
    small.thumbnail((INLINE_SIDE_PIXELS, INLINE_SIDE_PIXELS))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=90)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def candidates(names: Sequence[str], *, roots: Sequence[str]) -> tuple[Candidate, ...]:
    """A candidate for each address, file, or file in a folder; ids are names, made unique."""
    found: list[Candidate] = []
    taken: set[str] = set()
    for name in names:
        if "://" in name or name.startswith("data:"):
            found.append(Candidate(image_id=_unique(_address_id(name), taken), uri=name))
            continue
        for path in image_files([name]):
            image_id = _unique(path.name, taken)
            found.append(Candidate(image_id=image_id, uri=image_uri(path, roots=roots)))
    return tuple(found)


def event_from_line(line: bytes, *, user: str | None, clock: Clock) -> ImageCandidates:
    """One JSON line as a candidate event; ids, moment and user are filled in where missing.

    Raises `shared.domain.errors.Unprocessable` with the reason when it is not one.
    """
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if isinstance(value, dict):
        value.setdefault("event_id", str(uuid4()))
        value.setdefault("request_id", str(uuid4()))
        value.setdefault("occurred_at", clock().isoformat())
        if user is not None:
            value.setdefault("user_id", user)
        line = json.dumps(value).encode()
    event = decode(CANDIDATES, Record(CANDIDATES.name, 0, 0, 0, None, line))
    assert isinstance(event, ImageCandidates)
    return event


def _address_id(uri: str) -> str:
    if uri.startswith("data:"):
        return "data-" + hashlib.sha256(uri.encode()).hexdigest()[:12]
    return uri.rstrip("/").rsplit("/", 1)[-1].split("?")[0] or uri[:200]


def _unique(name: str, taken: set[str]) -> str:
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}-{number}", number + 1
    taken.add(unique)
    return unique
