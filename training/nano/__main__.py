"""Train nano from random weights to an evaluated model folder; the same command resumes it.

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

from shared.vlm.checkpoint.checkpoint import MANIFEST
from training.evaluation.held_out.__main__ import measure
from training.evaluation.held_out.report import as_table
from training.nano.data.batches import TOKENS_PER_STEP
from training.nano.data.image_features import CachedImageFeatures, TrainedImageFeatures
from training.nano.data.image_pool import Pool, write_pool
from training.nano.model.architecture import build_model
from training.nano.model.export import export, facts
from training.nano.model.tokenizer import build_tokenizer
from training.nano.model.vision_tower import compiled_blocks
from training.nano.train.checkpoint import load_weights
from training.nano.train.optimizer import ADAM_RATE, MUON_RATE
from training.nano.train.plan import read_plan
from training.nano.train.train_text import (
    CHECKPOINT_STEPS,
    PLAN,
    cached_image_tokens,
    init_synonyms,
    train_text,
)
from training.nano.train.train_vision import CHECKPOINT_STEPS as VISION_CHECKPOINT_STEPS
from training.nano.train.train_vision import train_vision
from training.nano.train.warm_start import warm_start


@dataclass(frozen=True)
class Recipe:
    """Everything that determines the weights, on one kind of machine."""

    seed: int = 1
    drawings: int = 120_000
    test_drawings: int = 3_000
    init_from: Path | None = None
    """An earlier release that gives the initial weights; None for random weights."""
    vision_steps: int = 5_500
    vision_batch: int = 128
    plan: str = PLAN
    adam_rate: float = ADAM_RATE
    muon_rate: float = MUON_RATE
    """Peak learning rates of the text stage."""
    tokens: int = TOKENS_PER_STEP
    joint_plan: str = ""
    """Plan for training both parts together after the text stage; empty to skip that stage."""
    joint_adam_rate: float = ADAM_RATE / 3
    joint_muon_rate: float = MUON_RATE / 3

    def __str__(self) -> str:
        return ", ".join(f"{field.name} {getattr(self, field.name)}" for field in fields(self))


@dataclass(frozen=True)
class Run:
    """Files of one training, and the device that computes."""

    folder: Path
    device: str = "cpu"
    workers: int = 0
    """Processes that prepare the batches of the text stages."""
    every: int | None = None
    """Steps between checkpoints and progress lines; None is the default of each stage."""

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
    def joint(self) -> Path:
        return self.folder / "joint.pt"

    @property
    def image_tokens(self) -> Path:
        return self.folder / "image-tokens.pt"

    @property
    def model(self) -> Path:
        return self.folder / "model"


def render_pools(run: Run, recipe: Recipe) -> None:
    """Stage 1: render the training images, and test images for the vision tower."""
    pools = ((run.pool, recipe.drawings, 0), (run.test_pool, recipe.test_drawings, 1))
    for folder, count, shift in pools:
        if not (folder / "attributes.npy").exists():
            print(f"Rendering {count} images in {folder}.", flush=True)
            seed = 2 * recipe.seed + shift
            write_pool(folder, count=count, seed=seed, workers=os.cpu_count() or 1)


def train_vision_stage(run: Run, recipe: Recipe) -> None:
    """Stage 2: train the vision tower against word embeddings."""
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=recipe.seed)
    release = warm_start(recipe.init_from, model, tokenizer) if recipe.init_from else ""
    train_vision(
        model.to(run.device),
        tokenizer,
        Pool.load(run.pool),
        Pool.load(run.test_pool),
        steps=recipe.vision_steps,
        batch=recipe.vision_batch,
        seed=recipe.seed,
        checkpoint=run.vision,
        recipe=release,
        every=run.every or VISION_CHECKPOINT_STEPS,
        blocks=compiled_blocks(run.device),
    )


def train_text_stage(run: Run, recipe: Recipe) -> None:
    """Stage 3: train the language model with a frozen vision tower."""
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=recipe.seed)
    load_weights(run.vision, model)
    init_synonyms(model, tokenizer, seed=recipe.seed)
    model.to(run.device)
    pool = Pool.load(run.pool)
    train_text(
        model,
        tokenizer,
        pool,
        CachedImageFeatures(cached_image_tokens(model, pool, run.image_tokens)),
        plan=read_plan(recipe.plan, seed=recipe.seed),
        checkpoint=run.text,
        tokens=recipe.tokens,
        adam_rate=recipe.adam_rate,
        muon_rate=recipe.muon_rate,
        every=run.every or CHECKPOINT_STEPS,
        workers=run.workers,
        blocks=compiled_blocks(run.device),
    )


def train_joint_stage(run: Run, recipe: Recipe) -> None:
    """Stage 4, if there is a plan for it: train both parts together, after stage 3."""
    if not recipe.joint_plan:
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
        TrainedImageFeatures(model, pool, tokenizer, seed=recipe.seed, blocks=blocks),
        # Another seed: other rows than in stage 3.
        plan=read_plan(recipe.joint_plan, seed=recipe.seed + 1),
        checkpoint=run.joint,
        tokens=recipe.tokens,
        adam_rate=recipe.joint_adam_rate,
        muon_rate=recipe.joint_muon_rate,
        every=run.every or CHECKPOINT_STEPS,
        workers=run.workers,
        blocks=blocks,
    )


def write_folder(run: Run, recipe: Recipe) -> str:
    """Stage 5: write a Hugging Face folder."""
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=recipe.seed)
    load_weights(run.joint if recipe.joint_plan else run.text, model)
    training = facts(str(recipe))
    return export(model, tokenizer, run.model, seed=recipe.seed, training=training)


def evaluate_folder(run: Run) -> None:
    """Stage 6: evaluate the folder on held-out users, with the engine that serves."""
    report = measure(run.model)
    (run.folder / "report.json").write_text(json.dumps(asdict(report), indent=1) + "\n")
    print(as_table(report), flush=True)


def publish(run: Run, to: Path) -> None:
    """Copy the folder to where it ships; the manifest is copied last."""
    to.mkdir(parents=True, exist_ok=True)
    (to / MANIFEST).unlink(missing_ok=True)
    for file in sorted(run.model.iterdir(), key=lambda file: file.name == MANIFEST):
        shutil.copyfile(file, to / file.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--run", type=Path, default=Path("runs/nano"), help="default runs/nano")
    parser.add_argument("--to", type=Path, help="folder to ship to; default: none")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--init-from", type=Path, help="an earlier release; default: none")
    parser.add_argument("--vision-steps", type=int, default=Recipe.vision_steps, help="of stage 2")
    parser.add_argument("--vision-batch", type=int, default=Recipe.vision_batch, help="images")
    parser.add_argument("--pool-images", type=int, default=Recipe.drawings, help="training images")
    parser.add_argument("--plan", default=PLAN, help="phases of the text stage; see plan.py")
    parser.add_argument("--joint-plan", default="", help="phases of both parts together")
    parser.add_argument("--tokens", type=int, default=TOKENS_PER_STEP, help="in a text batch")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    parser.add_argument("--workers", type=int, default=0, help="processes for batches")
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
        joint_plan=options.joint_plan,
        tokens=options.tokens,
        init_from=options.init_from,
        vision_steps=options.vision_steps,
        plan=options.plan,
        adam_rate=options.adam_rate,
        muon_rate=options.muon_rate,
    )
    render_pools(run, recipe)
    train_vision_stage(run, recipe)
    train_text_stage(run, recipe)
    train_joint_stage(run, recipe)
    version = write_folder(run, recipe)
    print(f"Wrote {version} to {run.model}.", flush=True)
    evaluate_folder(run)
    if options.to:
        publish(run, options.to)
        print(f"Shipped {version} to {options.to}.")


if __name__ == "__main__":
    main()
