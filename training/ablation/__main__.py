"""Train and measure the four rows of the ablation; the same command resumes a stopped run.

python -m training.prefersim.benchmark runs/hard --level hard
python -m training.ablation --base shared/nano --hard runs/hard --run runs/ablation
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tomli_w

from training.ablation.measuring import NotComparable, check_comparable, measure
from training.ablation.plan import Budget, Row, Step, configuration, steps
from training.ablation.table import as_markdown, line, monotone
from training.evaluation.simulated.cases import Truth, read_truth
from training.finetuning.merge import merge
from training.finetuning.run.policy import folder_of

BASE = "base"


def main() -> int:
    options = _arguments()
    truth = read_truth(options.hard, limit=options.limit)
    budgets = {
        "sft": Budget(options.sft_minutes, options.sft_steps, options.cases),
        "grpo": Budget(options.grpo_minutes, options.grpo_steps, options.cases),
    }
    by_row: dict[Row, list[dict[str, Any]]] = defaultdict(list)
    by_row["base"].append(_measured(options.run, BASE, options.base, truth))
    for step in steps(options.seeds):
        budget = budgets["sft" if step.row == "sft" else "grpo"]
        model = _trained(step, base=options.base, run=options.run, budget=budget)
        by_row[step.row].append(_measured(options.run, step.name, model, truth))
        try:
            _report(by_row, options.run)  # the rows so far
        except NotComparable as error:
            print(f"No table: {error}.", file=sys.stderr)
            return 1
    print((options.run / "ablation.md").read_text(encoding="utf-8"))
    return 0


def _trained(step: Step, *, base: Path, run: Path, budget: Budget) -> Path:
    """The folder of the step's model; the model is trained if the folder does not exist."""
    merged = run / "models" / step.name
    if (merged / "manifest.json").exists():
        return merged
    folder = run / "trainings" / step.name
    file = run / "configs" / f"{step.name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    settings = configuration(step, base=base, folder=folder, budget=budget)
    file.write_text(tomli_w.dumps(settings), encoding="utf-8")
    command = [sys.executable, "-m", step.module, "--config", str(file)]
    if step.starts_from is not None:
        earlier = run / "trainings" / step.starts_from.name / "adapter"
        command += ["--adapter", str(folder_of(earlier))]
    print(f"Training {step.name}.", flush=True)
    subprocess.run(command, check=True)
    return merge(base=base, adapter=folder / "adapter", to=merged)


def _measured(run: Path, name: str, model: Path, truth: Truth) -> dict[str, Any]:
    """The report on a model, measured if it does not exist yet."""
    file = run / "measured" / f"{name}.json"
    if not file.exists():
        print(f"Measuring {name}.", flush=True)
        report = measure(model, truth)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(report) + "\n", encoding="utf-8")
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return read


def _report(by_row: dict[Row, list[dict[str, Any]]], run: Path) -> None:
    check_comparable([report for reports in by_row.values() for report in reports])
    lines = [line(row, reports) for row, reports in by_row.items()]
    users = by_row["base"][0]["users"]
    summary = {
        "users": users,
        "rows": [asdict(row) for row in lines],
        "monotone": monotone(lines),
    }
    (run / "ablation.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    (run / "ablation.md").write_text(as_markdown(lines), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.ablation", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--base", type=Path, required=True, help="the model before fine-tuning")
    parser.add_argument("--hard", type=Path, required=True, help="folder of the hard benchmark")
    parser.add_argument("--run", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--limit", type=int, default=100, help="users of each set (default 100)")
    parser.add_argument(
        "--seeds", type=int, default=3, help="seeds of the last three rows (default 3)"
    )
    parser.add_argument("--cases", type=int, default=1000, help="simulated users of a training")
    parser.add_argument("--sft-minutes", type=float, default=5.0)
    parser.add_argument("--sft-steps", type=int, default=120)
    parser.add_argument("--grpo-minutes", type=float, default=30.0)
    parser.add_argument("--grpo-steps", type=int, default=55)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
