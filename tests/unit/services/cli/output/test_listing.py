"""Whatever an id contains and however narrow the terminal is, the id is printed whole."""

import io
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from services.cli.doctor.check_result import CheckResult
from services.cli.output.dead_letter_output import letters_table
from services.cli.output.listing import Column, Listing, print_listing
from services.cli.output.literal_text import literal
from services.cli.output.model_tables import versions_table
from services.cli.output.tables import AssessedFile, assessment_table, feed_table
from services.cli.output.wrapping import Id, wrap
from services.cli.user_data.erasure_report import RetainedRecords
from services.cli.verbs.app.erase import retained_rows
from services.cli.verbs.models.evaluate import report_rows
from services.cli.verbs.system.doctor import check_rows
from services.retrain.registry.folders import VersionSummary
from shared.dead_letters import DeadLetter
from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.events import RankedFeed
from shared.events.documents.examples_from_preferstream import FROM_PREFERSTREAM
from shared.events.wire.record import Record
from shared.jobs.evaluation import Accuracy, ControlResult, Report
from tests.fakes.scores import COLOR_FIRST

WIDTHS = (60, 61, 72, 79, 80, 81, 100, 120, 160, 200)
STRANGE = (
    "img-1",
    "IMG_20260101_holiday_0001.jpg",
    "a file name with spaces in it, and commas.jpg",
    "x" * 256,
    "two words " * 25 + "end",
    "写真" * 30,
    "👩‍👩‍👧 family 🏳️‍🌈",
    "e\u0301" * 40,
    "[bold]x[/] [link=http://x]y[/link] [/]",
    ":smile: :cat:",
    "red\x1b[31m\x1b[2J\x07\x9b2J",
    "line\nbreak\r\ttab\u2028x",
    "\u202egpj.exe",
    "שלום-עולם.jpg",
    "صورة 12.png",
    "\udce9latin",
    "\\x1b",
    "feedback.v1.dlq/11/12345678901",
)


def _letters(name: str) -> Listing:
    headers = (
        ("x-error", b"invalid_event"),
        ("x-detail", f"image_id: {name}".encode("utf-8", "replace")),
    )
    record = Record(name, 0, 17, 1_700_000_000_000, b"ada", b"{}", headers)
    return letters_table((DeadLetter(record), DeadLetter(record)))


def _example() -> RankedFeed:
    return next(event for event, *_ in FROM_PREFERSTREAM if isinstance(event, RankedFeed))


def _feed(name: str) -> Listing:
    feed = _example()
    item = feed.items[0].model_copy(update={"image_id": name})
    return feed_table(
        feed.model_copy(update={"items": (item, item), "user_id": name}), notes={name: "liked"}
    )


def _assessments(name: str) -> Listing:
    assessment = _example().items[0].elements
    assert assessment is not None
    return assessment_table([AssessedFile(name, 17.1, assessment)], EQUAL_WEIGHTS)


def _versions(name: str) -> Listing:
    version = VersionSummary(
        version=name, kind="trained", made_at="2026-01-01T02:30:00", previous_version=None,
        reason="the accuracy rose by 3 points " * 5, metrics={"held_out_difference": 0.03},
        element_weights=COLOR_FIRST, folder=None,
    )  # fmt: skip
    return versions_table([version], {"champion": name})


def _retained_listing(name: str) -> Listing:
    return retained_rows([RetainedRecords(name, 3, datetime(2026, 1, 1, tzinfo=UTC))])


def _report(name: str) -> Listing:
    half = Accuracy(accuracy=0.5, n=10, users=5, interval=(0.4, 0.6))
    control = ControlResult(**half.model_dump(), splits={name: half})
    fields: dict[str, Any] = {
        "model_version": name, "protocol": "score", "splits": {name: half}, "mean": 0.5,
        "controls": {"user_blind": control, "other_user": control},
    }  # fmt: skip
    report = Report.model_construct(**fields)
    return report_rows(report)


def _checks(name: str) -> Listing:
    return check_rows([CheckResult(name, False, f"no such folder: {name}", "correct it")] * 2)


LISTINGS: tuple[Callable[[str], Listing], ...] = (
    _letters, _feed, _assessments, _versions, _retained_listing, _report, _checks,
)  # fmt: skip


def printed(listing: Listing, width: int | None, *, encoding: str = "utf-8") -> list[str]:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    print_listing(console, listing, width=width)
    file.flush()
    return raw.getvalue().decode(encoding).split("\n")


def _complain(listing: Listing, name: str, width: int) -> list[str]:
    lines, shown = printed(listing, width), literal(name)
    problems = [] if any(shown in line for line in lines) else [f"{shown!r} is not whole"]
    problems += [
        f"{cell_len(line)} cells: {line!r}"
        for line in lines
        if cell_len(line) > width and shown not in line and " " in line.strip()
    ]
    # An id that fits into the width makes no line too wide.
    if cell_len(shown) + 40 <= width:
        problems += [f"too wide: {line!r}" for line in lines if cell_len(line) > width]
    return problems


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("listing", LISTINGS)
def test_each_id_is_whole_on_one_line(listing: Callable[[str], Listing], width: int) -> None:
    problems = [p for name in STRANGE for p in _complain(listing(name), name, width)]
    assert problems == []


def test_random_ids_are_whole_in_every_width() -> None:
    random_ids = random.Random(18)
    letters = "ab-_./ [](){}:\\\x00\x1b\x7f\u200d\u202eéß漢字🙂א" + "\u0301"
    for _ in range(150):
        name = "".join(random_ids.choices(letters, k=random_ids.randint(1, 90))).strip() or "a"
        listing = random_ids.choice(LISTINGS)(name)
        assert _complain(listing, name, random_ids.randint(60, 200)) == [], repr(name)


@pytest.mark.parametrize("width", WIDTHS)
def test_names_that_differ_at_the_end_stay_different(width: int) -> None:
    names = [f"IMG_20260101_holiday_in_the_mountains_{n:04}.jpg" for n in range(1, 4)]
    columns = (Column("#", "number"), Column("image", "id"), Column("why", "text"))
    listing = Listing(columns, [(str(n), name, "word " * 30) for n, name in enumerate(names)])
    lines = printed(listing, width)
    assert [sum(name in line for line in lines) for name in names] == [1, 1, 1]


def test_no_control_character_reaches_the_terminal() -> None:
    for name in STRANGE:
        for listing in LISTINGS:
            for width in (None, 60, 200):
                text = "".join(printed(listing(name), width))
                assert not set(text) & set("\x1b\x07\x9b\r\u202e\u2028"), repr(name)


def test_an_id_in_a_record_is_alone_on_its_line() -> None:
    lines = printed(_letters("feedback.v1.dlq"), 64)
    assert lines.count("feedback.v1.dlq/0/17") == 2
    assert "  rejected at 11-14 22:13:20, reason invalid_event, state open" in lines


def test_a_right_to_left_id_does_not_reorder_the_numbers_of_its_row() -> None:
    assert "שלום.jpg" in printed(_assessments("שלום.jpg"), 200)


def test_a_pipe_gets_one_line_per_row_with_tabs() -> None:
    name = "a\tb\nc " + "x" * 200
    header, *rows = printed(_letters(name), None)
    assert header.split("\t") == ["id", "rejected at", "reason", "detail", "state"]
    assert [row.split("\t")[0] for row in rows if row] == [f"{literal(name)}/0/17"] * 2
    assert rows[0].split("\t")[3] == f"image_id: {literal(name)}"


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8"])
@pytest.mark.parametrize("width", [None, 60, 120])
def test_every_encoding_can_print_every_id(encoding: str, width: int | None) -> None:
    for name in STRANGE:
        for listing in LISTINGS:
            assert any(
                literal(name, encoding=encoding) in line
                for line in printed(listing(name), width, encoding=encoding)
            ), repr(name)


def test_prose_is_wrapped_at_spaces_and_an_id_is_not() -> None:
    line = ["not ranked: ", Id("a b c d e f g h"), ": the image is too large"]
    assert [text.plain for text in wrap(line, width=20, hanging=2)] == [
        "not ranked:", "  a b c d e f g h:", "  the image is too", "  large",
    ]  # fmt: skip
