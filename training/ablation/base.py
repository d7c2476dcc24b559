"""Make the ablation's base: the shipped model with seeded noise in its language model.

python -m training.ablation.base --to runs/ablation/base
"""

import argparse
from pathlib import Path
from typing import Any, Final

import torch

from shared.vlm.checkpoint.checkpoint import MANIFEST, check_files, file_hash, read_manifest
from training.evaluation.serving_model import SHIPPED
from training.nano.model.architecture import NANO, Shape, build_model
from training.nano.model.export import WEIGHTS, export, facts
from training.nano.model.tokenizer import build_tokenizer
from training.nano.train.warm_start import warm_start

SEED: Final = 5
NOISE: Final = 0.7
"""Standard deviation of the noise, as a share of that of each matrix. With it the model still
answers in the right form, but names and scores many values wrongly: there is room to learn."""


def write_base(
    to: Path,
    *,
    seed: int = SEED,
    noise: float = NOISE,
    release: Path = SHIPPED,
    shape: Shape = NANO,
) -> str:
    """Write the base and return the SHA-256 of its weights; a complete folder is not changed.

    The seed and the release determine the weights: nothing is trained. Vision tower, norms and the
    embeddings of all tokens stay those of the release; rows of the embedding that no token uses are
    drawn again. The noise is that of "shrink and perturb" (Ash and Adams, 2020) without the
    shrinking. Raises `ValueError` where the folder has another base.
    """
    recipe = f"{_version(release)} with noise {noise} in the language model, seed {seed}"
    if (to / MANIFEST).exists():
        check_files(to)
        written = _recipe(to)
        if written != recipe:
            raise ValueError(f"{to} has another base ({written}): remove it, or name another one")
        return file_hash(to / WEIGHTS)
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, shape=shape, seed=seed)
    warm_start(release, model, tokenizer)
    _perturb(model, noise=noise, seed=seed)
    export(model, tokenizer, to, seed=seed, training=facts(recipe))
    return file_hash(to / WEIGHTS)


@torch.no_grad()
def _perturb(model: Any, *, noise: float, seed: int) -> None:
    """Add normal noise to each matrix of the language model's layers, in place."""
    generator = torch.Generator().manual_seed(seed)
    for _, weight in model.model.language_model.layers.named_parameters():
        if weight.ndim == 2:
            drawn = torch.randn(weight.shape, generator=generator)
            weight.add_(noise * weight.std() * drawn)


def _version(folder: Path) -> str:
    return str(read_manifest(folder / MANIFEST)["version"])


def _recipe(folder: Path) -> str:
    training: dict[str, Any] = read_manifest(folder / MANIFEST)["training"]
    return str(training["recipe"])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.ablation.base", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--to", type=Path, default=Path("runs/ablation/base"), help="the folder")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the noise (default {SEED})")
    parser.add_argument(
        "--noise", type=float, default=NOISE, help=f"share of each matrix (default {NOISE})"
    )
    options = parser.parse_args()
    print(f"{options.to}: {write_base(options.to, seed=options.seed, noise=options.noise)}")


if __name__ == "__main__":
    main()
