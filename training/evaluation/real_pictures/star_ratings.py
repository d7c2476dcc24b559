"""Measure whether the stars of `preferstream rate` agree with the kind of picture that is liked.

python -m training.evaluation.real_pictures.star_ratings --cache runs/pictures --use held_out

For each pair of picture sets, a folder has new pictures of both, and sidecars rate five of each:
the liked ones with five stars, the others with one. The command itself gives the stars.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from training.evaluation.real_pictures.__main__ import fetch
from training.evaluation.real_pictures.measure import area_under_curve
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.real_pictures.pictures.selection import Picture
from training.evaluation.real_pictures.questions import QUESTIONS
from training.evaluation.serving_model import SEED
from training.statistics.bootstrap import mean

RATED: Final = 5
"""Rated pictures of each set."""
MOST: Final = 60
"""New pictures of each set."""
TASK_SEED: Final = 173
SIDECAR: Final = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" rdf:about="" xmp:Rating="{stars}"/></rdf:RDF>'
    "</x:xmpmeta>"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--use", choices=["held_out", "development"], default="held_out")
    options = parser.parse_args()
    try:
        pictures = fetch(options.cache, seed=SEED)
    except CannotFetch as error:
        print(error, file=sys.stderr)
        return 1
    for question in QUESTIONS:
        if question.use != options.use:
            continue
        stars, totals, counts, seconds = [], [], [], []
        for number, pair in enumerate(question.pairs):
            # Both sets are liked once, so that no set is easier to like.
            for liked, other in (pair, pair[::-1]):
                drawn = draw(pictures[liked.name], pictures[other.name], seed=TASK_SEED + number)
                if drawn is None:
                    continue
                result = rated(*drawn)
                stars.append(result[0])
                totals.append(result[1])
                counts.append(result[2])
                seconds.append(result[3])
        print(
            f"{question.name}: AUC of the stars {mean(stars)}, of the scores {mean(totals)},"
            f" {len(stars)} folders, {sum(counts)} new pictures,"
            f" {sum(counts) / sum(seconds):.1f} pictures a second with the start"
        )
    return 0


def draw(
    liked: Sequence[Picture], other: Sequence[Picture], *, seed: int
) -> tuple[list[Picture], list[Picture]] | None:
    """Pictures of both sets, the rated ones first; None where a set has too few."""
    rng = random.Random(seed)
    both = [rng.sample(list(pictures), min(len(pictures), RATED + MOST))
            for pictures in (liked, other)]  # fmt: skip
    return None if min(map(len, both)) < 2 * RATED else (both[0], both[1])


def rated(liked: Sequence[Picture], other: Sequence[Picture]) -> tuple[float, float, int, float]:
    """AUC of the stars and of the scores, number of new pictures, and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        names = {}
        for side, pictures, stars in (("a", liked, 5), ("b", other, 1)):
            for number, picture in enumerate(pictures):
                path = Path(folder, f"{side}{number:03}.png")
                path.write_bytes(picture.data)
                names[str(path)] = (side, number >= RATED)
                if number < RATED:
                    path.with_name(path.name + ".xmp").write_text(SIDECAR.format(stars=stars))
        environment = {**os.environ, "PREFERSTREAM_DATA_DIR": str(Path(folder, ".data"))}
        command = [sys.executable, "-m", "services.cli", "rate", folder, "--json"]
        begun = time.monotonic()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        seconds = time.monotonic() - begun
    new = [p for p in json.loads(done.stdout)["photographs"] if names[p["image"]][1]]
    by_side = {side: [p for p in new if names[p["image"]][0] == side] for side in ("a", "b")}
    aucs = [
        area_under_curve([p[key] for p in by_side["a"]], [p[key] for p in by_side["b"]])
        for key in ("stars", "score")
    ]
    return aucs[0], aucs[1], len(new), seconds


if __name__ == "__main__":
    sys.exit(main())
