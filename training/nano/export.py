"""Write a checkpoint as an ordinary Hugging Face folder: weights, tokenizer, processor, manifest.

python -m training.nano.export --checkpoint runs/nano/text.pt --to shared/nano --seed 1
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any, Final

import torch
from transformers import (
    GenerationConfig,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from shared.prompt import PROMPT_VERSION
from training.nano.architecture import build_model
from training.nano.checkpoint import load_weights
from training.nano.tokenizer import CHAT_TEMPLATE, build_tokenizer
from training.nano.vocabulary import END_OF_TEXT, TURN_END
from training.prefersim.canvas import SIDE

NAME: Final = "preferthinker-nano"
VERSION: Final = "preferthinker-nano-1"
WEIGHTS: Final = "model.safetensors"
MAX_BYTES: Final = 16 * 1024 * 1024
"""The folder is committed and shipped in the package."""
MAX_ANSWER_TOKENS: Final = 96


def build_processor(tokenizer: Any) -> Any:
    """The processor that turns pictures and messages into exactly what nano was trained on."""
    half = [0.5, 0.5, 0.5]
    side = {"shortest_edge": SIDE * SIDE, "longest_edge": SIDE * SIDE}
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=side, image_mean=half, image_std=half),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=CHAT_TEMPLATE,
    )


def export(model: Any, tokenizer: Any, folder: Path, *, seed: int) -> None:
    """Write the folder; the manifest comes last, so a folder that has one is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    manifest.unlink(missing_ok=True)
    build_processor(tokenizer).save_pretrained(folder)
    half = model.bfloat16()
    half.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=MAX_ANSWER_TOKENS,
        bos_token_id=tokenizer.convert_tokens_to_ids(END_OF_TEXT),
        eos_token_id=tokenizer.convert_tokens_to_ids(TURN_END),
        pad_token_id=tokenizer.convert_tokens_to_ids(END_OF_TEXT),
    )
    half.save_pretrained(folder)
    told = {
        "name": NAME,
        "version": VERSION,
        "prompt_version": PROMPT_VERSION,
        "seed": seed,
        "sha256": hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest(),
    }
    manifest.write_text(json.dumps(told, indent=2) + "\n")
    size = sum(file.stat().st_size for file in folder.iterdir())
    if size > MAX_BYTES:
        raise ValueError(f"{folder} has {size:,} bytes, more than the {MAX_BYTES:,} that may ship.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a checkpoint as a Hugging Face folder.")
    parser.add_argument("--checkpoint", type=Path, help="without it: an untrained model")
    parser.add_argument("--to", type=Path, default=Path("shared/nano"), help="default shared/nano")
    parser.add_argument("--seed", type=int, default=1, help="the recipe's seed (default 1)")
    options = parser.parse_args()
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=options.seed)
    if options.checkpoint:
        load_weights(options.checkpoint, model)
    with torch.no_grad():
        export(model, tokenizer, options.to, seed=options.seed)
    print(f"Wrote {VERSION} to {options.to}.")


if __name__ == "__main__":
    main()
