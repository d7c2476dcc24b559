"""Train one night in its folder: `python -m training.job FOLDER`, where `request.json` lies.

Progress is one JSON object a line on standard output (`shared.jobs.training_job.JobStep`); `result.json` is
written last. The same command on the same folder goes on where a killed one stood. It ends when its
standard input is closed, so that it cannot outlive who asked for it.
"""

import argparse
import fcntl
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from shared.files.atomic_write import atomic_write
from shared.jobs.training_job import REQUEST, RESULT, JobStep, TrainingJobRequest
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from training.job import parent_death as lifeline
from training.job.dependencies import Parts
from training.job.evidence.collection import open_model, open_models
from training.job.run import load_images, run_night
from training.job.train.trainer_processes import train_apart

FAILURE, WRONG_USE = 1, 2


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="a folder with request.json")
    parser.add_argument(
        "--alone", action="store_true", help="go on when standard input is closed, as in a shell"
    )
    options = parser.parse_args()
    folder: Path = options.folder.resolve()
    try:
        request = TrainingJobRequest.model_validate_json(
            (folder / REQUEST).read_text(encoding="utf-8")
        )
    except (OSError, ValidationError) as error:
        print(f"{folder / REQUEST} cannot be used: {error}", file=sys.stderr)
        return WRONG_USE
    if not options.alone:
        lifeline.hold_on()
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"another process is training in {folder}", file=sys.stderr)
            return WRONG_USE
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        try:
            result = run_night(
                folder,
                request,
                Parts(
                    images=load_images,
                    open_models=open_models,
                    open_champion=lambda asked: open_model(asked, asked.champion),
                    train=train_apart,
                ),
                say=_say,
            )
        except BadCheckpoint as error:
            print(error, file=sys.stderr)
            return FAILURE
        atomic_write(folder / RESULT, result.model_dump_json(indent=1))
    return 0


def _say(step: JobStep) -> None:
    print(step.model_dump_json(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
