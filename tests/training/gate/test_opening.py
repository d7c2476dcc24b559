"""Every report opens with one sentence, on the page, in Markdown and in JSON."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.training.gate.off_policy.simulated_logs import draw_log
from training.gate.markdown import markdown
from training.gate.opening import gain_of, opening
from training.gate.report import Report, judge, report_after_crash
from training.gate.report_files import write_report
from training.gate.rules import Rules
from training.gate.simulate.evidence import SimulatedJob, draw_evidence

NOW = datetime(2026, 1, 31, tzinfo=UTC)
RULES = Rules(draws=300)


@pytest.fixture(scope="module")
def report() -> Report:
    evidence = draw_evidence(SimulatedJob(gain=0.06), seed=1)
    evidence = replace(evidence, challenger="<b>nano|2", off_policy=draw_log(2, share=0.5))
    return judge(evidence, RULES, seed=0, now=NOW)


def test_the_sentence_says_what_the_gate_decided_and_how_sure_it_is(report: Report) -> None:
    gain = gain_of(report)
    assert report.decision.verdict == "promote"
    assert gain is not None
    assert gain.low < gain.value < gain.high
    assert opening(report).startswith("The model changes: ")
    assert f"{100 * gain.value:+.1f} points" in opening(report)


def test_a_report_without_a_verdict_says_that_nothing_is_known() -> None:
    crashed = report_after_crash("no memory", RULES, seed=0, now=NOW)
    assert opening(crashed).startswith("The model did not change, because ")
    assert "nothing is known about a new one" in opening(crashed)
    assert gain_of(crashed) is None


def test_all_three_files_have_the_sentence_and_the_clicks_a_slate(
    report: Report, tmp_path: Path
) -> None:
    write_report(report, tmp_path)
    values = json.loads((tmp_path / "report.json").read_text("utf-8"))
    page = (tmp_path / "report.html").read_text("utf-8")
    text = (tmp_path / "report.md").read_text("utf-8")
    assert values["opening"] == opening(report)
    assert len(values["gain"]) == 3
    challenger = values["findings"]["off_policy"]["orders"][1]
    shown = f"{challenger['dr']['value']:.2f} ({challenger['dr']['low']:.2f} to"
    assert page.index("The model changes") < page.index("Conditions of promotion")
    for file in (page, text):
        assert shown in file
        assert "Clicks a slate, by the logs" in file
    assert "<b>nano|2" not in page
    assert "\\<b>nano\\|2" in text


def test_a_log_without_an_estimate_shows_its_reason_and_no_number(report: Report) -> None:
    evidence = draw_evidence(SimulatedJob(), seed=1)
    empty = replace(evidence, off_policy=draw_log(2, share=0.0))
    text = markdown(judge(empty, RULES, seed=0, now=NOW))
    assert "There is no estimate: the log has 0 clicks on neighbors" in text
    assert "SNIPS" not in text
    assert "Clicks a slate" not in markdown(judge(evidence, RULES, seed=0, now=NOW))
