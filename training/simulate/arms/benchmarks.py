"""Measure the frozen benchmarks again: `python -m training.simulate.arms.benchmarks FOLDER`.

For the last model that served, the last adapter that a night left, and the last one of each chain,
it writes the change against the release into `benchmarks.json` in the folder of the seed. Items and
answers are stored there, so each model is scored once.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from shared.files.atomic_write import atomic_write
from training.job.evidence.benchmark_scoring import benchmark_pairs
from training.job.evidence.format_checks import FormatCounters
from training.job.evidence.frozen_benchmark import FrozenBenchmark
from training.job.evidence.models import ComparedModels
from training.simulate.arms.recorded_days import NoRecording, Recording
from training.simulate.arms.trained_models import (
    LATEST,
    SERVED,
    chain_model,
    chain_names,
    latest_model,
    release_folder,
    serving_model,
    version_of,
)
from training.simulate.loop.start_weights import open_engine
from training.statistics.bootstrap import mean

WRONG_USE = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="of a simulated seed")
    parser.add_argument("--items", type=int, default=60, help="numbers of each set (60)")
    parser.add_argument("--users", type=int, default=10, help="users of each set (10)")
    parser.add_argument("--packages", type=Path, help="folder of packages with real pictures")
    arguments = parser.parse_args()
    try:
        recording = Recording.open(arguments.folder, packages=arguments.packages)
    except NoRecording as error:
        print(error, file=sys.stderr)
        return WRONG_USE
    last, release = recording.days - 1, release_folder(recording)
    models = {SERVED: serving_model(recording, last), LATEST: latest_model(recording, last)}
    models |= {name: chain_model(recording, name, last) for name in chain_names(recording)}
    frozen = FrozenBenchmark.next_to(recording.folder.resolve())
    champion = open_engine(release)
    changes: dict[str, Any] = {}
    for name, model in models.items():
        if model is None or model.adapter is None:
            print(f"{name}: no other model than the release", flush=True)
            continue
        compared = ComparedModels(
            champion, open_engine(release, model.adapter),
            champion_version=version_of(release), challenger_version=model.version,
        )  # fmt: skip
        pairs = benchmark_pairs(
            compared, frozen, users=arguments.users, items=arguments.items,
            formats=FormatCounters(), is_late=lambda part: lambda: False,
            advance=lambda part, done, total: None,
        )  # fmt: skip
        gains = [
            float(new) - float(old)
            for split in pairs.splits.values()
            for old, new in zip(split.champion, split.challenger, strict=True)
        ]
        change = mean(gains)
        changes[name] = {
            "mean": change.value, "low": change.low, "high": change.high, "pairs": len(gains),
        }  # fmt: skip
        print(f"{name}: {100 * change.value:+.1f} points of {len(gains)} pairs", flush=True)
        atomic_write(recording.folder / "benchmarks.json", json.dumps(changes, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
