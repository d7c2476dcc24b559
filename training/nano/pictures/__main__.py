"""Train the classifier of drawings and mediums, and write it into a model's folder.

python -m training.nano.pictures --cache runs/pictures --run runs/mediums --to shared/nano
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch

from training.evaluation.real_pictures.pictures import record
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.serving_model import SEED
from training.nano.pictures.examples import compute_examples
from training.nano.pictures.fit import fit, left_out, thresholds
from training.nano.pictures.manifest import add_to_manifest
from training.nano.pictures.report import as_table

FAILED: Final = 1
RECORD: Final = Path(__file__).parent / "training_pictures.json"
"""By set: the path and the first 16 digits of the SHA-256 of each picture."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.nano.pictures", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--run", type=Path, required=True, help="folder for the features")
    parser.add_argument("--to", type=Path, help="model folder to write to; default: none")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--threads", type=int, default=1, help="default 1")
    parser.add_argument("--record", action="store_true", help="write the list of pictures again")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.cache.mkdir(parents=True, exist_ok=True)
    try:
        examples, pictures = compute_examples(options.cache, options.run, seed=options.seed)
    except CannotFetch as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILED
    if options.record:
        record.write(pictures, RECORD)
    for difference in record.differences(pictures, RECORD):
        print(difference, file=sys.stderr)
    classifier, probabilities = fit(examples), left_out(examples)
    chosen = thresholds(examples, *probabilities)
    print(as_table(examples, classifier.mediums, probabilities, chosen))
    if options.to:
        replace(classifier, thresholds=chosen).write(options.to)
        version = add_to_manifest(options.to)
        print(f"Wrote the classifier of {version or 'a model without a manifest'} to {options.to}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
