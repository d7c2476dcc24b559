"""Teach the language model to describe, assess, explain and predict; the eye stays as it is.

The vision tower is frozen, so every drawing's image tokens are computed once and kept beside the
checkpoint. Loss on the answers only. Interrupted, it goes on from its last checkpoint.

    python -m training.nano.train_text --init runs/nano/vision.pt --out runs/nano/text.pt
"""

import argparse
import hashlib
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shared.vlm.qwen_forward import Blocks, decode, embed, token_positions
from training.nano.architecture import GRID, build_model
from training.nano.batches import NO_LABEL, TOKENS_A_STEP, Batch, batch_at, digit_ids
from training.nano.checkpoint import load_weights, resume, save_checkpoint
from training.nano.eye import compiled_blocks, look_at_all
from training.nano.optimizer import ADAM_RATE, MUON_RATE, Optimizer
from training.nano.plan import Plan, read_plan
from training.nano.pool import Pool
from training.nano.progress import Progress
from training.nano.rows import Task
from training.nano.tokenizer import build_tokenizer
from training.nano.vocabulary import ALSO, WORDS

PLAN: Final = (
    "describe*120,easy*120"
    ";describe*40,easy*120,assess*300,predict*80"
    ";describe*60,easy*300,assess*1100,explain*500,predict*500,predict_eight*500,predict_fewer*240"
)
"""First name and compare, then tastes, then everything: a task alone makes others forgotten."""
EVERY: Final = 50
"""Steps between checkpoints and progress lines."""


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
    """Mean loss over the answers' tokens, with what was said and should have been: (tokens,)."""
    image_token = model.config.image_token_id
    language = model.model.language_model
    positions = token_positions(batch.ids, image_token=image_token, grid=GRID)
    with torch.autocast("cpu", torch.bfloat16):
        seen = embed(model, batch.ids, image_tokens[batch.drawings], image_token=image_token)
        hidden, _ = decode(language, seen, positions, blocks=blocks)  # (B, T, d)
    told = batch.labels[:, 1:] != NO_LABEL
    wanted = batch.labels[:, 1:][told]  # (tokens,)
    logits = hidden[:, :-1][told].float() @ model.lm_head.weight.T  # (tokens, vocabulary)
    return F.cross_entropy(logits, wanted), logits.argmax(1), wanted


def train_text(
    model: Any,
    tokenizer: Any,
    pool: Pool,
    image_tokens: Tensor,
    *,
    plan: Plan,
    checkpoint: Path,
    tokens: int = TOKENS_A_STEP,
    adam_rate: float = ADAM_RATE,
    muon_rate: float = MUON_RATE,
    every: int = EVERY,
    until: int | None = None,
    blocks: Blocks | None = None,
) -> list[float]:
    """Train to the end of the plan (or `until`), from the checkpoint if there is one.

    Returns the losses of this run's steps.
    """
    model.model.visual.requires_grad_(False)
    named = [(n, weight) for n, weight in model.named_parameters() if "language_model" in n]
    optimizer = Optimizer(named, steps=len(plan), adam_rate=adam_rate, muon_rate=muon_rate)
    recipe = f"{plan} tokens {tokens} rates {adam_rate} {muon_rate}"
    first = resume(checkpoint, model, optimizer, recipe=recipe)
    last = len(plan) if until is None else min(until, len(plan))
    progress, tally = Progress("text", last, first), _Tally(tokenizer)
    losses: list[float] = []
    for step in range(first, last):
        task = plan.tasks[step]
        batch = batch_at(
            step, task=task, tokenizer=tokenizer, pool=pool, seed=plan.seed, tokens=tokens
        )
        loss, said, wanted = answer_loss(model, batch, image_tokens, blocks=blocks)
        loss.backward()
        optimizer.step(step)
        losses.append(loss.item())
        tally.add(task, loss.item(), said, wanted)
        if (step + 1) % every == 0 or step + 1 == last:
            save_checkpoint(checkpoint, model, optimizer, step=step + 1, recipe=recipe)
            print(progress.line(step + 1, tally.told()), flush=True)
    return losses


class _Tally:
    """What each task's answers came to since the last line: the loss, and the share of right
    values (digits where there are any to give, else taste words)."""

    def __init__(self, tokenizer: Any) -> None:
        words = tokenizer.convert_tokens_to_ids([f" {word}" for word in WORDS])
        self._digits, self._words = digit_ids(tokenizer), torch.tensor(words)
        self._kept: dict[Task, list[tuple[float, float]]] = defaultdict(list)

    def add(self, task: Task, loss: float, said: Tensor, wanted: Tensor) -> None:
        scores = task in ("easy", "assess", "explain")
        values = torch.isin(wanted, self._digits if scores else self._words)
        right = (said == wanted)[values].float().mean().item()
        self._kept[task].append((loss, right))

    def told(self) -> Mapping[str, float]:
        told: dict[str, float] = {}
        for task, kept in self._kept.items():
            loss, right = np.mean(kept, axis=0)
            told |= {f"{task} loss": float(loss), f"{task} right": float(right)}
        self._kept.clear()
        return told


def remembered_image_tokens(model: Any, pool: Pool, path: Path) -> Tensor:
    """The image tokens of every drawing, from `path` if this eye looked at this pool before."""
    eye = hashlib.sha256()
    for weight in model.model.visual.state_dict().values():
        eye.update(weight.detach().float().contiguous().numpy().tobytes())
    eye.update(pool.attributes.tobytes())
    if path.exists():
        kept = torch.load(path, weights_only=True, mmap=True)
        if kept["eye"] == eye.hexdigest():
            known: Tensor = kept["tokens"]
            return known
    tokens = look_at_all(model, pool.pixels)  # (n, 9, d)
    unfinished = path.with_suffix(".part")
    torch.save({"eye": eye.hexdigest(), "tokens": tokens}, unfinished)
    os.replace(unfinished, path)
    return tokens


def main() -> None:
    parser = argparse.ArgumentParser(description="Teach nano's language model, its eye frozen.")
    parser.add_argument("--init", type=Path, default=Path("runs/nano/vision.pt"), help="weights")
    parser.add_argument("--goes-on", action="store_true", help="--init had a text stage before")
    parser.add_argument("--out", type=Path, default=Path("runs/nano/text.pt"), help="checkpoint")
    parser.add_argument("--pool", type=Path, default=Path("runs/nano/pool/train"), help="drawings")
    parser.add_argument("--plan", default=PLAN, help="phases of task*steps; see plan.py")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--adam-rate", type=float, default=ADAM_RATE, help=f"default {ADAM_RATE}")
    parser.add_argument("--muon-rate", type=float, default=MUON_RATE, help=f"default {MUON_RATE}")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="default: all")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=options.seed)
    load_weights(options.init, model)
    if not options.goes_on:
        begin_synonyms(model, tokenizer, seed=options.seed)
    pool = Pool.load(options.pool)
    kept = options.out.with_name(f"{options.out.stem}-image-tokens.pt")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    train_text(
        model,
        tokenizer,
        pool,
        remembered_image_tokens(model, pool, kept),
        plan=read_plan(options.plan, seed=options.seed),
        checkpoint=options.out,
        adam_rate=options.adam_rate,
        muon_rate=options.muon_rate,
        blocks=compiled_blocks(),
    )


if __name__ == "__main__":
    main()
