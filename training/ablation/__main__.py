"""Train and measure every row of the ablation; the same command resumes a stopped run.

python -m training.ablation --run runs/ablation
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from shared.files.atomic_write import atomic_write
from shared.vlm.checkpoint.checkpoint import check_files
from training.ablation import base as base_model
from training.ablation.measuring import NotComparable
from training.ablation.plan import GROUP, Budget, steps
from training.ablation.report import ABOUT, write_report
from training.ablation.running import Ablation, facts_of, measured, trained
from training.evaluation.benchmark.reader import CHECKSUM
from training.evaluation.simulated.cases import read_truth
from training.prefersim.benchmark import write_benchmark

PEOPLE_SEED: Final = 20_922
"""Seed of the people of the report. No choice was made on them: all choices were made on people of
the frozen benchmark (seed 20,261)."""


MAY_CHANGE: Final = ("run", "seeds", "sft_minutes", "grpo_minutes", "threads")
"""Options that do not change what a run holds already."""
WRONG_USE: Final = 2


def main() -> int:
    options = _arguments()
    run: Path = options.run
    try:
        _claim(run, options)
    except ValueError as error:
        print(f"{error}.", file=sys.stderr)
        return WRONG_USE
    base, base_facts = _base(options)
    truth = read_truth(_people(options), limit=options.limit)
    to = run / "measured"
    prompts = options.grpo_batch // GROUP
    ablation = Ablation(
        run,
        base,
        sft=Budget(
            options.sft_minutes, options.sft_steps, options.cases, options.sft_batch,
            options.threads,
        ),
        grpo=Budget(
            options.grpo_minutes, options.grpo_steps, options.grpo_steps * prompts,
            options.grpo_batch, options.threads,
        ),
        sft_continued_steps=options.continued_steps,
    )  # fmt: skip
    measured("base", base, truth, to=to, facts=base_facts, threads=options.threads)
    for step in steps(options.seeds):
        model = trained(step, ablation)
        facts = facts_of(step, ablation)
        measured(step.name, model, truth, to=to, facts=facts, threads=options.threads)
        try:
            write_report(to, run)  # the rows so far
        except NotComparable as error:
            print(f"No table: {error}.", file=sys.stderr)
            return 1
    print((run / "ablation.md").read_text(encoding="utf-8"))
    return 0


def _base(options: argparse.Namespace) -> tuple[Path, dict[str, object]]:
    """The given base, or the one that the seed and the noise make."""
    if options.base is not None:
        return options.base, {"base_version": check_files(options.base)}
    folder = options.run / "base"
    weights = base_model.write_base(folder, seed=options.base_seed, noise=options.base_noise)
    print(f"Base: seed {options.base_seed}, noise {options.base_noise}, {weights}.", flush=True)
    return folder, {
        "base_seed": options.base_seed,
        "base_noise": options.base_noise,
        "base_sha256": weights,
    }


def _people(options: argparse.Namespace) -> Path:
    """The given hard benchmark, or one whose people no choice was made on."""
    if options.hard is not None:
        return Path(options.hard)
    folder = Path(options.run) / "people"
    if not (folder / CHECKSUM).exists():
        print(f"Drawing people of seed {options.people_seed}.", flush=True)
        write_benchmark(folder, level="hard", limit=options.limit, seed=options.people_seed)
    return folder


def _claim(run: Path, options: argparse.Namespace) -> None:
    """Note the options in `about.json`; raises `ValueError` where the run has others."""
    settings = {
        name: value if value is None or isinstance(value, int | float) else str(value)
        for name, value in sorted(vars(options).items())
    }
    file = run / "measured" / ABOUT
    if file.exists():
        before = json.loads(file.read_text(encoding="utf-8"))["settings"]
        other = [
            name
            for name, value in settings.items()
            if name not in MAY_CHANGE and before.get(name) != value
        ]
        if other:
            raise ValueError(
                f"{run} holds an ablation with another {', '.join(other)}: repeat its command, or"
                " name another folder"
            )
    del settings["run"]
    flags = " ".join(
        f"--{name.replace('_', '-')} {value}"
        for name, value in settings.items()
        if value is not None
    )
    about = {"command": f"python -m training.ablation {flags}", "settings": settings}
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file, json.dumps(about, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.ablation", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--run", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--base", type=Path, help="default: the shipped model with noise")
    parser.add_argument("--base-seed", type=int, default=base_model.SEED)
    parser.add_argument("--base-noise", type=float, default=base_model.NOISE)
    parser.add_argument("--hard", type=Path, help="a hard benchmark; default: people of a seed")
    parser.add_argument("--people-seed", type=int, default=PEOPLE_SEED)
    parser.add_argument("--limit", type=int, default=100, help="users of each set (default 100)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each row (default 3)")
    parser.add_argument("--cases", type=int, default=1000, help="simulated users of an SFT")
    parser.add_argument("--sft-minutes", type=float, default=5.0)
    parser.add_argument("--sft-steps", type=int, default=120)
    parser.add_argument("--sft-batch", type=int, default=16, help="examples (default 16)")
    parser.add_argument("--grpo-minutes", type=float, default=30.0)
    parser.add_argument("--grpo-steps", type=int, default=55)
    parser.add_argument(
        "--grpo-batch", type=int, default=128, help="answers of a step, eight a user (default 128)"
    )
    parser.add_argument("--continued-steps", type=int, help="default: the time that GRPO took")
    parser.add_argument("--threads", type=int, default=0, help="default 0: torch chooses")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
