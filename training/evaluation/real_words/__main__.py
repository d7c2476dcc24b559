"""Check the words of real pictures of held-out packages, kind by kind.

python -m training.evaluation.real_words --cache runs/pictures
"""

import argparse
import asyncio
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

from shared.vlm.protocol import VisionLanguageModel
from training.evaluation.real_pictures.pictures import record
from training.evaluation.real_pictures.pictures.packages import CannotFetch, extracted
from training.evaluation.real_pictures.pictures.selection import Picture, select
from training.evaluation.real_words.measure import CheckedPicture, check_pictures
from training.evaluation.real_words.report import report
from training.evaluation.real_words.word_sets import WORD_SETS
from training.evaluation.serving_model import SEED, SHIPPED, serving_model

FAILED: Final = 1
RECORD: Final = Path(__file__).parent / "word_pictures.json"
"""By set: the path and the first 16 digits of the SHA-256 of each picture."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.real_words", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--model", type=Path, default=SHIPPED, help=f"default {SHIPPED}")
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of intervals, default {SEED}")
    parser.add_argument("--record", action="store_true", help="write the list of pictures again")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    try:
        pictures = {
            s.name: select(s, extracted(s.package, options.cache.resolve()), seed=SEED)
            for s in WORD_SETS
        }
    except CannotFetch as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILED
    if options.record:
        record.write(pictures, RECORD)
    for difference in record.differences(pictures, RECORD):
        print(difference, file=sys.stderr)
    with serving_model(options.model, threads=options.threads) as model:
        checked = asyncio.run(check_sets(model, pictures))
        print(f"Words of {model.model_version} on pictures of held-out packages\n")
    print(report(checked, seed=options.seed))
    return 0


async def check_sets(
    model: VisionLanguageModel, pictures: dict[str, list[Picture]]
) -> dict[str, dict[str, list[CheckedPicture]]]:
    """The checked pictures by kind and by set."""
    checked: dict[str, dict[str, list[CheckedPicture]]] = defaultdict(dict)
    for picture_set in WORD_SETS:
        print(f"{picture_set.name} ...", file=sys.stderr, flush=True)
        results = await check_pictures(model, picture_set, pictures[picture_set.name])
        checked[picture_set.kind][picture_set.name] = results
    return checked


if __name__ == "__main__":
    sys.exit(main())
