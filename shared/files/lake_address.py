"""Find the folder of a lake, and an address under which Delta Lake can open it.

deltalake 1.6 reads its own log under the wrong name when the real path of a table has a percent
sign with two hexadecimal digits or a backslash, and panics at `[ ] ^ |`. A lake with such a path is
kept below the user's data folder, and a symbolic link at its own place points there: deltalake
resolves links, so a link with a plain name to the other path would not help.
"""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit
from uuid import uuid4

from filelock import FileLock

_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|file:", re.IGNORECASE)
_NOT_FOR_DELTA: Final = re.compile(
    r"%[0-9A-Fa-f]{2}|[\[\]\\^|\x00-\x1f\x7f\ud800-\udfff]", re.IGNORECASE
)
_NOT_CREATED: Final = "no-lake"


def local_folder(lake: str) -> Path | None:
    """The folder of a local lake, a path or a `file:` address; None for object storage.

    A path is taken literally; only an address is percent-decoded, once. Raises ValueError for a
    `file:` address without an absolute path of this machine.
    """
    if not _ADDRESS.match(lake):
        return Path(lake).expanduser() if lake.startswith("~/") else Path(lake)
    if lake[:5].lower() != "file:":
        return None
    parts = urlsplit(lake)
    path = os.fsdecode(unquote_to_bytes(parts.path))
    if parts.netloc not in ("", "localhost") or not path.startswith("/"):
        raise ValueError(f"{lake!r} is not the address of a folder; expected file:///folder")
    return Path(path)


def unusable_by_delta(path: str | Path) -> str | None:
    """The first characters of a path that Delta Lake cannot open, or None."""
    match = _NOT_FOR_DELTA.search(str(path))
    return match[0] if match else None


def delta_address(lake: str, table: str, *, create: bool = False) -> str:
    """The address of a table for Delta Lake; raises OSError and ValueError.

    The folder of a lake that Delta Lake could not open is moved and linked; a missing one is only
    created with `create`.
    """
    folder = local_folder(lake)
    if folder is None:
        return f"{lake.rstrip('/')}/{table}"
    real = Path(os.path.realpath(folder))
    if unusable_by_delta(real) is None:
        return str(real / table)
    root = linked_lakes_folder()
    if create or real.is_dir():
        return str(_linked(real, root) / table)
    # A lake that was never written: Delta Lake must not see the real path, at which it panics.
    return str(root / _NOT_CREATED / table)


def linked_lakes_folder() -> Path:
    """The folder of the lakes that are linked: in the user's data folder (XDG)."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    root = Path(os.path.realpath(home)) / "preferstream" / "lakes"
    if wrong := unusable_by_delta(root):
        raise ValueError(
            f"{str(root)!r} has {wrong!r} in its path, which Delta Lake cannot open; set"
            " XDG_DATA_HOME to a folder without it"
        )
    return root


def _linked(folder: Path, root: Path) -> Path:
    """Replace the folder of the lake by a link to a new folder below `root`, with its content."""
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(root / ".lock"):
        if folder.is_symlink():  # another process linked it in the meantime
            return Path(os.path.realpath(folder))
        target = root / uuid4().hex
        target.mkdir(mode=0o700)
        replaced = folder.with_name(f"{folder.name}.moved-{target.name}")
        try:
            if folder.exists():
                # A folder that was renamed after its lake was written, so that Delta could once.
                shutil.copytree(folder, target, dirs_exist_ok=True)
                folder.rename(replaced)
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.symlink_to(target, target_is_directory=True)
        except OSError:
            with suppress(OSError):
                if replaced.exists():
                    replaced.rename(folder)
            shutil.rmtree(target, ignore_errors=True)
            raise
    shutil.rmtree(replaced, ignore_errors=True)
    return target
