"""An import sends each event once, resumes where it was stopped, and refuses broken lines only."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.interchange.import_checkpoint import ImportCheckpoint
from services.cli.interchange.import_counts import ImportCounts
from services.cli.interchange.import_run import run_import
from services.cli.interchange.refused_lines import RefusedLines
from services.cli.program.app import app
from shared.domain.errors import Unavailable
from shared.events.interchange.formats import FORMATS, read_files
from shared.events.types.base import Event
from tests.unit.shared.events.interchange import samples

HEADER = "USER_ID,ITEM_ID,TIMESTAMP\n"


class Kafka:
    """Keeps what is sent, and is away from the given call on."""

    def __init__(self, *, away_from: int | None = None) -> None:
        self.events: list[Event] = []
        self.calls = 0
        self._away_from = away_from

    def __call__(self, events: Sequence[Event]) -> None:
        self.calls += 1
        if self._away_from is not None and self.calls >= self._away_from:
            raise Unavailable("kafka", "away")
        self.events += events


def run(
    path: Path, kafka: Kafka | None, *, format: str = "personalize", refused: Path | None = None
) -> ImportCounts:
    counts, options = ImportCounts(), samples.options(format)
    checkpoint = ImportCheckpoint.of(path.parent / "data", [path], format)
    with RefusedLines(refused) as lines:
        run_import(
            read_files(FORMATS[format], [path], options), options, counts=counts, refused=lines,
            send=kafka, checkpoint=checkpoint,
        )  # fmt: skip
    return counts


def test_lists_are_sent_as_views_and_feedback_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "i.csv"
    path.write_text(samples.PERSONALIZE, encoding="utf-8")
    kafka = Kafka()
    counts = run(path, kafka, refused=tmp_path / "refused")
    assert counts.sent == len(kafka.events) == 9
    assert len({event.event_id for event in kafka.events}) == 6  # both rows repeat their list
    lines = [json.loads(text) for text in (tmp_path / "refused").read_text().splitlines()]
    assert [(line["line"], line["reason"]) for line in lines] == [(4, "bad_time"), (5, "bad_csv")]
    assert lines[0]["file"] == str(path)


def test_feedback_names_the_address_of_an_item_that_was_read_before(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_text(samples.METARANK, encoding="utf-8")
    kafka = Kafka()
    run(path, kafka, format="metarank")
    clicks = [event for event in kafka.events if getattr(event, "type", None) == "click"]
    assert [click.uri for click in clicks] == ["https://example.org/p1.png"]  # type: ignore[attr-defined]


def test_an_import_resumes_after_the_last_acknowledged_batch(tmp_path: Path) -> None:
    path = tmp_path / "i.csv"
    rows = "".join(f"u{n},p{n},{1_596_000_000 + n}\n" for n in range(3_500))
    path.write_text(HEADER + rows, encoding="utf-8")
    first = Kafka(away_from=3)
    with pytest.raises(Unavailable):
        run(path, first)
    assert len(first.events) == 2_000
    second = Kafka()
    counts = run(path, second)
    assert (counts.sent_before, counts.sent) == (2_000, 1_500)
    ids = [event.event_id for event in (*first.events, *second.events)]
    assert len(set(ids)) == len(ids) == 3_500
    third = Kafka()
    run(path, third)
    assert {event.event_id for event in third.events} == set(ids)


def test_a_changed_file_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "i.csv"
    path.write_text(HEADER + "u,p,1596000000\n", encoding="utf-8")
    ImportCheckpoint.of(tmp_path, [path], "x").save(1)
    assert ImportCheckpoint.of(tmp_path, [path], "x").records == 1
    assert ImportCheckpoint.of(tmp_path, [path], "y").records == 0
    path.write_text(HEADER + "u,p,1596000000\nu,p2,1596000000\n", encoding="utf-8")
    assert ImportCheckpoint.of(tmp_path, [path], "x").records == 0


def test_a_dry_run_counts_and_shows_the_first_problems(tmp_path: Path) -> None:
    path = tmp_path / "u.ndjson"
    path.write_text(samples.UBI, encoding="utf-8")
    result = CliRunner().invoke(app, ["import", "ubi", str(path), "--dry-run", "--json"])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["events"] == {"ranked lists": 1, "feedback click": 1, "feedback like": 1}
    assert report["refused"] == {"not_json": 1, "unmapped_event": 1}
    assert [problem["line"] for problem in report["first_problems"]] == [3, 5]
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_without_problems_ends_with_success(tmp_path: Path) -> None:
    path = tmp_path / "i.csv"
    path.write_text(HEADER + "u,p,1596000000\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["import", "personalize", str(path), "--dry-run"]).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["csv", "FILE"], "no format"),
        (["ubi", "missing"], "no file missing"),
        (["ubi", "FILE", "--map", "click"], "not NAME=TYPE"),
        (["ubi", "FILE", "--map", "click=magic"], "no type of feedback"),
        (["ubi", "FILE", "--uri-template", "https://example.org/"], "{id}"),
        (["ubi", "FILE", "--timezone", "Mars/Olympus"], "no time zone"),
        (["ubi", "FILE", "--encoding", "klingon"], "no encoding"),
        (["ubi", "FILE", "--missing-time", "soon"], "RFC 3339"),
        (["ubi", "FILE", "--lists", "both"], "views or skip"),
        (["ubi", "FILE", "--tenant", ""], "--tenant"),
        (["ubi", "FILE", "--timezone", "../x"], "no time zone"),
        (["ubi", "FILE", "--refused", "FILE"], "name another with --refused"),
    ],
)
def test_wrong_use_is_named(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "FILE").write_text("", encoding="utf-8")
    given = [str(tmp_path / "FILE") if text == "FILE" else text for text in arguments]
    result = CliRunner(env={"COLUMNS": "400"}).invoke(app, ["import", *given, "--dry-run"])
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    "command",
    [("import", "parquet"), ("backtest", "--format", "parquet")],
    ids=["import", "backtest"],
)
def test_a_folder_in_place_of_its_files_is_wrong_use(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, [*command, str(tmp_path)])
    assert (result.exit_code, "is a folder; name the files in it" in result.stderr) == (2, True)


def test_the_text_of_a_refused_record_is_json(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    record = {"event": "interaction", "id": "1", "timestamp": "1769851805000", "user": "ada",
              "type": "teleport", "item": "img-1"}  # fmt: skip
    path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    counts = run(path, None, format="metarank")
    assert json.loads(counts.first_problems[0].text) == record
