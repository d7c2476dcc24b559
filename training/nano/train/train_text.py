"""Teach the language model to describe, assess, explain, predict and compare.

The eye stays as it is, so every drawing's image tokens are computed once and kept beside the
checkpoint; or it learns too, which is worth it once the language model knows its tasks. Loss on the
answers only. Interrupted, it goes on from its last checkpoint.

    python -m training.nano.train.train_text --init runs/nano/vision.pt --out runs/nano/text.pt
    python -m training.nano.train.train_text --init runs/nano/text.pt --out runs/nano/whole.pt \\
        --goes-on --eye-learns
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
from training.nano.data.batches import TOKENS_A_STEP, Batch, batch_at, digit_ids
from training.nano.data.image_features import Learning, Remembered, Seeing
from training.nano.data.image_pool import Pool
from training.nano.data.rows import TASKS, Task
from training.nano.model.architecture import GRID, build_model
from training.nano.model.tokenizer import build_tokenizer
from training.nano.model.vision_tower import compiled_blocks, device_of, look_at_all
from training.nano.model.vocabulary import ALSO, WORDS
from training.nano.train.checkpoint import load_weights, resume, save_checkpoint
from training.nano.train.optimizer import ADAM_RATE, MUON_RATE, Optimizer
from training.nano.train.plan import Plan, read_plan
from training.progress import TrainingProgress

PLAN: Final = (
    "describe*120,easy*120"
    ";describe*40,easy*120,assess*300,predict*80"
    ";describe*60,easy*300,assess*1100,explain*500,predict*500,predict_eight*500,predict_fewer*240"
)
"""First name and compare, then tastes, then everything: a task alone makes others forgotten."""
EVERY: Final = 50
"""Steps between checkpoints and progress lines."""
AHEAD: Final = 8
"""Batches that a worker has ready."""


SYNONYM_APART: Final = 0.3
"""How far a synonym's embedding begins from its word's, as a share of the word's length."""


@torch.no_grad()
def begin_synonyms(model: Any, tokenizer: Any, *, seed: int) -> None:
    """Let every synonym begin beside the word that the eye was taught with."""
    chance = torch.Generator().manual_seed(seed)
    embeddings = model.model.language_model.embed_tokens.weight
    for other, word in ALSO.items():
        here, there = tokenizer.convert_tokens_to_ids([f" {other}", f" {word}"])
        away = torch.randn(embeddings.shape[1], generator=chance)
        length = SYNONYM_APART * embeddings[there].norm()
        embeddings[here] = embeddings[there] + length * away / away.norm()


def answer_loss(
    model: Any, batch: Batch, image_tokens: Tensor, *, blocks: Blocks | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Mean loss over the answers' tokens, with what was said and should have been: (tokens,).

    `image_tokens` are those of the batch's drawings, in their order: (images, 9, d).
    """
    image_token = model.config.image_token_id
    language, device = model.model.language_model, device_of(model)
    places, wanted = (one.to(device) for one in batch.answers())  # (tokens,)
    ids = batch.ids.to(device)
    positions = token_positions(ids, image_token=image_token, grid=GRID)
    with torch.autocast(device.type, torch.bfloat16):
        seen = embed(model, ids, image_tokens, image_token=image_token)
        hidden, _ = decode(language, seen, positions, blocks=blocks)  # (B, T, d)
    logits = hidden.flatten(0, 1)[places].float() @ model.lm_head.weight.T  # (tokens, vocabulary)
    return F.cross_entropy(logits, wanted), logits.argmax(1), wanted


class _Steps(Dataset[Batch]):
    """The batch of every step, for workers to make ahead of time."""

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
    seeing: Seeing,
    *,
    plan: Plan,
    checkpoint: Path,
    tokens: int = TOKENS_A_STEP,
    adam_rate: float = ADAM_RATE,
    muon_rate: float = MUON_RATE,
    every: int = EVERY,
    until: int | None = None,
    workers: int = 0,
    blocks: Blocks | None = None,
) -> list[float]:
    """Train to the end of the plan (or `until`), from the checkpoint if there is one.

    `workers` are processes that make batches ahead; with none they are made in between. Returns the
    losses of this run's steps.
    """
    model.model.visual.requires_grad_(seeing.learns)
    named = [
        (name, weight)
        for name, weight in model.named_parameters()
        if "language_model" in name or ("visual" in name and seeing.learns)
    ]
    optimizer = Optimizer(named, steps=len(plan), adam_rate=adam_rate, muon_rate=muon_rate)
    recipe = f"{plan} tokens {tokens} rates {adam_rate} {muon_rate}"
    recipe += " eye learns" if seeing.learns else ""
    first = resume(checkpoint, model, optimizer, recipe=recipe)
    last = len(plan) if until is None else min(until, len(plan))
    device = device_of(model)
    progress, tally = TrainingProgress("text", last, first), _Tally(tokenizer, device)
    steps = range(first, last)
    batches = DataLoader(
        _Steps(plan, tokenizer, pool, tokens=tokens),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
    )
    losses: list[Tensor] = []
    for step, batch in zip(steps, batches, strict=True):
        seen = seeing.tokens(batch.drawings.to(device))
        loss, said, wanted = answer_loss(model, batch, seen, blocks=blocks)
        beside = seeing.loss(step)
        (loss if beside is None else loss + beside).backward()
        optimizer.step(step)
        losses.append(loss.detach())  # read late: reading waits for the GPU
        tally.add(plan.tasks[step], losses[-1], said, wanted)
        if (step + 1) % every == 0 or step + 1 == last:
            save_checkpoint(checkpoint, model, optimizer, step=step + 1, recipe=recipe)
            print(progress.line(step + 1, tally.told()), flush=True)
    return torch.stack(losses).tolist() if losses else []


class _Tally:
    """What each task's answers came to since the last line: the loss, and the share of right
    values (digits, taste words, or both: what a task's answers give)."""

    def __init__(self, tokenizer: Any, device: torch.device) -> None:
        words = tokenizer.convert_tokens_to_ids([f" {word}" for word in WORDS])
        digits, named = digit_ids(tokenizer).to(device), torch.tensor(words, device=device)
        self._values: dict[Task, Tensor] = dict.fromkeys(TASKS, named)
        self._values |= {"easy": digits, "assess": digits, "explain": digits}
        self._values["compare"] = torch.cat([digits, named])
        self._kept: dict[Task, list[Tensor]] = defaultdict(list)

    def add(self, task: Task, loss: Tensor, said: Tensor, wanted: Tensor) -> None:
        values = torch.isin(wanted, self._values[task])
        right = ((said == wanted) & values).sum() / values.sum()
        self._kept[task].append(torch.stack([loss, right]))

    def told(self) -> Mapping[str, float]:
        told: dict[str, float] = {}
        for task, kept in self._kept.items():
            loss, right = torch.stack(kept).mean(0).tolist()
            told |= {f"{task} loss": loss, f"{task} right": right}
        self._kept.clear()
        return told


def remembered_image_tokens(model: Any, pool: Pool, path: Path) -> Tensor:
    """The image tokens of every drawing, from `path` if this eye looked at this pool before."""
    eye = hashlib.sha256()
    for weight in model.model.visual.state_dict().values():
        eye.update(weight.detach().float().cpu().contiguous().numpy().tobytes())
    eye.update(pool.attributes.tobytes())
    if path.exists():
        kept = torch.load(path, weights_only=True, mmap=True)
        if kept["eye"] == eye.hexdigest():
            known: Tensor = kept["tokens"]
            return known
    tokens = look_at_all(model, pool.pixels)  # (n, 9, d)
    with atomic_file(path) as stream:
        torch.save({"eye": eye.hexdigest(), "tokens": tokens}, stream)
    return tokens


def main() -> None:
    parser = argparse.ArgumentParser(description="Teach nano's language model, or both.")
    parser.add_argument(
        "--init", type=Path, default=Path("runs/nano/vision.pt"), help="weights, or a release"
    )
    parser.add_argument("--goes-on", action="store_true", help="--init had a text stage before")
    parser.add_argument("--out", type=Path, default=Path("runs/nano/text.pt"), help="checkpoint")
    parser.add_argument("--pool", type=Path, default=Path("runs/nano/pool/train"), help="drawings")
    parser.add_argument("--plan", default=PLAN, help="phases of task*steps; see plan.py")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--adam-rate", type=float, default=ADAM_RATE, help=f"default {ADAM_RATE}")
    parser.add_argument("--muon-rate", type=float, default=MUON_RATE, help=f"default {MUON_RATE}")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="default: all")
    parser.add_argument("--eye-learns", action="store_true", help="train the vision tower too")
    parser.add_argument("--tokens", type=int, default=TOKENS_A_STEP, help="of a step's batch")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches ahead")
    parser.add_argument("--device", default="cpu", help="cpu (default) or cuda")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=options.seed)
    load_weights(options.init, model)
    if not options.goes_on:
        begin_synonyms(model, tokenizer, seed=options.seed)
    model.to(options.device)
    pool, blocks = Pool.load(options.pool), compiled_blocks(options.device)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    kept = options.out.with_name(f"{options.out.stem}-image-tokens.pt")
    train_text(
        model,
        tokenizer,
        pool,
        Learning(model, pool, tokenizer, seed=options.seed, blocks=blocks)
        if options.eye_learns
        else Remembered(remembered_image_tokens(model, pool, kept)),
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
