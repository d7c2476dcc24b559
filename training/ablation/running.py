"""Train and measure one model of the ablation, unless its files exist."""

import json
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from shared.files.atomic_write import atomic_write
from training.ablation.cost import read_cost, run_counted
from training.ablation.measuring import measure
from training.ablation.plan import Budget, Step, configuration, continued_steps
from training.evaluation.simulated.cases import Truth
from training.finetuning.merge import merge
from training.finetuning.run.policy import folder_of
from training.finetuning.run.run_folder import RunFolder


@dataclass(frozen=True)
class Ablation:
    """What all models of one ablation share."""

    run: Path
    base: Path
    sft: Budget
    grpo: Budget
    sft_continued_steps: int | None = None
    """None: as many as take the processor time of GRPO."""

    def budget(self, step: Step) -> Budget:
        """The budget of a step; that of the continued SFT needs the costs of its seed."""
        if step.row == "sft":
            return self.sft
        if step.row != "sft_continued":
            return self.grpo
        steps = self.sft_continued_steps or self._steps_in_time_of_grpo(step.seed)
        return Budget(self.grpo.minutes, steps, self.grpo.cases, self.sft.batch, self.sft.threads)

    def cost_file(self, step: Step) -> Path:
        return self.run / "costs" / f"{step.name}.json"

    def folder(self, step: Step) -> Path:
        return self.run / "trainings" / step.name

    def seconds(self, step: Step) -> float:
        cost = read_cost(self.cost_file(step))
        if cost is None:
            raise ValueError(f"{step.name} has no cost in {self.run}: it was not trained there")
        return cost.processor_seconds

    def _steps_in_time_of_grpo(self, seed: int) -> int:
        both = [self.seconds(Step(row, seed)) for row in ("grpo", "grpo_with_prediction")]
        sft = Step("sft", seed)
        return continued_steps(
            grpo_seconds=sum(both) / len(both),
            sft_seconds=self.seconds(sft),
            sft_steps=steps_made(self.folder(sft)),
        )


def steps_made(folder: Path) -> int:
    """Optimizer steps of a finished training."""
    progress = RunFolder(folder).progress()
    if progress is None:
        raise ValueError(f"{folder} holds no training")
    return progress.step


def trained(step: Step, ablation: Ablation) -> Path:
    """The folder of the step's model; the model is trained if the folder does not exist."""
    merged = ablation.run / "models" / step.name
    if (merged / "manifest.json").exists():
        return merged
    folder = ablation.folder(step)
    file = ablation.run / "configs" / f"{step.name}.toml"
    if not file.exists():  # a resumed run keeps its settings: measured times change
        settings = configuration(
            step, base=ablation.base, folder=folder, budget=ablation.budget(step)
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(file, tomli_w.dumps(settings))
    command = [sys.executable, "-m", step.module, "--config", str(file)]
    if step.starts_from is not None:
        command += ["--adapter", str(folder_of(ablation.folder(step.starts_from) / "adapter"))]
    print(f"Training {step.name}.", flush=True)
    run_counted(command, ablation.cost_file(step))
    return merge(base=ablation.base, adapter=folder / "adapter", to=merged)


def facts_of(step: Step, ablation: Ablation) -> dict[str, Any]:
    """Steps, people and processor seconds of a training, for the table."""
    settings = tomllib.loads(
        (ablation.run / "configs" / f"{step.name}.toml").read_text(encoding="utf-8")
    )
    return {
        "steps": steps_made(ablation.folder(step)),
        "people": settings["data"]["cases"],
        "people_seed": settings["data"]["seed"],
        "processor_seconds": ablation.seconds(step),
    }


def measured(
    name: str, model: Path, truth: Truth, *, to: Path, facts: Mapping[str, Any], threads: int = 0
) -> dict[str, Any]:
    """The report on a model, in `to`/NAME.json; it is measured if it does not exist yet."""
    file = to / f"{name}.json"
    if not file.exists():
        print(f"Measuring {name}.", flush=True)
        report = measure(model, truth, threads=threads) | {"trained": dict(facts)}
        file.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(file, json.dumps(report) + "\n")
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return read
