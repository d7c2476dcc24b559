"""What we merge is what PEFT merges: same weights, on a model with the shipped one's layers."""

from pathlib import Path

import pytest
import torch

from shared.vlm.checkpoint.lora import merge_adapter
from tests.training.tiny_model import model

LANGUAGE = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"


@pytest.mark.parametrize("stabilised", [False, True], ids=["plain", "rank-stabilised"])
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_an_adapter_that_peft_saved_merges_as_peft_merges_it(
    tmp_path: Path, stabilised: bool
) -> None:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=4, lora_alpha=16, target_modules=LANGUAGE, use_rslora=stabilised, init_lora_weights=False
    )
    adapted = get_peft_model(model(), config)
    adapted.save_pretrained(tmp_path)
    theirs = dict(adapted.merge_and_unload().named_parameters())
    ours = model()
    before = {name: p.clone() for name, p in ours.named_parameters()}
    merge_adapter(ours, tmp_path)
    changed = 0
    for name, parameter in ours.named_parameters():
        assert torch.allclose(parameter, theirs[name], atol=1e-5), name
        changed += not torch.equal(parameter, before[name])
    assert changed == 7  # one layer: seven projections
