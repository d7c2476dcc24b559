"""Train the stance reader: `python -m training.stance`; minutes on one core.

`--measure` measures the shipped weights on the held-out sentences, and trains nothing.
"""

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from shared.embedding.stance_reader import STANCES, WEIGHTS_FILE
from training.stance.classifier import StanceClassifier
from training.stance.generate import sentences
from training.stance.measure import report
from training.stance.sentences import DEVELOPMENT, HELD_OUT, read_sentences

BATCH = 32
LEARNING_RATE = 1e-3
HEAD_LEARNING_RATE = 2e-3
WARM_UP = 0.06


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generated", type=int, default=4000, help="generated sentences")
    parser.add_argument("--repeats", type=int, default=3, help="copies of each sentence by hand")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=WEIGHTS_FILE)
    parser.add_argument("--measure", action="store_true")
    arguments = parser.parse_args()
    if arguments.measure:
        print(report(read_sentences(HELD_OUT)))
        return
    train(arguments)


def train(arguments: argparse.Namespace) -> None:
    torch.manual_seed(arguments.seed)
    random_source = random.Random(arguments.seed)
    by_hand = read_sentences(DEVELOPMENT)
    data = [*sentences(arguments.generated, seed=arguments.seed + 10), *by_hand * arguments.repeats]
    classifier = StanceClassifier()
    states = classifier.states([sentence.text for sentence in data])
    labels = torch.tensor([STANCES.index(sentence.stance) for sentence in data])
    trained = [
        p for name, p in classifier.named_parameters() if p.requires_grad and "head" not in name
    ]
    optimizer = torch.optim.AdamW(
        [
            {"params": trained, "lr": LEARNING_RATE},
            {"params": classifier.head.parameters(), "lr": HEAD_LEARNING_RATE},
        ],
        weight_decay=0.01,
    )
    steps = arguments.epochs * (len(data) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(1.0, (step + 1) / (WARM_UP * steps)) * max(0.0, 1 - step / steps),
    )
    began = time.monotonic()
    for epoch in range(arguments.epochs):
        classifier.train()
        losses = []
        for indices in _batches(states, random_source):
            loss = torch.nn.functional.cross_entropy(
                classifier([states[index] for index in indices]), labels[indices],
                label_smoothing=0.05,
            )  # fmt: skip
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        seconds = time.monotonic() - began
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, {seconds:.0f} s", flush=True)
        np.savez_compressed(arguments.out, **classifier.weights())


def _batches(states: Sequence[Tensor], random_source: random.Random) -> Iterator[list[int]]:
    """Batches of sentences of similar length, in random order."""
    order = list(range(len(states)))
    random_source.shuffle(order)
    chunks = [order[start : start + BATCH * 20] for start in range(0, len(order), BATCH * 20)]
    batches = []
    for chunk in chunks:
        chunk.sort(key=lambda index: len(states[index]))
        batches += [chunk[start : start + BATCH] for start in range(0, len(chunk), BATCH)]
    random_source.shuffle(batches)
    yield from batches


if __name__ == "__main__":
    main()
