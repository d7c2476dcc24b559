"""Our merge of an adapter gives the weights of PEFT's merge."""

from pathlib import Path

import pytest
import torch

from shared.vlm.checkpoint.lora import merge_adapter
from tests.training.tiny_model import model
from training.finetuning.run.lora_targets import language_model_layers


@pytest.mark.parametrize("stabilized", [False, True], ids=["plain", "rank-stabilized"])
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_an_adapter_saved_by_peft_merges_to_the_weights_of_pefts_own_merge(
    tmp_path: Path, stabilized: bool
) -> None:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=4,
        lora_alpha=16,
        target_modules=language_model_layers(model()),
        use_rslora=stabilized,
        init_lora_weights=False,
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
