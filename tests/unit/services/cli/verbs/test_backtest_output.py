"""A backtest is shown as tables and as a page, also where nothing could be measured."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.interchange.backtest_output import (
    BIAS,
    method_rows,
    off_policy_rows,
    remarks,
    write_backtest_page,
)
from services.cli.program.app import app
from shared.jobs.backtest_report import (
    BacktestReport,
    MethodResult,
    Metric,
    OffPolicy,
    Support,
)


def metric(value: float) -> Metric:
    return Metric(value=value, interval=(value - 0.1, value + 0.1))


def result(ndcg: float) -> MethodResult:
    return MethodResult(
        rankings=30, users=9, ndcg=metric(ndcg), mrr=metric(0.5), ndcg_gain=metric(0.0),
        mrr_gain=Metric(value=0.0, interval=None),
    )  # fmt: skip


def report(**fields: object) -> BacktestReport:
    known = Support(
        unit="explored pairs", decisions=80, users=20, effective=41.0, mean_weight=metric(1)
    )
    return BacktestReport.model_validate(
        {
            "model_version": "m<1>", "seed": 3, "users_of_history": 50, "users_sampled": 20,
            "rankings_of_sample": 90, "methods": {"ours": result(0.8), "logged": result(0.7)},
            "off_policy": OffPolicy(
                support=known, logged=metric(0.3), snips=metric(0.4), snips_gain=metric(0.1),
                dr=metric(0.41), dr_gain=metric(0.11),
            ),
            "left_out": {"no click": 4}, "missing_images": {"no_address": 2}, "seconds": 7,
            **fields,
        }
    )  # fmt: skip


def test_the_tables_name_users_intervals_and_the_bias_of_the_logged_order() -> None:
    rows = method_rows(report())
    assert rows.rows[0][:4] == ("our order", "30", "9", "0.800 (0.700 to 0.900)")
    assert [row[1] for row in off_policy_rows(report()).rows][1] == "0.400 (0.300 to 0.500)"
    assert BIAS in remarks(report())
    assert "lists left out, no click: 4" in remarks(report())


def test_the_page_shows_every_order_and_escapes_texts(tmp_path: Path) -> None:
    write_backtest_page(tmp_path / "page.html", report())
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "m&lt;1&gt;" in page
    assert "our order, doubly robust" in page
    assert not re.search(r"<script|https?://", page)


def test_a_page_without_a_measure_says_what_is_missing(tmp_path: Path) -> None:
    empty = report(
        model_version=None, methods={}, off_policy=OffPolicy(problem="none"),
        missing=("No image has an address",),
    )  # fmt: skip
    write_backtest_page(tmp_path / "page.html", empty)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Nothing could be measured" in page
    assert "No image has an address" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--lake"),
        (["FILE"], "--format"),
        (["FILE", "--format", "metarank", "--lake"], "not both"),
        (["missing", "--format", "ubi"], "no file missing"),
    ],
)
def test_wrong_use_is_named(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "FILE").write_text("", encoding="utf-8")
    given = [str(tmp_path / "FILE") if text == "FILE" else text for text in arguments]
    ended = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["backtest", *given])
    assert ended.exit_code == 2
    assert message in ended.output


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--timezone", "Mars/Olympus", "no time zone"),
        ("--encoding", "klingon", "no encoding"),
        ("--map", "click", "not NAME=TYPE"),
        ("--map", "click=magic", "no type of feedback"),
        ("--uri-template", "https://host/", "{id}"),
        ("--user-field", "email", "client_id or user_id"),
    ],
)
def test_a_wrong_option_is_named_before_anything_is_read(
    tmp_path: Path, option: str, value: str, message: str
) -> None:
    (tmp_path / "FILE").write_text("", encoding="utf-8")
    given = ["backtest", str(tmp_path / "FILE"), "--format", "ubi", option, value]
    result = CliRunner(env={"COLUMNS": "400"}).invoke(app, given)
    assert result.exit_code == 2
    assert message in result.output
