"""Build nano: a Qwen2.5-VL of 8 million parameters, initialised so that it trains quickly."""

from dataclasses import dataclass
from typing import Any, Final

import torch
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from shared.vlm.engine.qwen_forward import Grid
from training.nano.model.vocabulary import (
    END_OF_TEXT,
    IMAGE_END,
    IMAGE_PAD,
    IMAGE_START,
    TURN_END,
    VIDEO_PAD,
)
from training.prefersim.drawing.canvas import SIDE

PATCH: Final = 14
GRID: Final = Grid(rows=SIDE // PATCH, columns=SIDE // PATCH)
FINAL_NORM: Final = 2.0
"""Weight of the last norm: tied embeddings of unit norm alone give flat logits."""


@dataclass(frozen=True)
class Shape:
    """Widths and depths; tests use smaller values."""

    vision_width: int = 192
    vision_depth: int = 6
    vision_heads: int = 3
    width: int = 256
    depth: int = 5
    heads: int = 4
    kv_heads: int = 2
    inner: int = 3
    """Width of the feed-forward layers, as a multiple of the block's width."""


NANO: Final = Shape()


def build_model(tokenizer: Any, *, shape: Shape = NANO, seed: int = 0) -> Any:
    """An untrained model: fan-in initialisation, residual outputs scaled down by depth."""
    torch.manual_seed(seed)
    model = Qwen2_5_VLForConditionalGeneration(_config(tokenizer, shape)).float()
    blocks = 2 * (shape.vision_depth + shape.depth)
    for name, weight in model.named_parameters():
        if weight.ndim >= 2:
            fan_in = shape.width if "embed_tokens" in name else weight[0].numel()
            torch.nn.init.normal_(weight, std=fan_in**-0.5)
            if name.endswith(("o_proj.weight", "down_proj.weight", "attn.proj.weight")):
                weight.data.mul_(blocks**-0.5)
        elif name.endswith("bias"):
            torch.nn.init.zeros_(weight)
    model.model.language_model.norm.weight.data.fill_(FINAL_NORM)
    return model


def _config(tokenizer: Any, shape: Shape) -> Any:
    token = tokenizer.convert_tokens_to_ids
    half = shape.width // shape.heads // 2
    rows = 3 * half // 8
    rope = {
        "rope_type": "default",
        "mrope_section": [half - 2 * rows, rows, rows],
        "rope_theta": 10000.0,
    }
    return Qwen2_5_VLConfig(
        text_config={
            "vocab_size": -(-len(tokenizer) // 64) * 64,
            "hidden_size": shape.width,
            "intermediate_size": shape.inner * shape.width,
            "num_hidden_layers": shape.depth,
            "num_attention_heads": shape.heads,
            "num_key_value_heads": shape.kv_heads,
            "max_position_embeddings": 4096,
            "rope_parameters": rope,
            "tie_word_embeddings": True,
            "bos_token_id": token(END_OF_TEXT),
            "eos_token_id": token(TURN_END),
            "pad_token_id": token(END_OF_TEXT),
        },
        vision_config={
            "depth": shape.vision_depth,
            "hidden_size": shape.vision_width,
            "intermediate_size": shape.inner * shape.vision_width,
            "num_heads": shape.vision_heads,
            "out_hidden_size": shape.width,
            "patch_size": PATCH,
            "spatial_merge_size": GRID.merge,
            "temporal_patch_size": 2,
            "window_size": 112,
            "fullatt_block_indexes": list(range(shape.vision_depth)),
        },
        image_token_id=token(IMAGE_PAD),
        video_token_id=token(VIDEO_PAD),
        vision_start_token_id=token(IMAGE_START),
        vision_end_token_id=token(IMAGE_END),
        tie_word_embeddings=True,
    )
