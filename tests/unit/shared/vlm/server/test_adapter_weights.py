"""A model server changes the language model alone, so adapters of other parts are refused."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.language_model_only import check_changes_language_model_only

PROJECTION = "layers.0.self_attn.q_proj.lora_A.weight"


def adapter(folder: Path, *names: str) -> Path:
    save_file({name: np.zeros((1, 1), np.float32) for name in names},
              folder / "adapter_model.safetensors")  # fmt: skip
    return folder


@pytest.mark.parametrize("part", ["language_model", "text_model"])
def test_adapters_of_a_language_model_are_accepted(part: str, tmp_path: Path) -> None:
    check_changes_language_model_only(adapter(tmp_path, f"base_model.model.{part}.{PROJECTION}"))


@pytest.mark.parametrize("part", ["visual", "vision_model.encoder", "vision_tower.vision_model"])
def test_adapters_of_a_vision_tower_are_refused(part: str, tmp_path: Path) -> None:
    names = f"base_model.model.text_model.{PROJECTION}", f"base_model.model.{part}.{PROJECTION}"
    with pytest.raises(BadCheckpoint, match=part.replace(".", "[.]")):
        check_changes_language_model_only(adapter(tmp_path, *names))
