"""Create the virtual environment and install Preferstream into it.

Runs on a bare Python 3.11+ (standard library only): `python3 infra/environment.py .venv`.
"""

import os
import subprocess
import sys
import time
import venv
from pathlib import Path

MIN_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "infra" / "constraints.txt"
DONT_WRITE = "PYTHONDONTWRITEBYTECODE"
"""Set on some systems. Without bytecode files, each start compiles its imports: 12 s of CPU."""


def report(text: str) -> None:
    print(f"preferstream setup: {text}", flush=True)


def fail(text: str) -> None:
    report(text)
    raise SystemExit(1)


def run(*command: str | Path, hint: str) -> None:
    result = subprocess.run([str(part) for part in command], cwd=ROOT, check=False)
    if result.returncode:
        fail(hint)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".venv").resolve()
    if sys.version_info < MIN_PYTHON:
        fail(
            f"this is Python {sys.version.split()[0]}, but Preferstream needs 3.11 or newer;"
            " choose another one with `make PYTHON=python3.12 ...`"
        )
    began = time.monotonic()
    python = folder / "bin" / "python"
    if not python.exists():
        report(f"1/4 creating a virtual environment in {folder.name}")
        try:
            venv.create(folder, with_pip=True, clear=folder.exists())
        except (subprocess.CalledProcessError, OSError) as error:
            fail(
                f"the virtual environment could not be created ({error}); on Debian and Ubuntu,"
                " install python3-venv, then try again"
            )
    report("2/4 installing uv, the package installer")
    run(
        python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv>=0.9",
        hint="pip could not install uv; check the network and the package index of pip",
    )  # fmt: skip
    report("3/4 installing Preferstream and its packages (about 5 GB, a minute on a fast network)")
    run(
        folder / "bin" / "uv", "pip", "install", "--python", python,
        "--constraint", CONSTRAINTS, "--editable", f"{ROOT}[dev,training]",
        hint="the installation failed; the lines above name the package. Run the command again:"
        " the downloaded files are kept",
    )  # fmt: skip
    report("4/4 preparing fast starts: Kafka's files and Python's bytecode (about half a minute)")
    # Not required: a start without it works and only takes longer.
    subprocess.run(
        [str(python), "-m", "services.local.prepare"], cwd=ROOT, check=False,
        env={name: value for name, value in os.environ.items() if name != DONT_WRITE},
    )  # fmt: skip
    (folder / ".installed").touch()
    report(f"done in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
