"""The report: complete, readable by machines and people, and there whatever happens."""

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

from shared.domain.element_weights import EQUAL, ElementWeights
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
from training.gate.report import judge, write_report
from training.gate.rules import Rules
from training.gate.simulated import Night, draw_night
from training.statistics.calibration import Calibration

NOW = datetime(2026, 1, 31, tzinfo=UTC)
RULES = Rules(draws=500)


def _evidence() -> Evidence:
    evidence = draw_night(Night(gain=0.06), seed=1)
    pairs = evidence.held_out_users
    half = np.full(pairs.pairs, 0.5)
    sure = np.where(pairs.challenger > 0, 0.9, 0.1)
    more = {"challenger_probability": sure}
    more["champion_probability"] = np.where(pairs.champion > 0, 0.7, 0.3)
    controls = dict.fromkeys(CONTROLS, Control(np.arange(200), half[:200]))
    held_out = replace(pairs, more=more, controls=controls)
    return replace(evidence, held_out_users=held_out, challenger="<b>nano-2</b>")


def test_evidence_goes_through_json_unchanged() -> None:
    evidence = _evidence()
    read = evidence_from_json(json.loads(json.dumps(as_json(evidence))))
    found = [judge(e, RULES, seed=0, now=NOW) for e in (evidence, read)]
    assert found[0] == found[1]


def test_both_controls_and_the_calibration_are_in_both_files(tmp_path: Path) -> None:
    write_report(judge(_evidence(), RULES, seed=0, now=NOW), tmp_path)
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert told["decision"]["verdict"] == "promote"
    assert told["metrics"]["held_out_blind"] == pytest.approx(0.5)
    assert told["metrics"]["held_out_another"] == pytest.approx(0.5)
    assert told["findings"]["calibrations"]["challenger"]["error"] > 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "challenger without any taste" in page
    assert "somebody else&#x27;s taste" in page
    assert "calibration error" in page


def test_a_control_says_on_how_many_pairs_and_with_the_interval_of_those(tmp_path: Path) -> None:
    rows = [
        Pair(user=f"u{n % 60}", champion=1, challenger=1, blind=float(n % 2) if n < 120 else None)
        for n in range(600)
    ]
    evidence = replace(_evidence(), held_out_users=PairSet.of(rows))
    write_report(judge(evidence, RULES, seed=0, now=NOW), tmp_path)
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    found = told["findings"]["held_out_users"]
    assert (found["pairs"], found["control_pairs"]) == (600, {"blind": 120})
    alone = judge(
        replace(evidence, held_out_users=PairSet.of(rows[:120])), RULES, seed=0, now=NOW
    ).findings
    assert alone is not None
    assert alone.held_out_users is not None
    assert found["means"]["blind"] == vars(alone.held_out_users.means["blind"])
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "without any taste, on 120 pairs: 50" in page


def test_what_controls_were_asked_changes_no_verdict() -> None:
    evidence = _evidence()
    unasked = replace(evidence, held_out_users=replace(evidence.held_out_users, controls={}))
    found = [judge(e, RULES, seed=0, now=NOW) for e in (evidence, unasked)]
    assert found[0].decision == found[1].decision


def test_the_report_says_in_words_what_elements_count_to_a_challenger(tmp_path: Path) -> None:
    weights = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)
    evidence = replace(_evidence(), element_weights={"champion": EQUAL, "challenger": weights})
    read = evidence_from_json(json.loads(json.dumps(as_json(evidence))))
    write_report(judge(read, RULES, seed=0, now=NOW), tmp_path / "weighed")
    told = json.loads((tmp_path / "weighed" / "report.json").read_text(encoding="utf-8"))
    assert told["findings"]["element_weights"]["challenger"] == weights.model_dump()
    page = (tmp_path / "weighed" / "report.html").read_text(encoding="utf-8")
    assert weights.told in page
    assert "all alike" in page
    write_report(judge(_evidence(), RULES, seed=0, now=NOW), tmp_path / "untold")
    untold = (tmp_path / "untold" / "report.html").read_text(encoding="utf-8")
    assert "What elements count" not in untold


def test_every_plot_is_well_formed_and_a_models_name_stays_text(tmp_path: Path) -> None:
    write_report(judge(_evidence(), RULES, seed=0, now=NOW), tmp_path)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    plots = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(plots) == 4
    for plot in plots:
        ElementTree.fromstring(plot)
    assert "<b>nano-2</b>" not in page


def test_a_sure_and_right_model_has_no_calibration_error_and_a_braggart_has() -> None:
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

    honest, braggart = of(pairs(75))["challenger"], of(pairs(40))["challenger"]
    assert honest.error == pytest.approx(0.0)
    assert braggart.error == pytest.approx(0.35)
    assert of(draw_night(Night(), seed=0).order) == {}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"champion": "a"}', '{"champion": 1, "challenger": 2}', "\x00", "NaN"],
)
def test_evidence_that_is_none_keeps_the_champion_with_a_reason(tmp_path: Path, text: str) -> None:
    (tmp_path / "evidence.json").write_text(text, encoding="utf-8")
    told = _gate(tmp_path / "evidence.json", tmp_path / "out")
    assert (told["decision"]["verdict"], told["decision"]["code"]) == ("keep", "crash")
    assert "could not judge" in told["decision"]["reason"]


def test_evidence_that_is_not_there_keeps_the_champion_too(tmp_path: Path) -> None:
    told = _gate(tmp_path / "nothing.json", tmp_path / "out")
    assert "did the evaluation finish?" in told["decision"]["reason"]
    assert (tmp_path / "out" / "report.html").is_file()


def test_the_command_writes_the_verdict_and_says_it(tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(as_json(_evidence())), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "training.gate", file, "--out", tmp_path, "--draws", "500"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("promote: ")
    assert json.loads((tmp_path / "report.json").read_text())["decision"]["code"] == "better"


def _gate(file: Path, out: Path) -> "dict[str, dict[str, str]]":
    from training.gate.__main__ import judged

    write_report(judged(file, RULES, seed=0, now=NOW), out)
    told: dict[str, dict[str, str]] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return told
