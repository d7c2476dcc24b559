"""Measure a model folder on held-out simulated users, through the engine that serves it.

python -m training.evaluation.held_out shared/nano --users 300 --seed 20260
"""

import argparse
import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from training.evaluation.held_out.evaluate import evaluate
from training.evaluation.held_out.report import Report
from training.evaluation.held_out.users import draw_held_out_users
from training.statistics.interval import Share

SHIPPED: Final = Path("shared/nano")
USERS: Final = 300
SEED: Final = 20260


def measure(
    folder: Path, *, users: int = USERS, seed: int = SEED, multi: bool = False, threads: int = 0
) -> Report:
    """Open the engine that serves, ask and count; `threads` 0 leaves them to torch."""
    from shared.vlm.engine.batching_engine import load_model  # loads transformers: not for --help
    from shared.vlm.settings import ModelSettings

    drawn = draw_held_out_users(users, seed=seed, multi=multi)
    model = load_model(ModelSettings(model=folder, model_threads=threads))
    try:
        return asyncio.run(evaluate(model, drawn, seed=seed))
    finally:
        model.close()


def as_table(report: Report) -> str:
    """The report as Markdown, to be pasted into LOG.md."""
    kinds = list(next(iter(report.pairs.values())))
    lines = [
        f"{report.model_version}, {report.users} held-out users, seed {report.seed};"
        " in brackets 95 % intervals over users.",
        "",
        f"| taste | {' | '.join(kinds)} |",
        f"|---|{'---|' * len(kinds)}",
    ]
    tastes = {
        **report.pairs,
        **{f"predicted, {group}": told for group, told in report.predicted_by_group.items()},
    }
    lines += [_line(name, [told[kind] for kind in kinds]) for name, told in tastes.items()]
    lines += [
        "",
        "| element | profile words | description | one-element pairs |",
        "|---|---|---|---|",
    ]
    lines += [
        _line(name, [words, report.description[name], report.predicted_by_element[name]])
        for name, words in report.profile.items()
    ]
    lines += ["", "| answers | share |", "|---|---|"]
    lines += [_line(f"{task}: well formed", [told]) for task, told in report.well_formed.items()]
    lines += [_line("explain: reason agrees with score", [report.reasons_agree])]
    return "\n".join(lines)


def _line(name: str, shares: list[Share]) -> str:
    return f"| {name} | {' | '.join(map(str, shares))} |"


def as_json(report: Report) -> Mapping[str, object]:
    return asdict(report)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a model folder on held-out users.")
    parser.add_argument("folder", type=Path, nargs="?", default=SHIPPED, help=f"default {SHIPPED}")
    parser.add_argument("--users", type=int, default=USERS, help=f"default {USERS}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--multi", action="store_true", help="users with two tastes each")
    parser.add_argument("--threads", type=int, default=0, help="default: as torch likes")
    parser.add_argument("--json", action="store_true", help="write JSON, not Markdown")
    options = parser.parse_args()
    report = measure(
        options.folder,
        users=options.users,
        seed=options.seed,
        multi=options.multi,
        threads=options.threads,
    )
    print(json.dumps(as_json(report), indent=1) if options.json else as_table(report))


if __name__ == "__main__":
    main()
