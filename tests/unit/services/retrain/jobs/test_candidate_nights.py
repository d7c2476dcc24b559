"""A night is given the challenger of the night before, and its evidence, until a verdict."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.retrain.jobs.dependencies import JobPlan
from tests.unit.services.retrain.jobs.sample_jobs import BETTER, NO_SIGNAL, JobSetup


@pytest.fixture
def setup(tmp_path: Path) -> JobSetup:
    setup = JobSetup(tmp_path)

    def leave_evidence() -> None:
        (setup.training.folders[-1] / "evidence.json").write_text("{}")

    setup.training = replace(setup.training, action=leave_evidence)
    setup.verdict = NO_SIGNAL
    return setup


def _night(setup: JobSetup, day: int) -> None:
    setup.runner().run(JobPlan(name=f"nightly-2026-01-{day:02d}"))


def test_an_open_challenger_is_given_to_the_next_night_with_its_evidence(setup: JobSetup) -> None:
    _night(setup, 1)
    assert setup.training.request.candidate is None
    _night(setup, 2)
    request = setup.training.request
    assert request.candidate is not None
    assert request.candidate.version == "nano-4"
    assert request.earlier_evidence == setup.training.folders[0].absolute() / "evidence.json"
    assert request.nights_before == 1


def test_a_verdict_ends_the_candidate(setup: JobSetup) -> None:
    _night(setup, 1)
    setup.verdict = replace(NO_SIGNAL, code="worse")
    _night(setup, 2)
    _night(setup, 3)
    assert setup.training.request.candidate is None
    assert setup.training.request.nights_before == 0


def test_a_promotion_ends_the_candidate(setup: JobSetup) -> None:
    setup.verdict = BETTER
    _night(setup, 1)
    assert not (setup.tmp_path / "models" / "candidate.json").exists()


def test_lost_evidence_starts_from_the_champion(setup: JobSetup) -> None:
    _night(setup, 1)
    (setup.training.folders[0] / "evidence.json").unlink()
    _night(setup, 2)
    assert setup.training.request.candidate is None


@pytest.mark.parametrize(("code", "continued"), [("data", False), ("no_time", True)])
def test_a_candidate_that_cannot_be_used_is_given_up(
    setup: JobSetup, code: str, continued: bool
) -> None:
    _night(setup, 1)
    trained = setup.training
    setup.set_result(code=code, reason="the earlier nights cannot be counted")
    _night(setup, 2)
    setup.training = trained
    _night(setup, 3)
    assert (setup.training.request.candidate is not None) == continued


def test_a_kill_after_the_promotion_leaves_no_candidate(setup: JobSetup) -> None:
    _night(setup, 1)
    file = setup.tmp_path / "models" / "candidate.json"
    before = file.read_text()
    setup.verdict = BETTER
    _night(setup, 2)
    file.write_text(before)  # as if killed before it was removed
    (setup.training.folders[-1] / "end.json").unlink()
    _night(setup, 2)
    assert not file.exists()


@pytest.mark.parametrize("text", ["[]", "torn", '{"champion": "nano-3", "nights": "x"}'])
def test_a_torn_candidate_starts_from_the_champion(setup: JobSetup, text: str) -> None:
    _night(setup, 1)
    (setup.tmp_path / "models" / "candidate.json").write_text(text)
    _night(setup, 2)
    assert setup.training.request.candidate is None
