"""Train nano from nothing to a measured folder; run again after a stop, it goes on.

python -m training.nano --run runs/nano --to shared/nano
python -m training.nano --run runs/nano --device cuda --workers 12 --pool-images 600000 \\
    --vision-batch 1024 --tokens 32768
"""

import argparse
import json
import os
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import torch

from training.evaluation.held_out.__main__ import measure
from training.evaluation.held_out.report import as_table
from training.nano.data.batches import TOKENS_A_STEP
from training.nano.data.image_features import Learning, Remembered
from training.nano.data.image_pool import Pool, write_pool
from training.nano.model.architecture import build_model
from training.nano.model.export import MANIFEST, export, facts
from training.nano.model.tokenizer import build_tokenizer
from training.nano.model.vision_tower import compiled_blocks
from training.nano.train.checkpoint import load_weights
from training.nano.train.optimizer import ADAM_RATE, MUON_RATE
from training.nano.train.plan import read_plan
from training.nano.train.train_text import (
    EVERY,
    PLAN,
    begin_synonyms,
    remembered_image_tokens,
    train_text,
)
from training.nano.train.train_vision import EVERY as VISION_EVERY
from training.nano.train.train_vision import train_vision
from training.nano.train.warm_start import begin_with


@dataclass(frozen=True)
class Recipe:
    """Everything that decides which weights come out, on one kind of machine."""

    seed: int = 1
    drawings: int = 120_000
    test_drawings: int = 3_000
    begins_with: Path | None = None
    """An earlier release whose weights this one begins with; without it, nothing."""
    vision_steps: int = 5_500
    vision_batch: int = 128
    plan: str = PLAN
    adam_rate: float = ADAM_RATE
    muon_rate: float = MUON_RATE
    """Of the text stage."""
    tokens: int = TOKENS_A_STEP
    whole_plan: str = ""
    """What eye and language model then learn together; nothing is said to skip it."""
    whole_adam_rate: float = ADAM_RATE / 3
    whole_muon_rate: float = MUON_RATE / 3

    def __str__(self) -> str:
        return ", ".join(f"{field.name} {getattr(self, field.name)}" for field in fields(self))


@dataclass(frozen=True)
class Run:
    """Where the stages of one training leave their files, and what computes."""

    folder: Path
    device: str = "cpu"
    workers: int = 0
    """Processes that make the text stages' batches ahead of time."""
    every: int | None = None
    """Steps between checkpoints and progress lines; None is each stage's own."""

    @property
    def pool(self) -> Path:
        return self.folder / "pool" / "train"

    @property
    def test_pool(self) -> Path:
        return self.folder / "pool" / "test"

    @property
    def vision(self) -> Path:
        return self.folder / "vision.pt"

    @property
    def text(self) -> Path:
        return self.folder / "text.pt"

    @property
    def whole(self) -> Path:
        return self.folder / "whole.pt"

    @property
    def image_tokens(self) -> Path:
        return self.folder / "image-tokens.pt"

    @property
    def model(self) -> Path:
        return self.folder / "model"


def draw_pools(run: Run, recipe: Recipe) -> None:
    """Chapter one: drawings to learn from, and others to watch the eye with."""
    pools = ((run.pool, recipe.drawings, 0), (run.test_pool, recipe.test_drawings, 1))
    for folder, count, shift in pools:
        if not (folder / "attributes.npy").exists():
            print(f"Drawing {count} images in {folder}.", flush=True)
            seed = 2 * recipe.seed + shift
            write_pool(folder, count=count, seed=seed, workers=os.cpu_count() or 1)


def teach_to_see(run: Run, recipe: Recipe) -> None:
    """Chapter two: the vision tower, held against the words."""
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=recipe.seed)
    ancestor = begin_with(recipe.begins_with, model, tokenizer) if recipe.begins_with else ""
    train_vision(
        model.to(run.device),
        tokenizer,
        Pool.load(run.pool),
        Pool.load(run.test_pool),
        steps=recipe.vision_steps,
        batch=recipe.vision_batch,
        seed=recipe.seed,
        checkpoint=run.vision,
        recipe=ancestor,
        every=run.every or VISION_EVERY,
        blocks=compiled_blocks(run.device),
    )


def teach_to_judge(run: Run, recipe: Recipe) -> None:
    """Chapter three: the language model, the eye frozen."""
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=recipe.seed)
    load_weights(run.vision, model)
    begin_synonyms(model, tokenizer, seed=recipe.seed)
    model.to(run.device)
    pool = Pool.load(run.pool)
    train_text(
        model,
        tokenizer,
        pool,
        Remembered(remembered_image_tokens(model, pool, run.image_tokens)),
        plan=read_plan(recipe.plan, seed=recipe.seed),
        checkpoint=run.text,
        tokens=recipe.tokens,
        adam_rate=recipe.adam_rate,
        muon_rate=recipe.muon_rate,
        every=run.every or EVERY,
        workers=run.workers,
        blocks=compiled_blocks(run.device),
    )


def teach_the_whole(run: Run, recipe: Recipe) -> None:
    """Chapter four, where there is a plan for it: both together, from where chapter three ended."""
    if not recipe.whole_plan:
        return
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=recipe.seed)
    load_weights(run.text, model)
    model.to(run.device)
    pool, blocks = Pool.load(run.pool), compiled_blocks(run.device)
    train_text(
        model,
        tokenizer,
        pool,
        Learning(model, pool, tokenizer, seed=recipe.seed, blocks=blocks),
        # Another seed: rows that chapter three has not seen.
        plan=read_plan(recipe.whole_plan, seed=recipe.seed + 1),
        checkpoint=run.whole,
        tokens=recipe.tokens,
        adam_rate=recipe.whole_adam_rate,
        muon_rate=recipe.whole_muon_rate,
        every=run.every or EVERY,
        workers=run.workers,
        blocks=blocks,
    )


def write_folder(run: Run, recipe: Recipe) -> str:
    """Chapter five: an ordinary Hugging Face folder."""
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=recipe.seed)
    load_weights(run.whole if recipe.whole_plan else run.text, model)
    training = facts(str(recipe))
    return export(model, tokenizer, run.model, seed=recipe.seed, training=training)


def measure_folder(run: Run) -> None:
    """Chapter six: held-out users, through the engine that serves."""
    report = measure(run.model)
    (run.folder / "report.json").write_text(json.dumps(asdict(report), indent=1) + "\n")
    print(as_table(report), flush=True)


def publish(run: Run, to: Path) -> None:
    """Copy the folder to where it ships; the manifest comes last here too."""
    to.mkdir(parents=True, exist_ok=True)
    (to / MANIFEST).unlink(missing_ok=True)
    for file in sorted(run.model.iterdir(), key=lambda file: file.name == MANIFEST):
        shutil.copyfile(file, to / file.name)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train preferthinker-nano from nothing.")
    parser.add_argument("--run", type=Path, default=Path("runs/nano"), help="default runs/nano")
    parser.add_argument("--to", type=Path, help="where to ship the folder; without it: nowhere")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--begin-with", type=Path, help="an earlier release; default: nothing")
    parser.add_argument("--vision-steps", type=int, default=Recipe.vision_steps, help="of the eye")
    parser.add_argument("--vision-batch", type=int, default=Recipe.vision_batch, help="images")
    parser.add_argument("--pool-images", type=int, default=Recipe.drawings, help="to learn from")
    parser.add_argument("--plan", default=PLAN, help="the text stage's phases; see plan.py")
    parser.add_argument("--whole-plan", default="", help="then of eye and text together")
    parser.add_argument("--tokens", type=int, default=TOKENS_A_STEP, help="of a text step's batch")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches ahead")
    parser.add_argument("--adam-rate", type=float, default=ADAM_RATE, help="of the text stage")
    parser.add_argument("--muon-rate", type=float, default=MUON_RATE, help="of the text stage")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="default: all")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    run = Run(options.run, device=options.device, workers=options.workers)
    recipe = Recipe(
        seed=options.seed,
        drawings=options.pool_images,
        vision_batch=options.vision_batch,
        whole_plan=options.whole_plan,
        tokens=options.tokens,
        begins_with=options.begin_with,
        vision_steps=options.vision_steps,
        plan=options.plan,
        adam_rate=options.adam_rate,
        muon_rate=options.muon_rate,
    )
    draw_pools(run, recipe)
    teach_to_see(run, recipe)
    teach_to_judge(run, recipe)
    teach_the_whole(run, recipe)
    version = write_folder(run, recipe)
    print(f"Wrote {version} to {run.model}.", flush=True)
    measure_folder(run)
    if options.to:
        publish(run, options.to)
        print(f"Shipped {version} to {options.to}.")


if __name__ == "__main__":
    main()
