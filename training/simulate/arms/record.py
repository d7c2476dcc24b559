"""Record the arms of one seed in a small file.

`python -m training.simulate.arms.record runs/loop/seed-1 --to seed-1.json` writes
every arm's NDCG@10 by user and day, coverage and diversity, and what each night ended
with: all that the report is computed from, and no path of a machine.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from shared.files.atomic_write import atomic_write
from shared.jobs.training_job import REQUEST, RESULT
from shared.vlm.checkpoint.model_package import read_element_weights
from training.simulate.arms.recorded_days import NoRecording, Recording
from training.simulate.arms.trained_models import chain_names, nights_of, release_folder
from training.simulate.measure.day_metrics import OURS
from training.simulate.measure.results import JOB_FIELDS

WRONG_USE: Final = 2
FROM_DAYS: Final = (OURS, "popularity", "collaborative")
"""Rankings that the days measured themselves; the others are ranked again end to end."""
WIDE: Final = ("coverage_at_5", "exposure_diversity_at_5")
NOT_RECORDED: Final = ("jobs", "minutes")
"""Options that a resumed simulation may change; each night has its own minutes."""


def record(recording: Recording) -> dict[str, Any]:
    """The file's content; days without measured arms have the day's own rankings only."""
    return {
        "seed": recording.seed,
        "options": {k: v for k, v in asdict(recording.options).items() if k not in NOT_RECORDED},
        "element_weights": read_element_weights(release_folder(recording)).model_dump(),
        "days": [_day(recording, number) for number in range(recording.days)],
        "chains": {
            name: [
                {key: n[key] for key in ("version", "result")} for n in nights_of(recording, name)
            ]
            for name in chain_names(recording)
        },
        "benchmarks": _optional(recording.folder / "benchmarks.json"),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="of a simulated seed")
    parser.add_argument("--to", type=Path, required=True, help="JSON file")
    parser.add_argument("--packages", type=Path, help="folder of packages with real pictures")
    arguments = parser.parse_args()
    try:
        recording = Recording.open(arguments.folder, packages=arguments.packages)
    except NoRecording as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(arguments.to, json.dumps(record(recording)))
    return 0


def _day(recording: Recording, number: int) -> dict[str, Any]:
    day = recording.day(number)
    measured = _optional(recording.folder / "arms" / f"day-{number:02d}.json")
    arms: dict[str, Any] = {
        name: {"ndcg_by_user": _rounded(day["ndcg_by_user"][name])}
        for name in FROM_DAYS
        if name in day["ndcg_by_user"]
    }
    for name, values in measured.items():
        arms[name] = {"ndcg_by_user": _rounded(values["ndcg_by_user"])}
        arms[name] |= {key: round(values[key], 4) for key in WIDE if key in values}
    fields: dict[str, Any] = {"arms": arms}
    job = recording.job(number + 1)
    if job:
        fields["job"] = {key: job.get(key, "") for key in JOB_FIELDS} | _training(recording, job)
    return fields


def _training(recording: Recording, job: Mapping[str, Any]) -> dict[str, Any]:
    """What a night was given and what it learned from, from the folder of its job."""
    folder = recording.data_dir / "training-jobs" / str(job.get("job", ""))
    request, result = _optional(folder / REQUEST), _optional(folder / RESULT)
    return {
        "minutes": request.get("minutes"),
        "methods": ",".join(request.get("methods", ())),
        "training": result.get("reason", ""),
        "seconds": {stage: round(spent) for stage, spent in result.get("seconds", {}).items()},
        "counts": result.get("counts", {}),
    }


def _rounded(by_user: Mapping[str, float]) -> dict[str, float]:
    return {user: round(value, 4) for user, value in by_user.items()}


def _optional(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    sys.exit(main())
