"""Store the visits of a day as they happen: a killed day resumes with the users that are left."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shared.domain.taste import Taste
from training.simulate.loop.day import Visit
from training.simulate.measure.metrics import RankedSlate


def visit_fields(visit: Visit) -> dict[str, Any]:
    """A visit as plain values."""
    return {
        "user": visit.user,
        "candidates": visit.candidates.tolist(),
        "order": visit.slate.order.tolist(),
        "viewed": list(visit.viewed),
        "clicked": list(visit.clicked),
        "taste": visit.taste.model_dump(mode="json"),
        "model_version": visit.model_version,
        "status": visit.status,
        "scores": {str(image): score for image, score in visit.scores.items()},
    }


def visit_of(fields: Mapping[str, Any]) -> Visit:
    """The visit of `visit_fields`."""
    viewed, clicked = tuple(fields["viewed"]), tuple(fields["clicked"])
    order = np.array(fields["order"], np.int64)
    return Visit(
        user=int(fields["user"]),
        candidates=np.array(fields["candidates"], np.int64),
        slate=RankedSlate(order, len(viewed), len(clicked)),
        viewed=viewed,
        clicked=clicked,
        taste=Taste.model_validate_json(json.dumps(fields["taste"])),
        model_version=fields["model_version"],
        status=fields["status"],
        scores={int(image): score for image, score in fields["scores"].items()},
    )


class VisitLog:
    """One line a user: all visits of the user on this day."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[int, list[Visit]]:
        """The visits of each finished user; a line that a kill cut off is left out."""
        if not self._file.exists():
            return {}
        visits: dict[int, list[Visit]] = {}
        for line in self._file.read_text(encoding="utf-8").splitlines():
            try:
                of_user = [visit_of(fields) for fields in json.loads(line)]
            except ValueError:
                continue
            visits[of_user[0].user] = of_user
        return visits

    def add(self, visits: Sequence[Visit]) -> None:
        """Append the visits of one user."""
        with self._file.open("a", encoding="utf-8") as file:
            # A line that a kill cut off ends before this one starts.
            file.write("\n" + json.dumps([visit_fields(visit) for visit in visits]) + "\n")

    def delete(self) -> None:
        self._file.unlink(missing_ok=True)
