"""Read an image file below one of the allowed folders."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.domain.errors import Unprocessable
from shared.images.display_name import short
from shared.images.refusals import too_many_bytes


def read_file(uri: str, *, roots: Sequence[Path], max_bytes: int) -> bytes:
    """The bytes of a `file:` image; raises `Unprocessable`."""
    path = _path(uri)
    real = Path(os.path.realpath(path))
    allowed = [Path(os.path.realpath(root)) for root in roots]
    # Checked before the file is opened: a client must not learn which files exist.
    if not any(real.is_relative_to(root) for root in allowed):
        raise Unprocessable(
            "file_not_allowed",
            f"{short(uri)} is not below an allowed folder"
            f"{'' if allowed else ': none is allowed'};"
            " add the folder to PREFERSTREAM_ALLOWED_FILE_ROOTS",
        )
    try:
        return _read(real, uri, max_bytes)
    except FileNotFoundError as error:
        raise Unprocessable(
            "no_such_file", f"{short(uri)} does not exist; check its path"
        ) from error
    except OSError as error:
        raise Unprocessable(
            "unreadable_file",
            f"{short(uri)} cannot be read: {error.strerror}; check its path and rights",
        ) from error


def _read(real: Path, uri: str, max_bytes: int) -> bytes:
    # Without O_NONBLOCK, opening a pipe without a writer would block for ever.
    handle = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unprocessable("not_a_file", f"{short(uri)} is not an ordinary file; name a file")
        if status.st_size > max_bytes:
            raise too_many_bytes(uri, max_bytes)
        # Wrapped only now, since a folder cannot be wrapped; the handle is closed below.
        with os.fdopen(handle, "rb", closefd=False) as opened:
            data = opened.read(max_bytes + 1)
    finally:
        os.close(handle)
    if len(data) > max_bytes:
        raise too_many_bytes(uri, max_bytes)
    return data


def _path(uri: str) -> Path:
    try:
        parts = urlsplit(uri)
        path = unquote(parts.path, errors="strict")
        # A lone surrogate, which JSON can contain, is in no file name.
        path.encode()
    except ValueError as error:
        raise Unprocessable("bad_uri", f"{short(uri)} is not a file address") from error
    if parts.netloc not in ("", "localhost"):
        raise Unprocessable(
            "bad_uri", f"{short(uri)} names another host; file: addresses are for this one"
        )
    if not path.startswith("/") or "\0" in path:
        raise Unprocessable(
            "bad_uri", f"{short(uri)} is not an absolute path (file:///folder/name)"
        )
    if parts.query or parts.fragment:
        raise Unprocessable(
            "bad_uri",
            f"{short(uri)} has a query or a fragment; write a question mark in a file's name as %3F"
            " and a number sign as %23",
        )
    return Path(path)
