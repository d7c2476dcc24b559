"""The command line starts fast: a command imports only what it needs."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import verbs
from services.cli.program.app import app
from services.cli.program.lazy_commands import VERBS

HEAVY = {"torch", "transformers", "qdrant_client", "fastapi", "deltalake", "mlflow", "numpy"}
LOADED = """
import sys
from typer.testing import CliRunner
from services.cli.program.app import app
done = CliRunner().invoke(app, sys.argv[1:])
assert done.exit_code == 0, done.output
print(*(name for name in sys.modules if "." not in name))
"""


def test_every_file_in_verbs_is_a_command() -> None:
    files = Path(verbs.__file__).parent.glob("*/[!_]*.py")
    assert {file.stem.replace("_", "-"): file.parent.name for file in files} == VERBS
    output = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["--help"]).output
    assert all(f" {verb} " in output for verb in VERBS)


@pytest.mark.parametrize("verb", ["profile", "feedback", "publish", "feed", "doctor"])
def test_the_help_of_a_command_imports_nothing_heavy(verb: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, verb, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())


def test_an_unknown_command_is_wrong_use() -> None:
    result = CliRunner().invoke(app, ["profle"])
    assert result.exit_code == 2
    assert "profile" in result.output
