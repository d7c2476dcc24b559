"""The report is complete, readable by programs and people, and is written in every case."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from training.gate.evidence import (
    CONTROLS,
    Control,
    Evidence,
    Pair,
    PairSet,
    as_json,
    evidence_from_json,
)
from training.gate.findings import examine
from training.gate.report import judge
from training.gate.report_files import write_report
from training.gate.rules import Rules
from training.gate.simulate.evidence import SimulatedJob, draw_evidence
from training.statistics.calibration import Calibration

NOW = datetime(2026, 1, 31, tzinfo=UTC)
RULES = Rules(draws=500)


def _evidence() -> Evidence:
    evidence = draw_evidence(SimulatedJob(gain=0.06), seed=1)
    pairs = evidence.held_out_users
    half = np.full(pairs.pairs, 0.5)
    sure = np.where(pairs.challenger > 0, 0.9, 0.1)
    more = {"challenger_probability": sure}
    more["champion_probability"] = np.where(pairs.champion > 0, 0.7, 0.3)
    controls = dict.fromkeys(CONTROLS, Control(np.arange(200), half[:200]))
    held_out = replace(pairs, more=more, controls=controls)
    return replace(evidence, held_out_users=held_out, challenger="<b>nano-2</b>")


def test_evidence_survives_json_unchanged() -> None:
    evidence = _evidence()
    read = evidence_from_json(json.loads(json.dumps(as_json(evidence))))
    first, second = (judge(e, RULES, seed=0, now=NOW) for e in (evidence, read))
    assert first == second


def test_both_controls_and_the_calibration_are_in_both_files(tmp_path: Path) -> None:
    write_report(judge(_evidence(), RULES, seed=0, now=NOW), tmp_path)
    values = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert values["decision"]["verdict"] == "promote"
    assert values["metrics"]["held_out_user_blind"] == pytest.approx(0.5)
    assert values["metrics"]["held_out_other_user"] == pytest.approx(0.5)
    assert values["findings"]["calibrations"]["challenger"]["error"] > 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "challenger without a profile" in page
    assert "another user&#x27;s profile" in page
    assert "calibration error" in page


def test_a_control_has_its_number_of_pairs_and_the_interval_over_them(tmp_path: Path) -> None:
    rows = [
        Pair(
            user=f"u{n % 60}",
            champion=1,
            challenger=1,
            user_blind=float(n % 2) if n < 120 else None,
        )
        for n in range(600)
    ]
    evidence = replace(_evidence(), held_out_users=PairSet.of(rows))
    write_report(judge(evidence, RULES, seed=0, now=NOW), tmp_path)
    values = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    held_out = values["findings"]["held_out_users"]
    assert (held_out["pairs"], held_out["control_pairs"]) == (600, {"user_blind": 120})
    alone = judge(
        replace(evidence, held_out_users=PairSet.of(rows[:120])), RULES, seed=0, now=NOW
    ).findings
    assert alone is not None
    assert alone.held_out_users is not None
    assert held_out["means"]["user_blind"] == vars(alone.held_out_users.means["user_blind"])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "without a profile, on 120 pairs: 50" in page


def test_controls_do_not_change_the_decision() -> None:
    evidence = _evidence()
    without = replace(evidence, held_out_users=replace(evidence.held_out_users, controls={}))
    first, second = (judge(e, RULES, seed=0, now=NOW) for e in (evidence, without))
    assert first.decision == second.decision


def test_the_report_shows_the_element_weights_of_a_challenger(tmp_path: Path) -> None:
    weights = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)
    evidence = replace(
        _evidence(), element_weights={"champion": EQUAL_WEIGHTS, "challenger": weights}
    )
    read = evidence_from_json(json.loads(json.dumps(as_json(evidence))))
    write_report(judge(read, RULES, seed=0, now=NOW), tmp_path / "weighted")
    values = json.loads((tmp_path / "weighted" / "report.json").read_text(encoding="utf-8"))
    assert values["findings"]["element_weights"]["challenger"] == weights.model_dump()
    page = (tmp_path / "weighted" / "report.html").read_text(encoding="utf-8")
    assert weights.summary in page
    assert "all equal" in page
    write_report(judge(_evidence(), RULES, seed=0, now=NOW), tmp_path / "equal")
    without = (tmp_path / "equal" / "report.html").read_text(encoding="utf-8")
    assert "Element weights" not in without


def test_every_plot_is_well_formed_and_the_name_of_a_model_is_escaped(tmp_path: Path) -> None:
    write_report(judge(_evidence(), RULES, seed=0, now=NOW), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    plots = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(plots) == 4
    for plot in plots:
        ElementTree.fromstring(plot)
    assert "<b>nano-2</b>" not in page


def test_an_overconfident_model_has_a_calibration_error() -> None:
    def pairs(right: int) -> PairSet:
        rows = [
            Pair(
                user=str(n), champion=1, challenger=1, champion_probability=0.5,
                challenger_probability=0.75 if n < right else 0.25,
            )
            for n in range(100)
        ]  # fmt: skip
        return PairSet.of(rows)

    def of(pairs: PairSet) -> Mapping[str, Calibration]:
        evidence = replace(_evidence(), held_out_users=pairs)
        return examine(evidence, RULES, seed=0).calibrations

    honest, overconfident = of(pairs(75))["challenger"], of(pairs(40))["challenger"]
    assert honest.error == pytest.approx(0.0)
    assert overconfident.error == pytest.approx(0.35)
    assert of(draw_evidence(SimulatedJob(), seed=0).order) == {}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"champion": "a"}', '{"champion": 1, "challenger": 2}', "\x00", "NaN"],
)
def test_invalid_evidence_keeps_the_champion_with_a_reason(tmp_path: Path, text: str) -> None:
    (tmp_path / "evidence.json").write_text(text, encoding="utf-8")
    decision = _decision(tmp_path / "evidence.json", tmp_path / "out")
    assert (decision["verdict"], decision["code"]) == ("keep", "crash")
    assert "could not judge" in decision["reason"]


def test_missing_evidence_keeps_the_champion(tmp_path: Path) -> None:
    decision = _decision(tmp_path / "nothing.json", tmp_path / "out")
    assert "did the evaluation finish?" in decision["reason"]
    assert (tmp_path / "out" / "report.html").is_file()


def test_the_command_writes_and_prints_the_verdict(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(as_json(_evidence())), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "training.gate", file, "--out", tmp_path, "--draws", "500"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("promote: ")
    assert json.loads((tmp_path / "report.json").read_text())["decision"]["code"] == "better"


def _decision(file: Path, out: Path) -> dict[str, str]:
    from training.gate.__main__ import judge_file

    write_report(judge_file(file, RULES, seed=0, now=NOW), out)
    values: dict[str, dict[str, str]] = json.loads((out / "report.json").read_text("utf-8"))
    return values["decision"]
