"""Write a tiny random checkpoint of each architecture: model, tokenizer, processor, template."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from transformers import (
    CLIPVisionConfig,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3ImageProcessor,
    Gemma3Processor,
    GenerationConfig,
    GotOcr2ImageProcessor,
    InternVLConfig,
    InternVLForConditionalGeneration,
    InternVLProcessor,
    InternVLVideoProcessor,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaImageProcessor,
    LlavaProcessor,
    MistralConfig,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessor,
    SmolVLMProcessor,
    SmolVLMVideoProcessor,
)

from tests.training.tiny_checkpoints import chat_templates
from tests.training.tiny_checkpoints.real_tokenizers import (
    SMALL,
    qwen_tokenizer,
    sentencepiece_tokenizer,
)

QWEN_SPECIAL: Final = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
QWEN_IMAGE: Final = "<|vision_start|><|image_pad|><|vision_end|>"
STRANGE_GENERATION: Final = {
    "do_sample": True, "temperature": 0.1, "repetition_penalty": 5.0, "no_repeat_ngram_size": 2,
    "top_k": 3,
}  # fmt: skip
"""A generation configuration of a checkpoint that would break every answer in a fixed layout."""

_TEXT: Final = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 16_384,
}  # fmt: skip
_VISION: Final = {
    "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
}  # fmt: skip
_HALF: Final = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}


def write_checkpoint(architecture: str, folder: Path, *, size: int | None = SMALL) -> Path:
    """Write the checkpoint; `size` is the number of tokens kept of Qwen's vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    model, processor = BUILDERS[architecture](folder, size)
    for weight in model.parameters():
        if weight.ndim > 1:  # the library's 0.02 would hide what a prompt and its images change
            torch.nn.init.normal_(weight, std=weight[0].numel() ** -0.5)
    tokenizer = processor.tokenizer
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        **STRANGE_GENERATION,
    )  # fmt: skip
    model.bfloat16().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _qwen(special: tuple[str, ...], size: int | None, **names: Any) -> Any:
    return qwen_tokenizer(
        special, size=size, eos_token="<|im_end|>", pad_token="<|endoftext|>", **names
    )


def _qwen_text(tokenizer: Any) -> dict[str, Any]:
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 1, 1]}
    return _TEXT | {"vocab_size": _rows(tokenizer), "rope_parameters": rope, "head_dim": 8}


def _rows(tokenizer: Any) -> int:
    return -(-len(tokenizer) // 64) * 64


def _qwen_ids(tokenizer: Any) -> dict[str, Any]:
    token = tokenizer.convert_tokens_to_ids
    return {
        "image_token_id": token("<|image_pad|>"), "video_token_id": token("<|video_pad|>"),
        "vision_start_token_id": token("<|vision_start|>"),
        "vision_end_token_id": token("<|vision_end|>"), "tie_word_embeddings": True,
    }  # fmt: skip


def _qwen2_5_vl(folder: Path, size: int | None) -> tuple[Any, Any]:
    tokenizer = _qwen(QWEN_SPECIAL, size)
    vision = {
        "depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2,
        "out_hidden_size": 32, "patch_size": 14, "window_size": 112, "fullatt_block_indexes": [0],
    }  # fmt: skip
    config = Qwen2_5_VLConfig(
        text_config=_qwen_text(tokenizer), vision_config=vision, **_qwen_ids(tokenizer)
    )
    pixels = {"size": {"shortest_edge": 56 * 56, "longest_edge": 84 * 84}}
    processor = Qwen2_5_VLProcessor(
        Qwen2VLImageProcessor(patch_size=14, **pixels),
        tokenizer,
        Qwen2VLVideoProcessor(patch_size=14),
        chat_template=chat_templates.chatml(QWEN_IMAGE),
    )
    return Qwen2_5_VLForConditionalGeneration(config), processor


def _qwen3_vl(folder: Path, size: int | None) -> tuple[Any, Any]:
    tokenizer = _qwen(QWEN_SPECIAL, size)
    vision = {
        "depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2,
        "out_hidden_size": 32, "patch_size": 16, "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0, 1],
    }  # fmt: skip
    config = Qwen3VLConfig(
        text_config=_qwen_text(tokenizer), vision_config=vision, **_qwen_ids(tokenizer)
    )
    pixels = {"size": {"shortest_edge": 64 * 64, "longest_edge": 96 * 96}}
    processor = Qwen3VLProcessor(
        Qwen2VLImageProcessor(patch_size=16, **pixels, **_HALF),
        tokenizer,
        Qwen3VLVideoProcessor(patch_size=16),
        chat_template=chat_templates.chatml(QWEN_IMAGE),
    )
    return Qwen3VLForConditionalGeneration(config), processor


def _smolvlm(folder: Path, size: int | None) -> tuple[Any, Any]:
    tiles = tuple(f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5))
    special = (
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<end_of_utterance>", "<image>",
        "<fake_token_around_image>", "<global-img>", *tiles,
    )  # fmt: skip
    tokenizer = qwen_tokenizer(
        special, size=size, eos_token="<end_of_utterance>", pad_token="<|im_end|>",
        bos_token="<|im_start|>",
    )  # fmt: skip
    config = SmolVLMConfig(
        text_config=_TEXT | {"model_type": "llama", "vocab_size": _rows(tokenizer)},
        vision_config=_VISION | {"image_size": 32, "patch_size": 8},
        scale_factor=2, image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id, tie_word_embeddings=False,
    )  # fmt: skip
    edges = {"size": {"longest_edge": 128}, "max_image_size": {"longest_edge": 32}}
    processor = SmolVLMProcessor(
        SmolVLMImageProcessor(**edges, **_HALF),
        tokenizer,
        SmolVLMVideoProcessor(**edges),
        image_seq_len=4,
        chat_template=chat_templates.SMOLVLM,
    )
    return SmolVLMForConditionalGeneration(config), processor


def _gemma3(folder: Path, size: int | None) -> tuple[Any, Any]:
    special = (
        "<start_of_turn>", "<end_of_turn>", "<start_of_image>", "<end_of_image>",
        "<image_soft_token>",
    )  # fmt: skip
    tokenizer = sentencepiece_tokenizer(
        special, folder, eos_token="<end_of_turn>", pad_token="<unk>", add_prefix_space=False,
        extra_special_tokens={
            "boi_token": "<start_of_image>", "eoi_token": "<end_of_image>",
            "image_token": "<image_soft_token>",
        },
    )  # fmt: skip
    token = tokenizer.convert_tokens_to_ids
    config = Gemma3Config(
        text_config=_TEXT | {
            "vocab_size": _rows(tokenizer), "head_dim": 8, "sliding_window": 64,
            "query_pre_attn_scalar": 8, "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id,
            "layer_types": ["sliding_attention", "full_attention"],
        },
        vision_config=_VISION | {"image_size": 32, "patch_size": 8},
        mm_tokens_per_image=4, boi_token_index=token("<start_of_image>"),
        eoi_token_index=token("<end_of_image>"), image_token_index=token("<image_soft_token>"),
    )  # fmt: skip
    processor = Gemma3Processor(
        Gemma3ImageProcessor(size={"height": 32, "width": 32}),
        tokenizer,
        image_seq_length=4,
        chat_template=chat_templates.GEMMA,
    )
    return Gemma3ForConditionalGeneration(config), processor


def _internvl(folder: Path, size: int | None) -> tuple[Any, Any]:
    special = (
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>",
        "<video>",
    )  # fmt: skip
    tokenizer = _qwen(
        special, size,
        extra_special_tokens={
            "start_image_token": "<img>", "end_image_token": "</img>",
            "context_image_token": "<IMG_CONTEXT>", "video_token": "<video>",
        },
    )  # fmt: skip
    config = InternVLConfig(
        text_config=_TEXT | {"model_type": "qwen2", "vocab_size": _rows(tokenizer)},
        vision_config=_VISION | {"image_size": [32, 32], "patch_size": [8, 8]},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"), image_seq_length=4,
    )  # fmt: skip
    processor = InternVLProcessor(
        GotOcr2ImageProcessor(size={"height": 32, "width": 32}, crop_to_patches=True),
        tokenizer,
        InternVLVideoProcessor(size={"height": 32, "width": 32}),
        image_seq_length=4,
        chat_template=chat_templates.chatml("<IMG_CONTEXT>\n"),
    )
    return InternVLForConditionalGeneration(config), processor


def _llava(folder: Path, size: int | None) -> tuple[Any, Any]:
    tokenizer = sentencepiece_tokenizer(("<image>", "<pad>"), folder, pad_token="<pad>")
    vision = CLIPVisionConfig(**_VISION, image_size=32, patch_size=8, projection_dim=16)
    config = LlavaConfig(
        text_config=MistralConfig(**_TEXT, vocab_size=_rows(tokenizer), head_dim=8),
        vision_config=vision, image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=16, vision_feature_layer=-1,
    )  # fmt: skip
    side = {"height": 32, "width": 32}
    processor = LlavaProcessor(
        LlavaImageProcessor(size={"shortest_edge": 32}, crop_size=side),
        tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=chat_templates.LLAVA,
    )
    return LlavaForConditionalGeneration(config), processor


BUILDERS: Final[Mapping[str, Callable[[Path, int | None], tuple[Any, Any]]]] = {
    "qwen2_5_vl": _qwen2_5_vl,
    "qwen3_vl": _qwen3_vl,
    "smolvlm": _smolvlm,
    "gemma3": _gemma3,
    "internvl": _internvl,
    "llava": _llava,
}
