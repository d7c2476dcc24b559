"""A merged folder gives the outputs of base and adapter, and the serving engine loads it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from PIL import Image
from transformers import AutoModelForImageTextToText

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import Taste
from shared.vlm.checkpoint.checkpoint import MANIFEST
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.protocol import ScoringInput
from tests.training.finetuning import tiny_runs
from training.finetuning.merge import merge
from training.finetuning.run.adapter import BadAdapter
from training.finetuning.run.policy import folder_of
from training.finetuning.run.runner import Finished
from training.finetuning.sft.train import train_sft

IMAGE = Image.fromarray(np.arange(84 * 84 * 3, dtype=np.uint8).reshape(84, 84, 3))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_runs.write_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def finished(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return train_sft(tiny_runs.sft_config(base, tmp_path_factory.mktemp("run"), steps=3))


def test_the_serving_engine_loads_a_merged_folder_and_scores_differently_than_with_the_base(
    base: Path, finished: Finished, tmp_path: Path
) -> None:
    merged = merge(base=base, adapter=finished.adapter, to=tmp_path / "merged")
    engine = TransformersEngine(merged, device="cpu")
    assert engine.model_version == finished.version
    candidates = [ScoringInput(Taste(), IMAGE)]
    (merged_scores,) = engine.score(candidates)
    (base_scores,) = TransformersEngine(base, device="cpu").score(candidates)
    assert merged_scores.digits != base_scores.digits


def test_merged_weights_give_the_logits_of_base_and_adapter(
    base: Path, finished: Finished, tmp_path: Path
) -> None:
    merged = merge(base=base, adapter=finished.adapter.parent, to=tmp_path / "merged")
    ids = torch.arange(20, 40)[None]
    whole = AutoModelForImageTextToText.from_pretrained(merged, dtype=torch.float32)
    parts = PeftModel.from_pretrained(
        AutoModelForImageTextToText.from_pretrained(base, dtype=torch.float32), finished.adapter
    )
    with torch.no_grad():
        merged_logits, adapter_logits = (model(input_ids=ids).logits for model in (whole, parts))
        with parts.disable_adapter():
            base_logits = parts(input_ids=ids).logits
    rounding = (merged_logits - adapter_logits).abs().mean()  # merged weights are bf16
    assert rounding < 0.1 * (base_logits - adapter_logits).abs().mean()


def test_a_complete_merged_folder_is_not_written_again(
    base: Path, finished: Finished, tmp_path: Path
) -> None:
    merged = merge(base=base, adapter=finished.adapter, to=tmp_path / "merged")
    written = (merged / "model.safetensors").stat().st_mtime_ns
    merge(base=base, adapter=finished.adapter, to=merged)
    assert (merged / "model.safetensors").stat().st_mtime_ns == written


def test_an_adapter_of_another_base_is_refused(
    base: Path, finished: Finished, tmp_path: Path
) -> None:
    other = tiny_runs.write_base(tmp_path / "other")
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps({**manifest, "version": "another-1"}))
    with pytest.raises(BadAdapter, match="only the base that it was trained on"):
        merge(base=other, adapter=finished.adapter, to=tmp_path / "merged")


def test_a_folder_without_an_adapter_is_refused(base: Path, tmp_path: Path) -> None:
    assert folder_of(tmp_path) == tmp_path
    with pytest.raises(BadAdapter, match="name an adapter's folder"):
        merge(base=base, adapter=tmp_path, to=tmp_path / "merged")


def test_a_merged_folder_keeps_the_element_weights_of_the_adapter(
    base: Path, finished: Finished, tmp_path: Path
) -> None:
    weights = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)
    adapter = tmp_path / "adapter"
    shutil.copytree(finished.adapter, adapter)
    manifest = json.loads((adapter / MANIFEST).read_text()) | {
        "element_weights": weights.model_dump()
    }
    (adapter / MANIFEST).write_text(json.dumps(manifest))
    merged = merge(base=base, adapter=adapter, to=tmp_path / "merged")
    assert TransformersEngine(merged, device="cpu").element_weights == weights
