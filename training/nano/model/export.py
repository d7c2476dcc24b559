"""Write a checkpoint as a Hugging Face folder: weights, tokenizer, processor, manifest.

python -m training.nano.model.export --checkpoint runs/nano/text.pt --to shared/nano --seed 1
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from transformers import GenerationConfig

from shared.prompting.prompt import PROMPT_VERSION
from shared.vlm.checkpoint.checkpoint import MANIFEST, file_hash
from training.nano.model.architecture import build_model
from training.nano.model.model_card import model_card
from training.nano.model.processor import write_processor
from training.nano.model.tokenizer import build_tokenizer
from training.nano.model.vocabulary import END_OF_TEXT, TURN_END
from training.nano.train.checkpoint import load_weights
from training.prefersim.drawing.canvas import SIDE

NAME: Final = "preferthinker-nano"
SERIES: Final = "nano-5"
"""The version is this name and the first digits of the weights' hash. nano-5 has the weights of
nano-4, and a classifier with which it reads real pictures."""
WEIGHTS: Final = "model.safetensors"
CARD: Final = "README.md"
MAX_BYTES: Final = 32 * 1024 * 1024
"""The folder is in the repository and in the package."""
MAX_ANSWER_TOKENS: Final = 96


def export(
    model: Any,
    tokenizer: Any,
    folder: Path,
    *,
    seed: int,
    training: Mapping[str, object],
    max_bytes: int = MAX_BYTES,
) -> str:
    """Write the folder and return its version; the manifest is last and marks a complete folder.

    Converts the model to half precision in place. Raises `ValueError` for more than `max_bytes`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    write_processor(tokenizer, folder)
    half = model.bfloat16()
    half.generation_config = GenerationConfig(
        do_sample=False,
        max_new_tokens=MAX_ANSWER_TOKENS,
        bos_token_id=tokenizer.convert_tokens_to_ids(END_OF_TEXT),
        eos_token_id=tokenizer.convert_tokens_to_ids(TURN_END),
        pad_token_id=tokenizer.convert_tokens_to_ids(END_OF_TEXT),
    )
    half.save_pretrained(folder)
    (folder / WEIGHTS).chmod(0o644)  # the library makes it readable for its owner only
    version = f"{SERIES}-{file_hash(folder / WEIGHTS)[:8]}"
    parameters = sum(weight.numel() for weight in half.parameters())
    manifest: dict[str, Any] = {
        "name": NAME,
        "version": version,
        "prompt_version": PROMPT_VERSION,
        "seed": seed,
        "parameters": parameters,
        "training": dict(training),
    }
    (folder / CARD).write_text(card_of(manifest), encoding="utf-8")
    manifest["sha256"] = {file.name: file_hash(file) for file in sorted(folder.iterdir())}
    size = sum(file.stat().st_size for file in folder.iterdir())
    if size > max_bytes:
        raise ValueError(f"{folder} has {size:,} bytes, more than the {max_bytes:,} that may ship.")
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    return version


def card_of(manifest: Mapping[str, Any]) -> str:
    """The model card without results, from the facts of the manifest."""
    return model_card(
        name=manifest["name"],
        version=manifest["version"],
        prompt_version=manifest["prompt_version"],
        side=SIDE,
        parameters=manifest["parameters"],
        training=manifest["training"],
    )


def facts(recipe: str) -> dict[str, object]:
    """Facts for the card and the manifest: recipe, data and library versions."""
    return {
        "recipe": recipe,
        "data": "training/prefersim, simulated",
        "torch": torch.__version__.split("+")[0],
        "transformers": transformers.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--checkpoint", type=Path, help="default: an untrained model")
    parser.add_argument("--to", type=Path, default=Path("shared/nano"), help="default shared/nano")
    parser.add_argument("--seed", type=int, default=1, help="the recipe's seed (default 1)")
    parser.add_argument("--recipe", default="unknown", help="the training in words, for the card")
    options = parser.parse_args()
    tokenizer = build_tokenizer()
    model = build_model(tokenizer, seed=options.seed)
    if options.checkpoint:
        load_weights(options.checkpoint, model)
    version = export(
        model, tokenizer, options.to, seed=options.seed, training=facts(options.recipe)
    )
    print(f"Wrote {version} to {options.to}.")


if __name__ == "__main__":
    main()
