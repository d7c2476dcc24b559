"""Stages of a complete training run: image pools, export and publishing."""

from pathlib import Path

import pytest

from shared.vlm.checkpoint.checkpoint import MANIFEST
from training.nano.__main__ import Recipe, Run, publish, render_pools, write_folder
from training.nano.data.image_pool import Pool
from training.nano.model.architecture import build_model
from training.nano.model.tokenizer import build_tokenizer
from training.nano.train.checkpoint import save_checkpoint
from training.nano.train.optimizer import Optimizer

RECIPE = Recipe(drawings=20, test_drawings=10, plan="describe*1")


def test_pools_are_rendered_once_and_share_no_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run(tmp_path)
    render_pools(run, RECIPE)
    assert capsys.readouterr().out.count("Rendering") == 2
    render_pools(run, RECIPE)
    assert capsys.readouterr().out == ""
    train, test = Pool.load(run.pool), Pool.load(run.test_pool)
    assert (len(train), len(test)) == (20, 10)
    rendered = {pixels.tobytes() for pixels in train.pixels}
    assert not rendered & {pixels.tobytes() for pixels in test.pixels}


def test_a_checkpoint_is_exported_and_published(tmp_path: Path) -> None:
    run, ships = Run(tmp_path / "run"), tmp_path / "shared"
    model = build_model(build_tokenizer(), seed=1)
    optimizer = Optimizer(model.named_parameters(), steps=1)
    save_checkpoint(run.text, model, optimizer, step=1, recipe="none")
    version = write_folder(run, RECIPE)
    publish(run, ships)
    assert version in (ships / MANIFEST).read_text()
    assert {file.name for file in ships.iterdir()} == {file.name for file in run.model.iterdir()}
