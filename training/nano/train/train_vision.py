"""Train the vision tower alone, by comparing its mean image token with word embeddings.

The language model keeps these embeddings, so it gets image tokens that match its words. The tower
is trained first, because training it through the language model takes several times as many images.

    python -m training.nano.train.train_vision --run runs/nano
    python -m training.nano.train.train_vision --run runs/nano --init-from shared/nano
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.domain.taste import ELEMENTS
from shared.vlm.engine.qwen_forward import Blocks
from training.nano.data.image_features import pixels_on_device
from training.nano.data.image_pool import Pool
from training.nano.model.architecture import build_model
from training.nano.model.tokenizer import build_tokenizer
from training.nano.model.vision_tower import compiled_blocks, device_of
from training.nano.train.checkpoint import resume, save_checkpoint
from training.nano.train.optimizer import Optimizer
from training.nano.train.warm_start import warm_start
from training.nano.train.zero_shot_head import targets, word_ids, word_logits, zero_shot_loss
from training.plots.progress import TrainingProgress

CHECKPOINT_STEPS = 100
"""Steps between checkpoints and progress lines."""
TEST_IMAGES = 1000
"""Held-out images that are classified for each progress line."""


def augmented(rng: np.random.Generator, pixels: Tensor) -> Tensor:
    """Flipped or transposed at random: the values that an image shows stay the same."""
    if rng.random() < 0.5:
        pixels = pixels.flip(2)
    if rng.random() < 0.5:
        pixels = pixels.flip(1)
    return pixels.transpose(1, 2) if rng.random() < 0.5 else pixels


def batch_at(
    step: int, *, pool: Pool, pixels: Tensor, batch: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Images of one step and their targets; an epoch contains every image once.

    `pixels` are those of the whole pool, on any device.
    """
    steps_per_epoch = len(pool) // batch
    epoch, place = divmod(step, steps_per_epoch)
    order = np.random.default_rng((seed, epoch)).permutation(len(pool))
    chosen = np.sort(order[place * batch : (place + 1) * batch])
    rng = np.random.default_rng((seed, epoch, place))
    shown = pixels[torch.from_numpy(chosen).to(pixels.device)]
    return augmented(rng, shown), targets(pool.attributes[chosen])


def train_vision(
    model: Any,
    tokenizer: Any,
    pool: Pool,
    test: Pool,
    *,
    steps: int,
    batch: int,
    seed: int,
    checkpoint: Path,
    recipe: str = "",
    every: int = CHECKPOINT_STEPS,
    blocks: Blocks | None = None,
) -> list[float]:
    """Train to `steps`, from the checkpoint if there is one; returns the losses of these steps.

    `recipe` names what else determines the result, for example the initial weights of `model`.
    """
    named = [
        (name, weight)
        for name, weight in model.named_parameters()
        if "visual" in name or "embed_tokens" in name
    ]
    optimizer = Optimizer(named, steps=steps)
    recipe = f"{recipe} steps {steps} batch {batch} seed {seed}".strip()
    first = resume(checkpoint, model, optimizer, recipe=recipe)
    device = device_of(model)
    words, all_pixels = word_ids(tokenizer).to(device), pixels_on_device(pool.pixels, device)
    progress = TrainingProgress("vision", steps, first)
    losses: list[Tensor] = []
    for step in range(first, steps):
        pixels, truth = batch_at(step, pool=pool, pixels=all_pixels, batch=batch, seed=seed)
        loss = zero_shot_loss(model, words, pixels, truth, blocks=blocks)
        loss.backward()
        optimizer.step(step)
        losses.append(loss.detach())  # read later: reading waits for the GPU
        if (step + 1) % every == 0 or step + 1 == steps:
            save_checkpoint(checkpoint, model, optimizer, step=step + 1, recipe=recipe)
            measures = {"loss": float(torch.stack(losses[-every:]).mean())}
            print(progress.line(step + 1, measures | accuracy(model, words, test)), flush=True)
    return torch.stack(losses).tolist() if losses else []


@torch.no_grad()
def accuracy(model: Any, words: Tensor, test: Pool) -> dict[str, float]:
    """By element, the share of held-out images whose highest logit is the true word."""
    right = torch.zeros(len(ELEMENTS))
    count = min(TEST_IMAGES, len(test))
    for start in range(0, count, 250):
        part = slice(start, start + 250)
        truth = targets(test.attributes[part])
        for j, logits in enumerate(word_logits(model, words, test.pixels[part], None)):
            right[j] += (logits.argmax(1).cpu() == truth[:, j]).sum()
    return {e.label: float(r) / count for e, r in zip(ELEMENTS, right, strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--run", type=Path, default=Path("runs/nano"), help="default runs/nano")
    parser.add_argument("--steps", type=int, default=1500, help="default 1500")
    parser.add_argument("--batch", type=int, default=128, help="images in a step (default 128)")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--init-from", type=Path, help="an earlier release; default: none")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    options = parser.parse_args()
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=options.seed)
    recipe = ""
    if options.init_from:
        recipe = warm_start(options.init_from, model, tokenizer)
    train_vision(
        model.to(options.device),
        tokenizer,
        Pool.load(options.run / "pool" / "train"),
        Pool.load(options.run / "pool" / "test"),
        steps=options.steps,
        batch=options.batch,
        seed=options.seed,
        checkpoint=options.run / "vision.pt",
        recipe=recipe,
        blocks=compiled_blocks(options.device),
    )


if __name__ == "__main__":
    main()
