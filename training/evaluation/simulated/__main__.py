"""Measure a model folder on the simulated benchmarks: proof.json, proof.md and reliability.png.

python -m training.prefersim.benchmark runs/hard --level hard
python -m training.prefersim.benchmark runs/easy --level easy
python -m training.evaluation.simulated shared/nano --hard runs/hard --easy runs/easy --out runs/proof
"""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path

from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.held_out import SEED, SHIPPED
from training.evaluation.simulated.cases import read_truth
from training.evaluation.simulated.page import as_markdown, reliability_plot
from training.evaluation.simulated.report import Proof, prove

WRONG_USE = 2


def measured(
    folder: Path, benchmarks: dict[str, Path], *, limit: int | None, seed: int, threads: int
) -> Proof:
    """Open the engine that serves, ask and count; `threads` 0 leaves them to torch."""
    from shared.vlm.engine.batching_engine import load_model  # loads transformers: not for --help
    from shared.vlm.settings import ModelSettings

    truths = {level: read_truth(path, limit=limit) for level, path in benchmarks.items()}
    model = load_model(ModelSettings(model=folder, model_threads=threads))
    try:
        return asyncio.run(prove(model, truths, seed=seed))
    finally:
        model.close()


def write(proof: Proof, to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    (to / "proof.md").write_text(as_markdown(proof), encoding="utf-8")
    reliability_plot(proof.calibrations()).save(to / "reliability.png")
    (to / "proof.json").write_text(json.dumps(asdict(proof), indent=1) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.simulated", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("folder", type=Path, nargs="?", default=SHIPPED, help=f"default {SHIPPED}")
    parser.add_argument("--hard", type=Path, help="a benchmark written with --level hard")
    parser.add_argument("--easy", type=Path, help="a benchmark written with --level easy")
    parser.add_argument("--limit", type=int, help="only the first N users of each set")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--threads", type=int, default=0, help="default: as torch likes")
    parser.add_argument("--out", type=Path, required=True, help="where the report goes")
    options = parser.parse_args()
    given = {"hard": options.hard, "easy": options.easy}
    benchmarks = {level: path for level, path in given.items() if path is not None}
    if not benchmarks:
        print("preferstream: give --hard or --easy a benchmark's folder", file=sys.stderr)
        return WRONG_USE
    try:
        proof = measured(
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
