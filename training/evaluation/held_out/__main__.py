"""Measure a model folder on held-out simulated users, with the engine that serves it.

python -m training.evaluation.held_out shared/nano --users 300 --seed 20260
"""

import argparse
import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

from training.evaluation.held_out.evaluate import evaluate
from training.evaluation.held_out.report import HeldOutReport, as_table
from training.evaluation.held_out.users import draw_held_out_users
from training.evaluation.serving_model import SEED, SHIPPED, serving_model

USERS: Final = 300


def measure(
    folder: Path, *, users: int = USERS, seed: int = SEED, multi: bool = False, threads: int = 0
) -> HeldOutReport:
    """Draw the users, open the engine, evaluate; `threads` 0 leaves their number to torch."""
    drawn = draw_held_out_users(users, seed=seed, multi=multi)
    with serving_model(folder, threads=threads) as model:
        return asyncio.run(evaluate(model, drawn, seed=seed))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=SHIPPED, help=f"default {SHIPPED}")
    parser.add_argument("--users", type=int, default=USERS, help=f"default {USERS}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--multi", action="store_true", help="users with two preferences each")
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    options = parser.parse_args()
    report = measure(
        options.folder,
        users=options.users,
        seed=options.seed,
        multi=options.multi,
        threads=options.threads,
    )
    print(json.dumps(asdict(report), indent=1) if options.json else as_table(report))


if __name__ == "__main__":
    main()
