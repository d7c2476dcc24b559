"""The page on moving in and out is true: its examples are read, its commands and options exist."""

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.program.app import app
from shared.events.interchange.formats import FORMATS
from tests.support.project_root import PROJECT_ROOT
from tests.unit.shared.events.interchange.samples import problems, read

PAGE = (PROJECT_ROOT / "docs/moving.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```(?:json|csv) (\w+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^preferstream .*$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("format", "content"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_is_read_without_a_problem(tmp_path: Path, format: str, content: str) -> None:
    reads = read(tmp_path / "example", format, content)
    assert reads
    assert problems(reads) == []


def test_every_format_is_described() -> None:
    assert set(re.findall(r"^### `(\w+)`", PAGE, re.MULTILINE)) == FORMATS.keys()
    assert {name for name, _ in EXAMPLES} == FORMATS.keys() - {"parquet"}


@pytest.mark.parametrize("verb", ["import", "export", "backtest"])
def test_the_options_of_the_page_exist(verb: str) -> None:
    help_text = CliRunner(env={"COLUMNS": "200"}).invoke(app, [verb, "--help"]).output
    commands = [shlex.split(line) for line in COMMANDS if line.split()[1] == verb]
    assert commands
    for option in {word for words in commands for word in words if word.startswith("--")}:
        assert option in help_text


def test_every_option_that_the_text_names_is_one_of_import_or_backtest() -> None:
    helps = [
        CliRunner(env={"COLUMNS": "200"}).invoke(app, [verb, "--help"]).output
        for verb in ("import", "export", "backtest")
    ]
    for option in set(re.findall(r"`(--[a-z-]+)", PAGE)):
        assert any(option in text for text in helps), option
