"""Train and measure the four rows; stopped, the same command goes on.

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

from training.ablation.measuring import Unlike, asked_alike, measure
from training.ablation.plan import Budget, Row, Step, as_toml, configuration, steps
from training.ablation.table import as_markdown, line, monotone
from training.evaluation.simulated.cases import Truth, read_truth
from training.finetuning.run.policy import folder_of
from training.finetuning.merge import merge

BASE = "base"


def main() -> int:
    options = _arguments()
    truth = read_truth(options.hard, limit=options.limit)
    budgets = {
        "sft": Budget(options.sft_minutes, options.sft_steps, options.cases),
        "grpo": Budget(options.grpo_minutes, options.grpo_steps, options.cases),
    }
    found: dict[Row, list[dict[str, Any]]] = defaultdict(list)
    found["base"].append(_measured(options.run, BASE, options.base, truth))
    for step in steps(options.seeds):
        budget = budgets["sft" if step.row == "sft" else "grpo"]
        model = _trained(step, base=options.base, run=options.run, budget=budget)
        found[step.row].append(_measured(options.run, step.name, model, truth))
        try:
            _report(found, options.run)  # whatever there is by now
        except Unlike as error:
            print(f"No table: {error}.", file=sys.stderr)
            return 1
    print((options.run / "ablation.md").read_text(encoding="utf-8"))
    return 0


def _trained(step: Step, *, base: Path, run: Path, budget: Budget) -> Path:
    """The folder of the step's model, trained if it is not there yet."""
    merged = run / "models" / step.name
    if (merged / "manifest.json").exists():
        return merged
    folder = run / "trainings" / step.name
    file = run / "configs" / f"{step.name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    told = configuration(step, base=base, folder=folder, budget=budget)
    file.write_text(as_toml(told), encoding="utf-8")
    command = [sys.executable, "-m", step.module, "--config", str(file)]
    if step.begins_with is not None:
        earlier = run / "trainings" / step.begins_with.name / "adapter"
        command += ["--adapter", str(folder_of(earlier))]
    print(f"Training {step.name}.", flush=True)
    subprocess.run(command, check=True)
    return merge(base=base, adapter=folder / "adapter", to=merged)


def _measured(run: Path, name: str, model: Path, truth: Truth) -> dict[str, Any]:
    """What was measured of a model, measured if it was not yet."""
    file = run / "measured" / f"{name}.json"
    if not file.exists():
        print(f"Measuring {name}.", flush=True)
        told = measure(model, truth)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(told) + "\n", encoding="utf-8")
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return read


def _report(found: dict[Row, list[dict[str, Any]]], run: Path) -> None:
    asked_alike([one for measured in found.values() for one in measured])
    lines = [line(row, measured) for row, measured in found.items()]
    users = found["base"][0]["users"]
    told = {"users": users, "rows": [asdict(one) for one in lines], "monotone": monotone(lines)}
    (run / "ablation.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (run / "ablation.md").write_text(as_markdown(lines), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.ablation", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--base", type=Path, required=True, help="the model before tuning")
    parser.add_argument("--hard", type=Path, required=True, help="a benchmark's folder")
    parser.add_argument("--run", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--limit", type=int, default=100, help="users of each set (default 100)")
    parser.add_argument("--seeds", type=int, default=3, help="of the last three rows (default 3)")
    parser.add_argument("--cases", type=int, default=1000, help="simulated people of a training")
    parser.add_argument("--sft-minutes", type=float, default=5.0)
    parser.add_argument("--sft-steps", type=int, default=120)
    parser.add_argument("--grpo-minutes", type=float, default=30.0)
    parser.add_argument("--grpo-steps", type=int, default=55)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
