"""Measure a model folder on the simulated benchmarks: proof.json, proof.md and reliability.svg.

python -m training.prefersim.benchmark runs/hard --level hard
python -m training.prefersim.benchmark runs/easy --level easy
python -m training.evaluation.simulated shared/nano --hard runs/hard --easy runs/easy \\
    --out runs/proof
"""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.serving_model import SEED, SHIPPED, serving_model
from training.evaluation.simulated.cases import read_truth
from training.evaluation.simulated.page import as_markdown, reliability_plot
from training.evaluation.simulated.report import Proof, prove

WRONG_USE = 2


def measure(
    folder: Path, benchmarks: dict[str, Path], *, limit: int | None, seed: int, threads: int
) -> Proof:
    """Read the benchmarks, open the engine, evaluate; `threads` 0 leaves their number to torch."""
    truths = {level: read_truth(path, limit=limit) for level, path in benchmarks.items()}
    with serving_model(folder, threads=threads) as model:
        return asyncio.run(prove(model, truths, seed=seed))


def write(proof: Proof, folder: Path) -> None:
    """Write the three files of a proof."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "proof.md").write_text(as_markdown(proof), encoding="utf-8")
    plot = reliability_plot(proof.calibrations())
    (folder / "reliability.svg").write_text(plot, encoding="utf-8")
    content = json.dumps(asdict(proof), indent=1) + "\n"
    (folder / "proof.json").write_text(content, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.simulated", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("folder", type=Path, nargs="?", default=SHIPPED, help=f"default {SHIPPED}")
    parser.add_argument("--hard", type=Path, help="a benchmark written with --level hard")
    parser.add_argument("--easy", type=Path, help="a benchmark written with --level easy")
    parser.add_argument("--limit", type=int, help="only the first N users of each set")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    parser.add_argument("--out", type=Path, required=True, help="folder of the report")
    options = parser.parse_args()
    folders = {"hard": options.hard, "easy": options.easy}
    benchmarks = {level: path for level, path in folders.items() if path is not None}
    if not benchmarks:
        print("preferstream: give --hard or --easy a benchmark's folder", file=sys.stderr)
        return WRONG_USE
    try:
        proof = measure(
            options.folder,
            benchmarks,
            limit=options.limit,
            seed=options.seed,
            threads=options.threads,
        )
    except BadBenchmark as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return WRONG_USE
    write(proof, options.out)
    print(as_markdown(proof))
    return 0


if __name__ == "__main__":
    sys.exit(main())
