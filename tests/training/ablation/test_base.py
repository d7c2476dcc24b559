"""The base is made by a seed: the same weights again, and noise in the language model alone."""

from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.training.finetuning.tiny_runs import write_base as write_tiny
from tests.training.tiny_model import SMALL, tokenizer
from training.ablation.base import write_base

EMBEDDING = "model.embed_tokens.weight"


def test_a_seed_always_makes_the_same_base(tmp_path: Path) -> None:
    release = write_tiny(tmp_path / "release")

    def written(name: str, seed: int) -> str:
        return write_base(tmp_path / name, seed=seed, release=release, shape=SMALL)

    first = written("first", 5)
    assert written("again", 5) == first
    assert written("first", 5) == first  # a complete folder is kept
    assert written("other", 6) != first
    with pytest.raises(ValueError, match=r"another base .*seed 5.*remove it"):
        written("first", 6)


def test_only_matrices_of_the_language_models_layers_change(tmp_path: Path) -> None:
    release = write_tiny(tmp_path / "release")
    write_base(tmp_path / "base", seed=5, noise=0.5, release=release, shape=SMALL)
    before = load_file(release / "model.safetensors")
    after = load_file(tmp_path / "base" / "model.safetensors")
    tokens = len(tokenizer())  # further rows of the embedding belong to no token
    for weights in (before, after):
        weights[EMBEDDING] = weights[EMBEDDING][:tokens]
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed == {
        name
        for name, weight in before.items()
        if "visual" not in name and ".layers." in name and weight.ndim == 2
    }
    assert changed
    for name in changed:
        noise = (after[name] - before[name]).float().std() / before[name].float().std()
        assert 0.4 < noise < 0.6
