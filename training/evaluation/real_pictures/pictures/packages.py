"""Download and extract Debian packages with the tools of the system."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

TIMEOUT_SECONDS: Final = 900.0
"""The largest package has 160 MB."""


class CannotFetch(Exception):
    """A package cannot be downloaded or extracted; the text says what to do."""


def extracted(package: str, cache: Path) -> Path:
    """The folder with the files of a package, downloaded once; raises `CannotFetch`."""
    folder = cache / package
    if folder.is_dir():
        return folder
    download = cache / f"{package}.download"
    shutil.rmtree(download, ignore_errors=True)
    download.mkdir(parents=True)
    _run(["apt-get", "download", "--quiet", package], download)
    archives = sorted(download.glob("*.deb"))
    if not archives:
        raise CannotFetch(f"apt-get downloaded no file for {package}; run `apt-get update` first")
    _run(["dpkg-deb", "--extract", archives[0].name, "files"], download)
    (download / "files").rename(folder)
    shutil.rmtree(download)
    return folder


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise CannotFetch(
            f"{command[0]} is missing: these figures are measured on a Debian system"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise CannotFetch(f"{' '.join(command)} took more than {TIMEOUT_SECONDS:g} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise CannotFetch(f"{' '.join(command)} failed: {lines[-1]}. Run `apt-get update` first")
