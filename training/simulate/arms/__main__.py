"""Rank recorded days again: `python -m training.simulate.arms runs/loop/seed-1 --days 0,8,9,10`.

For each day it writes `arms/day-NN.json` into the folder of the seed: NDCG@10 by user of the frozen
model (equal and learned weights), of it mixed with a user's own model on image vectors, of the
model that served, of the adapter that the last night left whether it was promoted or not, and of
each offline chain, all end to end on the slates of that day. What is measured already is kept; more
days and chains can be added.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from shared.embedding.images.pretrained import PretrainedEncoder
from shared.files.atomic_write import atomic_write
from shared.vlm.checkpoint.model_package import read_element_weights, read_model_package
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.pictures.open_reader import picture_reader
from shared.vlm.pictures.picture_model import Engine, PictureModel
from training.simulate.arms.measure_arms import (
    Day,
    Measured,
    adapter_arm,
    frozen_arms,
    reference_arms,
)
from training.simulate.arms.pictures import Pictures
from training.simulate.arms.recorded_days import NoRecording, Recording
from training.simulate.arms.serving_rule import EndToEnd
from training.simulate.arms.trained_models import (
    LATEST,
    SERVED,
    TrainedModel,
    chain_model,
    chain_names,
    latest_model,
    release_folder,
    serving_model,
)

WRONG_USE = 2


def main() -> int:
    arguments = _parser().parse_args()
    start = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - start:6.0f} s: {line}", flush=True)

    for folder in arguments.folders:
        try:
            recording = Recording.open(folder, packages=arguments.packages)
            days = arguments.days or tuple(range(recording.days))
            measurement = Measurement(recording, arguments.wide_users, arguments.users)
            for number in days:
                if number >= recording.days:
                    raise NoRecording(f"{folder} has {recording.days} finished days, not {number}")
                measurement.measure(number, say=say)
        except NoRecording as error:
            print(error, file=sys.stderr)
            return WRONG_USE
    return 0


class Measurement:
    """Measures the days of one recording; models stay open from one day to the next."""

    def __init__(self, recording: Recording, wide_users: int, users: int | None) -> None:
        self._recording = recording
        self._wide_users = wide_users
        self._users = users
        self._release = release_folder(recording)
        self._weights = read_element_weights(self._release)
        self._pictures = Pictures(recording, PretrainedEncoder(), users=users)
        self._reader = picture_reader(self._release)
        self._frozen: EndToEnd | None = None
        self._trained: dict[str, EndToEnd] = {}

    def measure(self, number: int, *, say: Any) -> None:
        """Measure what the file of a day lacks, and write it after each arm."""
        file = self._recording.folder / "arms" / f"day-{number:02d}.json"
        file.parent.mkdir(exist_ok=True)
        arms: dict[str, Measured] = (
            json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        )
        day = Day.of(self._recording, number, wide_users=self._wide_users, users=self._users)
        users = {str(slate.user) for slate in day.slates}
        if any(set(measured["ndcg_by_user"]) != users for measured in arms.values()):
            say(f"day {number}: the file has other users; its arms are measured again")
            arms = {}

        def add(measured: dict[str, Measured]) -> None:
            arms.update(measured)
            atomic_write(file, json.dumps(arms))
            for name, values in measured.items():
                by_user = values["ndcg_by_user"].values()
                say(f"day {number}: {name}: NDCG@10 {sum(by_user) / len(by_user):.4f}")

        if "oracle" not in arms:
            add(reference_arms(day))
        if "frozen with weights" not in arms:
            add(frozen_arms(day, self._open_frozen(), self._pictures, self._weights))
        for name, model in self._models(number).items():
            if model is None:
                say(f"day {number}: {name}: its model is not there")
            elif arms.get(name, {}).get("model") != model.version:
                add({name: self._adapter(day, model, arms["frozen with weights"])})

    def _models(self, number: int) -> dict[str, TrainedModel | None]:
        models = {
            SERVED: serving_model(self._recording, number),
            LATEST: latest_model(self._recording, number),
        }
        for name in chain_names(self._recording):
            models[name] = chain_model(self._recording, name, number)
        return models

    def _adapter(self, day: Day, model: TrainedModel, frozen: Measured) -> Measured:
        if model.adapter is None:
            return frozen | {"model": model.version}
        if model.version not in self._trained:
            # One at a time: a model stays while it does not change from day to day.
            if len(self._trained) > 2:
                self._trained.clear()
            self._trained[model.version] = EndToEnd(self._open(model.adapter), self._pictures)
        return adapter_arm(day, self._trained[model.version], self._weights)

    def _open_frozen(self) -> EndToEnd:
        if self._frozen is None:
            self._frozen = EndToEnd(self._open(), self._pictures)
        return self._frozen

    def _open(self, adapter: Path | None = None) -> Engine:
        """An engine as in serving; all share the reader of real pictures, and what it has read."""
        package = read_model_package(adapter) if adapter else None
        engine = TransformersEngine(self._release, adapter=package)
        return engine if self._reader is None else PictureModel(engine, self._reader)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", help="of simulated seeds")
    parser.add_argument("--days", type=_numbers, help="such as 0,8,9,10; default: all")
    parser.add_argument("--packages", type=Path, help="folder of packages with real pictures")
    parser.add_argument("--users", type=int, help="rank for the first so many users only (all)")
    parser.add_argument(
        "--wide-users", type=int, default=40,
        help="users whose slates of 60 candidates show coverage and diversity (40)",
    )  # fmt: skip
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
