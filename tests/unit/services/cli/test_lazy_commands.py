"""The command starts quickly: a verb brings in what it needs, and nothing of the others."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import verbs
from services.cli.__main__ import app
from services.cli.lazy_commands import VERBS

HEAVY = {"torch", "transformers", "qdrant_client", "fastapi", "deltalake", "mlflow", "numpy"}
LOADED = """
import sys
from typer.testing import CliRunner
from services.cli.__main__ import app
done = CliRunner().invoke(app, sys.argv[1:])
assert done.exit_code == 0, done.output
print(*(name for name in sys.modules if "." not in name))
"""


def test_every_verb_is_there() -> None:
    files = {file.stem for file in Path(verbs.__file__).parent.glob("[!_]*.py")}
    assert files == set(VERBS)
    told = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["--help"]).output
    assert all(f" {verb} " in told for verb in VERBS)


@pytest.mark.parametrize("verb", ["profile", "feedback", "publish", "feed", "doctor"])
def test_a_verb_imports_nothing_heavy_before_it_works(verb: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, verb, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())


def test_a_verb_that_there_is_not_is_wrong_use() -> None:
    told = CliRunner().invoke(app, ["profle"])
    assert told.exit_code == 2
    assert "profile" in told.output
