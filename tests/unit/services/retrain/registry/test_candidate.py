"""An open challenger is continued, against one champion and for seven nights at most."""

from pathlib import Path

import pytest

from services.retrain.registry.candidate import Candidate, CandidateFile, next_candidate
from shared.jobs.result_codes import JobCode


def _candidate(folder: Path, nights: int = 1) -> Candidate:
    evidence = folder / "evidence.json"
    evidence.write_text("{}")
    return Candidate(champion="nano-3", version="nano-4", evidence=str(evidence), nights=nights)


@pytest.mark.parametrize("code", ["no_signal", "few_users", "too_little_data"])
def test_an_open_challenger_is_continued(tmp_path: Path, code: JobCode) -> None:
    judged = _candidate(tmp_path)
    assert next_candidate(judged, code) == judged


@pytest.mark.parametrize("code", ["better", "worse", "benchmark", "format", "order", "crash"])
def test_any_other_end_starts_from_the_champion(tmp_path: Path, code: JobCode) -> None:
    assert next_candidate(_candidate(tmp_path), code) is None


def test_a_candidate_is_given_up_after_seven_nights(tmp_path: Path) -> None:
    assert next_candidate(_candidate(tmp_path, 6), "no_signal") is not None
    assert next_candidate(_candidate(tmp_path, 7), "no_signal") is None


def test_a_candidate_is_kept_on_disk(tmp_path: Path) -> None:
    file, candidate = CandidateFile(tmp_path), _candidate(tmp_path)
    assert file.read(champion="nano-3") is None
    file.write(candidate)
    assert file.read(champion="nano-3") == candidate
    file.write(None)
    assert file.read(champion="nano-3") is None


def test_another_champion_or_lost_evidence_ends_a_candidate(tmp_path: Path) -> None:
    file, candidate = CandidateFile(tmp_path), _candidate(tmp_path)
    file.write(candidate)
    assert file.read(champion="nano-5") is None
    Path(candidate.evidence).unlink()
    assert file.read(champion="nano-3") is None


@pytest.mark.parametrize("text", ["", "[]", '{"version": "nano-4"}'])
def test_a_broken_file_is_ignored(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "candidate.json").write_text(text)
    assert CandidateFile(tmp_path).read(champion="nano-3") is None
    assert "is ignored" in caplog.text
