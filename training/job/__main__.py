"""Run the training job of a folder that holds `request.json`: `python -m training.job FOLDER`.

Progress is one JSON object a line on standard output (`shared.jobs.training_job.JobStep`);
`result.json` is written last. The same command on the same folder resumes a killed job. The process
exits when its standard input is closed, so that it cannot outlive its parent; `--standalone` turns
this off.
"""

import argparse
import os
import sys
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from shared.embedding.images.pretrained import PretrainedEncoder
from shared.files.atomic_write import atomic_write
from shared.jobs.training_job import REQUEST, RESULT, JobStep, TrainingJobRequest
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from training.job.context import Dependencies
from training.job.dataset_stage import load_images
from training.job.evidence.models import open_candidate, open_model, open_models
from training.job.parent_death import exit_with_parent
from training.job.run import run_job
from training.job.train.trainer_processes import train_in_process

FAILURE, WRONG_USE = 1, 2


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="a folder with request.json")
    parser.add_argument(
        "--standalone", action="store_true",
        help="continue when standard input is closed, as in a shell",
    )  # fmt: skip
    options = parser.parse_args()
    folder: Path = options.folder.resolve()
    try:
        text = (folder / REQUEST).read_text(encoding="utf-8")
        request = TrainingJobRequest.model_validate_json(text)
    except (OSError, ValidationError) as error:
        print(f"{folder / REQUEST} cannot be used: {error}", file=sys.stderr)
        return WRONG_USE
    if not options.standalone:
        exit_with_parent()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    dependencies = Dependencies(
        images=load_images,
        open_models=open_models,
        open_champion=lambda request: open_model(request, request.champion),
        open_candidate=open_candidate,
        train=train_in_process,
        image_encoder=PretrainedEncoder,
    )
    try:
        with FileLock(folder / "lock", blocking=False):
            result = run_job(folder, request, dependencies, say=_print_step)
            atomic_write(folder / RESULT, result.model_dump_json(indent=1))
    except Timeout:
        print(f"another process runs the training job of {folder}", file=sys.stderr)
        return WRONG_USE
    except BadCheckpoint as error:
        print(error, file=sys.stderr)
        return FAILURE
    return 0


def _print_step(step: JobStep) -> None:
    print(step.model_dump_json(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
