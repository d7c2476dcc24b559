"""Check by really writing whether a folder can be written to, and say in one sentence why not.

Permissions alone do not answer this: root passes every check of them, also on a read-only or full
disk.
"""

import errno
import os
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from shared.files.write_errors import user_name, why_not_written

PROBE_BYTES: Final = 4096
"""One block: a full disk may still have room for an empty file."""


class UnusableFolder(Exception):
    """A folder cannot be written to; the text says which one, why, and what to do."""


def prepare_folder(folder: Path, *, advice: str) -> None:
    """Create the folder and write a file in it; raises `UnusableFolder`.

    `advice` ends the sentence: `set PREFERSTREAM_DATA_DIR to another folder`.
    """
    problem = unwritable_because(folder)
    if problem is None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return
        except OSError as error:
            problem = f"{folder} cannot be created: {why_not_written(error)}"
    raise UnusableFolder(f"{problem}, or {advice}")


def unwritable_because(folder: Path) -> str | None:
    """Why the folder cannot be written to, or created if it is missing; None when it can.

    Creates nothing: a missing folder is tried out in its nearest existing parent.
    """
    return _problem(folder, try_out=True)


def no_folder_because(folder: Path) -> str | None:
    """Why there is something else in place of the folder; None for a folder, also a missing one."""
    return _problem(folder, try_out=False)


def _problem(folder: Path, *, try_out: bool) -> str | None:
    for path in (folder, *folder.absolute().parents):
        try:
            mode = os.lstat(path).st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return f"{path} cannot be used: {why_not_written(error)}"
        except ValueError as error:  # a null byte
            return f"{str(folder)!r} cannot be the name of a folder: {error}"
        problem = _not_a_folder(path, mode) or (_write_problem(path) if try_out else None)
        if problem is None or path == folder:
            return problem
        return f"{folder} cannot be created: {problem}"
    return f"{folder} has no existing parent folder"


def _not_a_folder(path: Path, mode: int) -> str | None:
    if stat.S_ISLNK(mode):
        try:
            mode = os.stat(path).st_mode
        except FileNotFoundError:
            return (
                f"{path} is a symbolic link to {os.readlink(path)}, which does not exist; create"
                " that folder, remove the link"
            )
        except OSError as error:
            return f"{path} is a symbolic link that cannot be followed: {why_not_written(error)}"
    return None if stat.S_ISDIR(mode) else f"{path} is a file, not a folder; move the file away"


def _write_problem(folder: Path) -> str | None:
    probe = folder / f".writable-{os.getpid()}-{threading.get_ident()}"
    try:
        try:
            # Unbuffered: an error is raised here and not when the file is closed.
            with probe.open("wb", buffering=0) as stream:
                if stream.write(b"\0" * PROBE_BYTES) < PROBE_BYTES:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            with suppress(OSError):
                probe.unlink(missing_ok=True)
    except OSError as error:
        owner = ""
        if error.errno in (errno.EACCES, errno.EPERM):
            owner = f" (it belongs to user {user_name(folder.stat().st_uid)})"
        return f"{folder} cannot be written to{owner}: {why_not_written(error)}"
    return None
