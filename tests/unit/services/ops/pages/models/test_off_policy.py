"""The model page shows the clicks a slate of each order, or why there are none."""

from services.ops.pages.models.gate_report import gate_report
from services.ops.pages.models.off_policy import off_policy_values

VALUE = {"value": 1.8, "low": 1.7, "high": 1.9}
PART = {
    "problem": None,
    "slates": 120,
    "users": 40,
    "logged": VALUE,
    "orders": [
        {"name": "champion", "snips": VALUE, "dr": VALUE, "dr_gain": None, "problem": None},
        {
            "name": "challenger", "snips": VALUE, "dr": VALUE,
            "dr_gain": {"value": 0.1, "low": -0.02, "high": 0.22}, "problem": None,
        },
        {"name": "popularity", "snips": None, "dr": None, "problem": "12 looks are too few"},
    ],
}  # fmt: skip


def test_each_order_has_its_values_or_its_reason() -> None:
    values = off_policy_values({"off_policy": PART})
    assert values is not None
    assert [row.name for row in values.rows] == [
        "as shown", "champion", "challenger", "best baseline: popular images first",
    ]  # fmt: skip
    assert values.rows[1].snips == "1.80 (1.70 to 1.90)"
    assert values.rows[2].gain == "+0.10 (-0.02 to +0.22)"
    assert (values.rows[3].snips, values.rows[3].problem) == ("", "12 looks are too few")


def test_a_report_without_an_estimate_says_why() -> None:
    values = off_policy_values({"off_policy": {"problem": "no exploration", "logged": None}})
    assert values is not None
    assert (values.rows, values.problem) == ((), "no exploration")


def test_an_older_report_has_no_such_part() -> None:
    assert off_policy_values({}) is None
    report = gate_report({"opening": "The model did not change.", "findings": None})
    assert (report.off_policy, report.opening) == (None, "The model did not change.")
