"""Keep the challenger whose names the next night keeps, and the evidence it has gathered.

A night's challenger that is neither promoted nor worse anywhere stays the candidate: the next night
keeps what it has named, and their nights count together. Any other end starts without names and
evidence.
"""

import logging
from pathlib import Path
from typing import Final

from shared.domain.taste import Value
from shared.files.atomic_write import atomic_write
from shared.jobs.result_codes import JobCode

log = logging.getLogger(__name__)
FILE: Final = "candidate.json"
MOST_NIGHTS: Final = 7
"""After so many nights a candidate is given up: 3 points are found within them in four of five
cases with 60 held-out people a night, and in nine of ten with 80."""
OPEN: Final[frozenset[JobCode]] = frozenset({"no_signal", "few_users", "too_little_data"})
"""The gate found nothing wrong, and not enough to promote."""


class Candidate(Value):
    """The challenger of the night before."""

    champion: str
    """The version that it was compared with; the evidence counts against this one only."""
    version: str
    evidence: str
    """File of its last night's evidence, which has the nights before."""
    nights: int
    """Nights that it has been judged on."""


def next_candidate(judged: Candidate, code: JobCode) -> Candidate | None:
    """The candidate after a night with this result; None starts without one."""
    return judged if code in OPEN and judged.nights < MOST_NIGHTS else None


class CandidateFile:
    """The candidate, in the folder of the models."""

    def __init__(self, models_dir: Path) -> None:
        self._file = models_dir / FILE

    def read(self, *, champion: str) -> Candidate | None:
        """The candidate against this champion, if its evidence can still be read."""
        try:
            candidate = Candidate.model_validate_json(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("%s is ignored, the night starts without it: %s", self._file, error)
            return None
        if candidate.champion != champion or not Path(candidate.evidence).is_file():
            return None
        return candidate

    def write(self, candidate: Candidate | None) -> None:
        """Replace the candidate; None removes it. A failure to do so is logged."""
        try:
            if candidate is None:
                self._file.unlink(missing_ok=True)
            else:
                atomic_write(self._file, candidate.model_dump_json())
        except OSError as error:
            log.warning("the candidate of the next night could not be recorded: %s", error)
