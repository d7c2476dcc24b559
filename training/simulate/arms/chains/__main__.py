"""Train a chain: `python -m training.simulate.arms.chains runs/loop/seed-1 --methods sft`.

Night after night it trains on the dataset of the recorded job, with its own adapter of the night
before as the candidate. Nothing is judged and nothing is served: no candidate is given up, so that
the chain shows what a method learns from these days without the caution of the gate. The same
command resumes a stopped chain, and adds the nights that were recorded since.
"""

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from shared.files.atomic_write import atomic_write
from shared.jobs.training_job import REQUEST, ModelFolder, TrainingJobRequest
from shared.jobs.training_methods import BadMethods, parse_methods
from shared.vlm.checkpoint.model_package import read_element_weights
from training.job.context import Dependencies
from training.job.dataset_stage import load_images
from training.job.evidence.models import open_candidate, open_model, open_models
from training.job.train.trainer_processes import train_in_process
from training.simulate.arms.chains.one_night import Night, train_night
from training.simulate.arms.recorded_days import NoRecording, Recording
from training.simulate.arms.trained_models import CHAINS, NIGHT, release_folder, version_of

WRONG_USE = 2


def main() -> int:
    arguments = _parser().parse_args()
    start = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - start:6.0f} s: {line}", flush=True)

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    try:
        methods = parse_methods(arguments.methods)
        recording = Recording.open(arguments.folder, packages=arguments.packages)
    except (BadMethods, NoRecording) as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    release = release_folder(recording)
    model = model_of(release)
    weights = read_element_weights(release)
    chain = recording.folder.resolve() / CHAINS / (arguments.name or "+".join(methods))
    for number, recorded in enumerate(_requests(recording), start=1):
        if arguments.nights and number > arguments.nights:
            break
        folder = chain / f"night-{number:02d}"
        if not (folder / NIGHT).exists():
            update: dict[str, Any] = {"release": model_of(release)}
            if arguments.minutes:
                update["minutes"] = arguments.minutes
            night = Night(folder, recorded.model_copy(update=update), methods, model, weights)
            result = train_night(night, _dependencies(), say=say)
            atomic_write(folder / NIGHT, json.dumps(result, indent=1))
            for large in ("dataset/images", "merged"):
                shutil.rmtree(folder / large, ignore_errors=True)
        result = json.loads((folder / NIGHT).read_text(encoding="utf-8"))
        say(f"night {number}: {result['version']}: {result['result']}")
        if result["adapter"] is not None:
            model = ModelFolder(
                folder=Path(result["adapter"]), version=result["version"], kind="adapter"
            )
    return 0


def model_of(folder: Path) -> ModelFolder:
    """A checkpoint as a request names it."""
    return ModelFolder(folder=folder.resolve(), version=version_of(folder), kind="checkpoint")


def _requests(recording: Recording) -> list[TrainingJobRequest]:
    """The requests of the recorded jobs in order."""
    files = (recording.data_dir / "training-jobs").glob(f"*/{REQUEST}")
    requests = [
        TrainingJobRequest.model_validate_json(file.read_text(encoding="utf-8"))
        for file in files
        if (file.parent / "end.json").exists()
    ]
    return sorted(requests, key=lambda request: request.requested_at)


def _dependencies() -> Dependencies:
    return Dependencies(
        images=load_images,
        open_models=open_models,
        open_champion=lambda request: open_model(request, request.champion),
        open_candidate=open_candidate,
        train=train_in_process,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="of a simulated seed")
    parser.add_argument("--methods", required=True, help="such as sft, sft,grpo or sft,dpo")
    parser.add_argument("--name", help="of the chain; default: its methods")
    parser.add_argument("--nights", type=int, help="at most so many nights (all)")
    parser.add_argument("--minutes", type=float, help="of each night (those of the recorded job)")
    parser.add_argument("--packages", type=Path, help="folder of packages with real pictures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
