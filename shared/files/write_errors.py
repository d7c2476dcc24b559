"""Describe in plain words why a file or folder cannot be written, and what to do."""

import errno
import os
from pathlib import Path
from typing import Final

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors that end when space is made: a full disk, and a quota that is used up."""

_REASONS: Final = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EROFS: "the file system is read-only; mount it for writing",
    errno.EFBIG: "the file would be larger than this system allows; raise the limit (`ulimit -f`)",
    errno.EMFILE: "this process has too many open files; raise the limit (`ulimit -n`)",
    errno.EIO: "the disk reports an input or output error; check the disk",
    errno.ENAMETOOLONG: "the name is too long; use a shorter one",
    errno.ELOOP: "its symbolic links point to each other; remove them",
    errno.ENOTDIR: "a part of the path is a file, not a folder; use another path",
}


def why_not_written(error: OSError) -> str:
    """The reason and what to do, without the name of the file."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"user {user_name(os.geteuid())} has no permission; give it write permission"
    return _REASONS.get(error.errno or 0) or str(error.strerror or error)


def describe(error: OSError, *, where: Path | None = None) -> str:
    """Which file (without a name in the error: `where`), why, and what to do."""
    name = error.filename2 or error.filename or where
    reason = why_not_written(error)
    return f"{os.fsdecode(name)}: {reason}" if isinstance(name, str | bytes | Path) else reason


def user_name(user_id: int) -> str:
    """The name of a user of this machine, or its number."""
    try:
        import pwd

        return pwd.getpwuid(user_id).pw_name
    except (ImportError, KeyError):
        return str(user_id)
