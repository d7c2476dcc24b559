"""Create the virtual environment and install Preferstream into it.

Runs on a bare Python 3.11+ (standard library only): `python3 infra/environment.py .venv`.
"""

import os
import re
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

MIN_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "infra" / "constraints.txt"
PICTURES = ROOT / "infra" / "demo-pictures.txt"
DONT_WRITE = "PYTHONDONTWRITEBYTECODE"
"""Set on some systems. Without bytecode files, each start compiles its imports: 12 s of CPU."""


END_SECONDS = 5.0
"""For an interrupted pip or uv to end."""
UNFINISHED = ".unfinished"
"""A file in the environment while packages are installed: some may be there in part."""


def report(text: str) -> None:
    print(f"preferstream setup: {text}", flush=True)


def fail(text: str) -> NoReturn:
    report(text)
    raise SystemExit(1)


def run(*command: str | Path, env: Mapping[str, str] | None = None, text: str = "") -> int:
    """Run the command in a session of its own with `text` as its input; returns its exit code.

    Ctrl-C then reaches it only through us, and ends it without a traceback.
    """
    process = subprocess.Popen(
        [str(part) for part in command], cwd=ROOT, env=env, start_new_session=True,
        stdin=subprocess.PIPE if text else None, text=True,
    )  # fmt: skip
    try:
        process.communicate(text or None)
        return process.returncode
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        raise


def require(*command: str | Path, hint: str) -> None:
    """Run the command; when it fails, end with the hint."""
    if run(*command):
        fail(hint)


def works(*command: str | Path) -> bool:
    """Whether the command can be run: an interrupted installation may have left a part of it."""
    try:
        result = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    except OSError:
        return False
    return result.returncode == 0


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".venv").resolve()
    if sys.version_info < MIN_PYTHON:
        fail(
            f"this is Python {sys.version.split()[0]}, but Preferstream needs 3.11 or newer;"
            " choose another one with `make PYTHON=python3.12 ...`"
        )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        install(folder)
    except KeyboardInterrupt as interruption:
        number = interruption.args[0]
        report("interrupted; run the same command again: it continues with what is missing")
        raise SystemExit(128 + number) from None


def _interrupt(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


def install(folder: Path) -> None:
    """Create the environment and install everything; an interrupted run is continued."""
    began = time.monotonic()
    python, uv = folder / "bin" / "python", folder / "bin" / "uv"
    if not works(python, "-m", "pip", "--version"):
        report(f"1/5 creating a virtual environment in {folder.name}")
        try:
            venv.create(folder, with_pip=True, clear=folder.exists())
        except (subprocess.CalledProcessError, OSError) as error:
            fail(
                f"the virtual environment could not be created ({error}); on Debian and Ubuntu,"
                " install python3-venv, then try again"
            )
    report("2/5 installing uv, the package installer")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv>=0.9")
    hint = "pip could not install uv; check the network and the package index of pip"
    require(*pip, hint=hint)
    if not works(uv, "--version"):
        require(*pip, "--ignore-installed", hint=hint)
    report("3/5 installing Preferstream and its packages (about 5 GB, a minute on a fast network)")
    unfinished = folder / UNFINISHED
    # A package that was copied in part looks installed: after an interruption, copy all of them.
    again = ["--reinstall"] if unfinished.exists() else []
    unfinished.touch()
    require(
        uv, "pip", "install", *again, "--python", python,
        "--constraint", CONSTRAINTS, "--editable", f"{ROOT}[dev,training,checkpoints]",
        hint="the installation failed; the lines above name the package. Run the command again:"
        " the downloaded files are kept",
    )  # fmt: skip
    report("4/5 installing packages for the pictures in them (33 MB; none of their code runs)")
    missing = install_pictures(uv, python, folder / "share" / "preferstream" / "pictures", again)
    if missing:
        report(
            f"the demo shows fewer pictures, because {', '.join(missing)} could not be installed;"
            f" to try again, remove {folder / '.installed'} and run the same command"
        )
    unfinished.unlink()
    report("5/5 preparing fast starts: Kafka's files and Python's bytecode (about half a minute)")
    # Not required: a start without it works and only takes longer.
    environment = {name: value for name, value in os.environ.items() if name != DONT_WRITE}
    run(python, "-m", "services.local.prepare", env=environment)
    (folder / ".installed").touch()
    report(f"done in {time.monotonic() - began:.0f} s")


def install_pictures(uv: Path, python: Path, folder: Path, options: Sequence[str]) -> list[str]:
    """Install each package of `PICTURES` into `folder`, not into the environment.

    Their dependencies are left out, since nobody imports them: arcade needs an older Pillow than we
    do. Returns the names of those that cannot be installed; the demo runs without them.
    """
    lines = PICTURES.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("#"))
    requirements = re.split(r"(?m)^(?=\S)", text)[1:]
    return [
        requirement.split("==")[0]
        for requirement in requirements
        if run(
            uv, "pip", "install", "--quiet", *options, "--python", python, "--target", folder,
            "--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirements", "-",
            text=requirement,
        )
    ]  # fmt: skip


if __name__ == "__main__":
    main()
