"""Build a training dataset from the lake.

python -m training.dataset --lake .data/lake --to runs/job/dataset
"""

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from shared.files.storage_options import delta_options
from shared.images.loader import ImageLoader
from shared.images.settings import ImageSettings
from shared.settings import from_environment
from training.dataset.build import build
from training.dataset.lake import UnreadableLake
from training.dataset.settings import DatasetSettings

MAX_DAYS = 36_500
"""A longer window begins before the calendar does."""


def main() -> int:
    defaults = DatasetSettings()
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--lake", default=".data/lake", help="folder or s3:// (.data/lake)")
    parser.add_argument("--to", type=Path, required=True, help="folder of the dataset")
    parser.add_argument(
        "--days", type=int, default=defaults.window_days, help="days of feeds that are read (30)"
    )
    parser.add_argument(
        "--replay", type=float, default=defaults.replay_share, help="simulated share (0.3)"
    )
    options = parser.parse_args()
    images = from_environment(ImageSettings)
    try:
        dataset = build(
            options.lake,
            options.to,
            ImageLoader(images),
            now=datetime.now(UTC),
            settings=replace(
                defaults,
                window_days=min(max(options.days, 0), MAX_DAYS),
                replay_share=options.replay,
            ),
            storage_options=delta_options(images.s3_endpoint),
            say=lambda step: print(step, file=sys.stderr),
        )
    except UnreadableLake as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{dataset.folder}/report.html: {dataset.report.verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
