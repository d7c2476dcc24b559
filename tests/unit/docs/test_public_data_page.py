"""The page on public data is true: its commands exist, and its examples are read."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.program.app import app
from services.cli.verbs.data.import_benchmark import FORMATS as NAMES
from shared.events.interchange.values import Row
from tests.support.project_root import PROJECT_ROOT
from training.evaluation.benchmark.public_data.layouts.columns import Columns
from training.evaluation.benchmark.public_data.layouts.formats import FORMATS
from training.evaluation.benchmark.public_data.layouts.pick_a_pic import COLUMNS
from training.evaluation.benchmark.public_data.layouts.rating_files import FLICKR_AES, PAMELA
from training.finetuning.data.released_rows import is_released, to_case

PAGE = (PROJECT_ROOT / "docs/public-data.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```(?:json|csv|text) ([\w-]+)\n(.*?)```", PAGE, re.DOTALL))
COMMANDS = [shlex.split(line) for line in re.findall(r"^preferstream .*$", PAGE, re.MULTILINE)]


def test_every_format_is_described_with_its_source_and_terms() -> None:
    table = dict(re.findall(r"^\| `([\w-]+)` \| (.*)$", PAGE, re.MULTILINE))
    assert tuple(FORMATS) == NAMES == tuple(table)
    for name, format in FORMATS.items():
        assert format.source.split(" on ")[0].split(",")[0].split(" and ")[0] in table[name], name
        assert format.licence.split(",")[0].split(":")[0].removesuffix(" to us")[:9] in table[name]
    used = {command[2] for command in COMMANDS if command[1] == "import-benchmark"}
    assert used == set(NAMES)


@pytest.mark.parametrize("verb", ["import-benchmark", "evaluate", "night"])
def test_the_options_of_the_commands_exist(verb: str) -> None:
    help_text = CliRunner(env={"COLUMNS": "200"}).invoke(app, [verb, "--help"]).output
    commands = [command for command in COMMANDS if command[1] == verb]
    assert commands
    for option in {word for command in commands for word in command if word.startswith("--")}:
        assert option in help_text, option


def test_every_option_that_the_text_names_exists() -> None:
    help_text = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["import-benchmark", "--help"]).output
    for option in set(re.findall(r"`(--[a-z-]+)", PAGE)):
        assert option in help_text, option


@pytest.mark.parametrize(
    ("name", "ending", "layout"), [("pamela", "json", PAMELA), ("flickr-aes", "csv", FLICKR_AES)]
)
def test_an_example_of_ratings_has_the_columns_of_its_layout(
    tmp_path: Path, name: str, ending: str, layout: object
) -> None:
    assert layout in (PAMELA, FLICKR_AES)
    chosen = PAMELA if layout is PAMELA else FLICKR_AES
    file = tmp_path / f"example.{ending}"
    file.write_text(EXAMPLES[name], encoding="utf-8")
    (row,) = chosen.rows(file)
    assert isinstance(row, Row)
    columns = Columns(chosen.columns, {})
    columns.check(row.fields, str(file))
    values = columns.read(row.fields)
    assert all(values.values())
    assert float(values["score"]) == 4


def test_the_example_of_a_training_row_is_read() -> None:
    row = json.loads(EXAMPLES["preferthinker"])
    assert is_released(row)
    case = to_case(row, lambda name: name)
    assert (case["better"], case["worse"], case["liked"]) == ("a.png", "b.png", ["l.png"])


def test_the_columns_of_pick_a_pic_are_those_that_are_read() -> None:
    pairs = dict(text.split("=") for text in EXAMPLES["pick-a-pic"].split())
    assert pairs == COLUMNS
