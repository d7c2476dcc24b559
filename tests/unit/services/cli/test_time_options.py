"""Times on the command line: an age or a time, and a sentence for anything else."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from services.cli.output.dead_letter_output import parse_time
from shared.domain.clock import system_clock


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T09:30:00Z", datetime(2026, 1, 31, 9, 30, tzinfo=UTC)),
        ("2026-01-31T09:30:00+01:00", datetime(2026, 1, 31, 8, 30, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2026-01-31T09:30", datetime(2026, 1, 31, 9, 30, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(("text", "ago"), [("30m", 1 / 48), ("2h", 1 / 12), ("3d", 3)])
def test_an_age_is_counted_from_now(text: str, ago: float) -> None:
    time = parse_time(text)
    assert time is not None
    assert abs(system_clock() - timedelta(days=ago) - time) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "text",
    [
        "999999d", "yesterday", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+14:00",
        "2026-01-31T09:30:00+99:99", "1969-12-31", "2026-02-30", "",
    ],
)  # fmt: skip
def test_another_text_is_an_error_and_no_traceback(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        parse_time(text)
    assert "is not a time" in "".join(capsys.readouterr())
