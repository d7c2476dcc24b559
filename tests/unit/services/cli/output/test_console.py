"""Results and errors can be printed in every encoding, and the width comes from the terminal."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.terminal import terminal

PRINTS = """
from services.cli.output.console import columns, err, out, print_error, print_json, print_progress
print_json({"id": "\\u5199\\u771f\\ud800 \\xe9"})
print_progress("[bold]\\u5199\\u771f[/] :cat: " + "word " * 30)
print_error("first \\xe9\\nsecond \\x1b[2J")
print_json([columns(out), columns(err)])
"""


def printed(**settings: str) -> tuple[list[str], list[str]]:
    """The lines of standard output and standard error, both pipes."""
    done = subprocess.run(
        [sys.executable, "-c", PRINTS], capture_output=True, check=True,
        env={**{k: v for k, v in os.environ.items() if k != "COLUMNS"}, **settings},
    )  # fmt: skip
    encoding = settings.get("PYTHONIOENCODING", "utf-8")
    return done.stdout.decode(encoding).splitlines(), done.stderr.decode(encoding).splitlines()


@pytest.mark.parametrize(
    "settings",
    [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"},
     {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)  # fmt: skip
def test_every_encoding_is_answered(settings: dict[str, str]) -> None:
    output, errors = printed(**settings)
    assert json.loads(output[0]) == {"id": "写真\ud800 é"}
    assert errors[0].startswith("[bold]")
    assert ":cat:" in errors[0]
    assert errors[-1] == r"second \x1b[2J"


def test_a_pipe_has_no_width_unless_it_is_set() -> None:
    output, errors = printed()
    assert (json.loads(output[1]), len(errors)) == ([None, None], 3)
    output, errors = printed(COLUMNS="60")
    assert json.loads(output[1]) == [60, 60]
    assert all(len(line) <= 60 for line in errors)


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
def test_the_width_is_the_one_of_the_terminal(kind: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    with terminal(
        [sys.executable, "-c", PRINTS], environment | {"TERM": kind}, columns=61
    ) as shown:
        assert shown.wait(seconds=60) == 0
    assert "[61,61]" in shown.text
    assert all(len(line) <= 61 for line in shown.text.splitlines())
    assert ("\x1b" in shown.raw) == (kind == "xterm")


TABLE = """
from services.cli.output.console import print_rows
from services.cli.output.listing import Column, Listing
print_rows(Listing((Column("id", "id"), Column("why", "text")), [("x" * 80, "a reason " * 9)]))
"""


@pytest.mark.parametrize("kind", ["xterm", "dumb"])
@pytest.mark.parametrize("width", [60, 100, 120])
def test_an_id_is_whole_on_each_kind_of_terminal(kind: str, width: int) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    command = [sys.executable, "-c", TABLE]
    with terminal(command, environment | {"TERM": kind}, columns=width) as shown:
        assert shown.wait(seconds=60) == 0
    lines = shown.text.splitlines()
    assert any("x" * 80 in line for line in lines), shown.text
    assert all(len(line) <= width for line in lines if "x" * 80 not in line)
