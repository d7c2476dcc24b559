"""Write a tiny CLIP model with random weights to a folder, as sentence-transformers saves it."""

import json
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

PIXELS = 32
START, END = "<|startoftext|>", "<|endoftext|>"


def write_tiny_clip(folder: Path, *, dimension: int = 24, seed: int = 0) -> Path:
    """The folder of the model; one layer for each tower, about 200 KB."""
    raw = folder / "transformers"
    raw.mkdir(parents=True)
    tower = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    vocabulary = [*sorted(ByteLevel.alphabet()), START, END]
    text = tower | {"vocab_size": len(vocabulary), "max_position_embeddings": 32}
    ends = {"bos_token_id": len(vocabulary) - 2, "eos_token_id": len(vocabulary) - 1}
    vision = tower | {"image_size": PIXELS, "patch_size": 8}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = CLIPConfig(text_config=text | ends, vision_config=vision, projection_dim=dimension)
        CLIPModel(config).save_pretrained(raw)
    _processor(raw, vocabulary).save_pretrained(raw)
    saved = folder / "tiny-clip"
    SentenceTransformer(str(raw), device="cpu").save(str(saved), create_model_card=False)
    return saved


def _processor(folder: Path, vocabulary: list[str]) -> CLIPProcessor:
    numbers = {token: number for number, token in enumerate(vocabulary)}
    (folder / "vocab.json").write_text(json.dumps(numbers), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    images = CLIPImageProcessor(
        size={"shortest_edge": PIXELS}, crop_size={"height": PIXELS, "width": PIXELS}
    )
    tokenizer = CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    return CLIPProcessor(images, tokenizer)
