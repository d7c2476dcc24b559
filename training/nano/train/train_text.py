"""Train the language model to describe, assess, explain, predict and compare.

With a frozen vision tower the image tokens are computed once and stored next to the checkpoint.
With `--train-vision-tower` both parts train, which helps once the language model knows its tasks.
The loss covers the answers only. An interrupted training resumes from its last checkpoint.

    python -m training.nano.train.train_text --init runs/nano/vision.pt --out runs/nano/text.pt
    python -m training.nano.train.train_text --init runs/nano/text.pt --out runs/nano/whole.pt \\
        --keep-synonyms --train-vision-tower
"""

import argparse
import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from shared.files.atomic_write import atomic_file
from shared.vlm.engine.qwen_forward import Blocks, decode, embed, token_positions
from training.nano.data.batches import TOKENS_PER_STEP, Batch, batch_at, digit_ids
from training.nano.data.image_features import (
    CachedImageFeatures,
    ImageFeatures,
    TrainedImageFeatures,
)
from training.nano.data.image_pool import Pool
from training.nano.data.rows import TASKS, Task
from training.nano.model.architecture import GRID, build_model
from training.nano.model.tokenizer import build_tokenizer
from training.nano.model.vision_tower import compiled_blocks, device_of, encode_all
from training.nano.model.vocabulary import SYNONYM_OF, WORDS
from training.nano.train.checkpoint import load_weights, resume, save_checkpoint
from training.nano.train.optimizer import ADAM_RATE, MUON_RATE, Optimizer
from training.nano.train.plan import Plan, read_plan
from training.plots.progress import TrainingProgress

PLAN: Final = (
    "describe*120,easy*120"
    ";describe*40,easy*120,assess*300,predict*80"
    ";describe*60,easy*300,assess*1100,explain*500,predict*500,predict_eight*500,predict_fewer*240"
)
"""Descriptions and easy scores first, then profiles, then all tasks: training on one task alone
makes the model forget the others."""
CHECKPOINT_STEPS: Final = 50
"""Steps between checkpoints and progress lines."""
PREFETCHED_BATCHES: Final = 8
"""Batches that a worker prepares ahead."""
SYNONYM_DISTANCE: Final = 0.3
"""Initial distance of a synonym's embedding from that of its word, as a share of its length."""


@torch.no_grad()
def init_synonyms(model: Any, tokenizer: Any, *, seed: int) -> None:
    """Initialise each synonym's embedding near that of its word, which the vision stage trained."""
    generator = torch.Generator().manual_seed(seed)
    embeddings = model.model.language_model.embed_tokens.weight
    for synonym, word in SYNONYM_OF.items():
        synonym_id, word_id = tokenizer.convert_tokens_to_ids([f" {synonym}", f" {word}"])
        direction = torch.randn(embeddings.shape[1], generator=generator)
        length = SYNONYM_DISTANCE * embeddings[word_id].norm()
        embeddings[synonym_id] = embeddings[word_id] + length * direction / direction.norm()


def answer_loss(
    model: Any, batch: Batch, image_tokens: Tensor, *, blocks: Blocks | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean loss over the answer tokens, and the predicted and true tokens: (tokens,) each.

    `image_tokens` (images, 9, d) are those of the batch's images, in their order.
    """
    image_token = model.config.image_token_id
    language, device = model.model.language_model, device_of(model)
    places, true = (tensor.to(device) for tensor in batch.answers())  # (tokens,)
    ids = batch.ids.to(device)
    positions = token_positions(ids, image_token=image_token, grid=GRID)
    with torch.autocast(device.type, torch.bfloat16):
        inputs = embed(model, ids, image_tokens, image_token=image_token)
        hidden = decode(language, inputs, positions, blocks=blocks)  # (B, T, d)
    logits = hidden.flatten(0, 1)[places].float() @ model.lm_head.weight.T  # (tokens, vocabulary)
    return F.cross_entropy(logits, true), logits.argmax(1), true


class _Steps(Dataset[Batch]):
    """The batch of every step, so that workers can prepare batches ahead."""

    def __init__(self, plan: Plan, tokenizer: Any, pool: Pool, *, tokens: int) -> None:
        self._plan, self._tokenizer, self._pool, self._tokens = plan, tokenizer, pool, tokens

    def __getitem__(self, step: int) -> Batch:
        return batch_at(
            step,
            task=self._plan.tasks[step],
            tokenizer=self._tokenizer,
            pool=self._pool,
            seed=self._plan.seed,
            tokens=self._tokens,
        )


def train_text(
    model: Any,
    tokenizer: Any,
    pool: Pool,
    features: ImageFeatures,
    *,
    plan: Plan,
    checkpoint: Path,
    tokens: int = TOKENS_PER_STEP,
    adam_rate: float = ADAM_RATE,
    muon_rate: float = MUON_RATE,
    every: int = CHECKPOINT_STEPS,
    until: int | None = None,
    workers: int = 0,
    blocks: Blocks | None = None,
) -> list[float]:
    """Train to the end of the plan (or `until`), from the checkpoint if there is one.

    `workers` is the number of processes that prepare batches; with 0 the training prepares them
    itself. Returns the losses of the steps of this run.
    """
    model.model.visual.requires_grad_(features.trains_tower)
    named = [
        (name, weight)
        for name, weight in model.named_parameters()
        if "language_model" in name or ("visual" in name and features.trains_tower)
    ]
    optimizer = Optimizer(named, steps=len(plan), adam_rate=adam_rate, muon_rate=muon_rate)
    recipe = f"{plan} tokens {tokens} rates {adam_rate} {muon_rate}"
    recipe += " vision tower trained" if features.trains_tower else ""
    first = resume(checkpoint, model, optimizer, recipe=recipe)
    last = len(plan) if until is None else min(until, len(plan))
    device = device_of(model)
    progress, metrics = TrainingProgress("text", last, first), _TaskMetrics(tokenizer, device)
    steps = range(first, last)
    batches = DataLoader(
        _Steps(plan, tokenizer, pool, tokens=tokens),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=PREFETCHED_BATCHES if workers else None,
    )
    losses: list[Tensor] = []
    for step, batch in zip(steps, batches, strict=True):
        image_tokens = features.tokens(batch.images.to(device))
        loss, predicted, true = answer_loss(model, batch, image_tokens, blocks=blocks)
        auxiliary = features.auxiliary_loss(step)
        (loss if auxiliary is None else loss + auxiliary).backward()
        optimizer.step(step)
        losses.append(loss.detach())  # read later: reading waits for the GPU
        metrics.add(plan.tasks[step], losses[-1], predicted, true)
        if (step + 1) % every == 0 or step + 1 == last:
            save_checkpoint(checkpoint, model, optimizer, step=step + 1, recipe=recipe)
            print(progress.line(step + 1, metrics.reset()), flush=True)
    return torch.stack(losses).tolist() if losses else []


class _TaskMetrics:
    """Loss and accuracy of each task since the last progress line.

    The accuracy is over the values of an answer: digits, profile words, or both.
    """

    def __init__(self, tokenizer: Any, device: torch.device) -> None:
        words = tokenizer.convert_tokens_to_ids([f" {word}" for word in WORDS])
        digits, named = digit_ids(tokenizer).to(device), torch.tensor(words, device=device)
        self._values: dict[Task, Tensor] = dict.fromkeys(TASKS, named)
        self._values |= {"easy": digits, "assess": digits, "explain": digits}
        self._values["compare"] = torch.cat([digits, named])
        self._steps: dict[Task, list[Tensor]] = defaultdict(list)

    def add(self, task: Task, loss: Tensor, predicted: Tensor, true: Tensor) -> None:
        values = torch.isin(true, self._values[task])
        right = ((predicted == true) & values).sum() / values.sum()
        self._steps[task].append(torch.stack([loss, right]))

    def reset(self) -> Mapping[str, float]:
        """The means since the last call."""
        measures: dict[str, float] = {}
        for task, steps in self._steps.items():
            loss, right = torch.stack(steps).mean(0).tolist()
            measures |= {f"{task} loss": loss, f"{task} right": right}
        self._steps.clear()
        return measures


def cached_image_tokens(model: Any, pool: Pool, path: Path) -> Tensor:
    """Image tokens (n, 9, d) of the pool, from `path` if it has them for these tower weights."""
    checksum = hashlib.sha256()
    for weight in model.model.visual.state_dict().values():
        checksum.update(weight.detach().float().cpu().contiguous().numpy().tobytes())
    checksum.update(pool.attributes.tobytes())
    if path.exists():
        cache = torch.load(path, weights_only=True, mmap=True)
        if cache.get("checksum") == checksum.hexdigest():
            cached: Tensor = cache["tokens"]
            return cached
    tokens = encode_all(model, pool.pixels)  # (n, 9, d)
    with atomic_file(path) as stream:
        torch.save({"checksum": checksum.hexdigest(), "tokens": tokens}, stream)
    return tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--init",
        type=Path,
        default=Path("runs/nano/vision.pt"),
        help="weights or a release",
    )
    parser.add_argument("--keep-synonyms", action="store_true", help="--init had a text stage")
    parser.add_argument("--out", type=Path, default=Path("runs/nano/text.pt"), help="checkpoint")
    parser.add_argument("--pool", type=Path, default=Path("runs/nano/pool/train"), help="images")
    parser.add_argument("--plan", default=PLAN, help="phases of task*steps; see plan.py")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--adam-rate", type=float, default=ADAM_RATE, help=f"default {ADAM_RATE}")
    parser.add_argument("--muon-rate", type=float, default=MUON_RATE, help=f"default {MUON_RATE}")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="default: all")
    parser.add_argument("--train-vision-tower", action="store_true", help="train both parts")
    parser.add_argument("--tokens", type=int, default=TOKENS_PER_STEP, help="in a batch")
    parser.add_argument("--workers", type=int, default=0, help="processes for batches")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=options.seed)
    load_weights(options.init, model)
    if not options.keep_synonyms:
        init_synonyms(model, tokenizer, seed=options.seed)
    model.to(options.device)
    pool, blocks = Pool.load(options.pool), compiled_blocks(options.device)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    cache = options.out.with_name(f"{options.out.stem}-image-tokens.pt")
    train_text(
        model,
        tokenizer,
        pool,
        TrainedImageFeatures(model, pool, tokenizer, seed=options.seed, blocks=blocks)
        if options.train_vision_tower
        else CachedImageFeatures(cached_image_tokens(model, pool, cache)),
        plan=read_plan(options.plan, seed=options.seed),
        checkpoint=options.out,
        tokens=options.tokens,
        adam_rate=options.adam_rate,
        muon_rate=options.muon_rate,
        workers=options.workers,
        blocks=blocks,
    )


if __name__ == "__main__":
    main()
