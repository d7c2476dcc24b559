"""Write the stars of all photographs into their sidecars."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from services.cli.files.rating.folder_marks import FolderMarks, read_bounded
from services.cli.files.rating.photographs import Names, Photograph, Skipped
from services.cli.files.rating.sidecar import Rated, written
from services.cli.files.rating.xmp_document import BadXmp
from shared.files.atomic_write import atomic_write


@dataclass
class Written:
    """How many sidecars were written."""

    sidecars: int = 0
    unchanged: int = 0
    failed: int = 0


def write_stars(
    marks: FolderMarks,
    rated: dict[Path, Rated],
    *,
    names: Names,
    on_skipped: Callable[[Skipped], None],
    dry_run: bool = False,
) -> Written:
    """Write each sidecar in one step, so that a reader sees the old or the new one.

    Broken sidecars stay as they are. A folder that cannot be written costs only its own files.
    """
    result = Written()
    for photograph in marks.photographs:
        if photograph.path not in rated:
            continue
        for target in photograph.targets(names):
            if target in marks.broken:
                result.failed += 1
                continue
            try:
                changed = _write(photograph, target, rated[photograph.path], marks, dry_run=dry_run)
            except (BadXmp, OSError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                on_skipped(Skipped(target, f"not written: {reason}"))
                result.failed += 1
            else:
                result.sidecars += changed
                result.unchanged += not changed
    return result


def _write(
    photograph: Photograph, target: Path, rated: Rated, marks: FolderMarks, *, dry_run: bool
) -> bool:
    """Whether the sidecar changes."""
    # A linked sidecar stays a link: its target is replaced.
    target = Path(os.path.realpath(target))
    before = read_bounded(target) if target.exists() else None
    after = written(before, rated, is_rated=photograph.path in marks.stars)
    if after == before:
        return False
    if not dry_run:
        atomic_write(target, after)
        if before is not None:
            return True
        # A new file belongs with its photograph: as readable as that.
        with suppress(OSError):
            target.chmod(photograph.path.stat().st_mode & 0o666)
    return True
