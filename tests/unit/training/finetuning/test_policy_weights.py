"""A run uses the configured element weights, or those of its adapter, or those of its base."""

import json
from pathlib import Path

import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.vlm.checkpoint.checkpoint import MANIFEST, BadCheckpoint
from tests.fakes.scores import COLOR_FIRST
from training.finetuning.run.config import Policy
from training.finetuning.run.policy import element_weights

STYLE_FIRST = ElementWeights(art_style=3, color=0.5, medium=0.5, saturation=0.5, detail=0.5)


def _folder(folder: Path, weights: object = None) -> Path:
    folder.mkdir()
    manifest = {"version": folder.name, "prompt_version": "1", "sha256": {}}
    optional = {} if weights is None else {"element_weights": weights}
    (folder / MANIFEST).write_text(json.dumps(manifest | optional))
    return folder


def test_a_run_keeps_the_element_weights_of_its_adapter_or_base(tmp_path: Path) -> None:
    release = _folder(tmp_path / "release")
    base = _folder(tmp_path / "base", COLOR_FIRST.model_dump())
    adapter = _folder(tmp_path / "adapter", STYLE_FIRST.model_dump())
    assert element_weights(Policy(base=release)) == EQUAL_WEIGHTS
    assert element_weights(Policy(base=base)) == COLOR_FIRST
    assert element_weights(Policy(base=base, adapter=adapter)) == STYLE_FIRST
    policy = Policy(base=base, adapter=adapter, element_weights=EQUAL_WEIGHTS)
    assert element_weights(policy) == EQUAL_WEIGHTS


def test_an_adapter_without_a_manifest_keeps_the_element_weights_of_the_base(
    tmp_path: Path,
) -> None:
    base = _folder(tmp_path / "base", COLOR_FIRST.model_dump())
    (tmp_path / "adapter").mkdir()
    assert element_weights(Policy(base=base, adapter=tmp_path / "adapter")) == COLOR_FIRST


def test_the_error_of_invalid_element_weights_names_the_file(tmp_path: Path) -> None:
    base = _folder(tmp_path / "base", {"color": 4})
    with pytest.raises(BadCheckpoint, match=r"base/manifest\.json .* sum to 8"):
        element_weights(Policy(base=base))
