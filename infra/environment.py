"""Make the virtual environment and install Preferstream into it, saying what happens.

Runs on a bare Python 3.11+ (standard library only): `python3 infra/environment.py .venv`.
"""

import subprocess
import sys
import time
import venv
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "infra" / "constraints.txt"


def say(text: str) -> None:
    print(f"preferstream setup: {text}", flush=True)


def fail(text: str) -> None:
    say(text)
    raise SystemExit(1)


def run(*command: str | Path, hint: str) -> None:
    result = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)
    if result.returncode:
        fail(hint)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".venv").resolve()
    if sys.version_info < OLDEST:
        fail(
            f"this is Python {sys.version.split()[0]}, and 3.11 or newer is needed;"
            " name one with `make PYTHON=python3.12 ...`"
        )
    began = time.monotonic()
    python = folder / "bin" / "python"
    if not python.exists():
        say(f"1/3 making a virtual environment in {folder.name}")
        try:
            venv.create(folder, with_pip=True, clear=folder.exists())
        except (subprocess.CalledProcessError, OSError) as error:
            fail(f"that failed ({error}); on Debian and Ubuntu install python3-venv, then try again")
    say("2/3 installing the installer (uv)")
    run(
        python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv>=0.9",
        hint="pip could not install uv; is there a network, and does pip reach its package index?",
    )  # fmt: skip
    say("3/3 installing Preferstream and what it needs (about 5 GB, a minute on a fast network)")
    run(
        folder / "bin" / "uv", "pip", "install", "--python", python,
        "--constraint", CONSTRAINTS, "--editable", f"{ROOT}[dev,training]",
        hint="the installation failed; the lines above say which package. Run the same again:"
        " what was downloaded is kept",
    )  # fmt: skip
    (folder / ".installed").touch()
    say(f"done in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
