r"""Merge an adapter into its base, as an ordinary Hugging Face folder that every engine loads.

python -m training.finetuning.merge \
    --base shared/nano --adapter runs/nano-grpo/adapter --to runs/nano-tuned
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import GENERAL
from shared.vlm.checkpoint.checkpoint import (
    MANIFEST,
    BadCheckpoint,
    check_files,
    file_hash,
    read_manifest,
)
from training.finetuning.run.adapter import BadAdapter, check_adapter
from training.finetuning.run.policy import element_weights_of, folder_of, style_of
from training.nano.model.export import facts

WEIGHT_FILES: Final = ("*.safetensors", "*.safetensors.index.json")
"""Files of the base that the merge writes; all others are copied."""


def merge(*, base: Path, adapter: Path, to: Path, style: PromptStyle = GENERAL) -> Path:
    """Write the folder, its manifest last; a complete folder is not changed.

    Sums are computed in float32 and written in the precision of the base. `style` is for an adapter
    and a base without a manifest that names one.
    """
    adapter = folder_of(adapter)
    base_version = check_files(base)
    version = check_adapter(adapter, base_version=base_version)
    if (to / MANIFEST).exists() and check_files(to) == version:
        return to
    to.mkdir(parents=True, exist_ok=True)
    (to / MANIFEST).unlink(missing_ok=True)
    _copy(base, to)
    parameters = _write_weights(base, adapter, to)
    style = style_of(base, adapter) or style
    for name, content in style.package_files.items():
        (to / name).write_bytes(content)
    manifest = {
        "name": base.name,
        "version": version,
        "prompt_style": style.name,
        "prompt_version": style.version,
        "base_version": base_version,
        "parameters": parameters,
        "element_weights": element_weights_of(base, adapter).model_dump(),
        "training": facts(f"{base_version} with the adapter {version} merged in")
        | {"data": _training_data(base)},
        "sha256": {file.name: file_hash(file) for file in sorted(to.iterdir()) if file.is_file()},
    }
    (to / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return to


def _training_data(base: Path) -> str:
    """What the base was trained on, as its manifest says, and feedback."""
    file = base / MANIFEST
    training = read_manifest(file).get("training") if file.is_file() else None
    data = training.get("data") if isinstance(training, dict) else None
    return f"{data}, then feedback" if data else "unknown, then feedback"


def _copy(base: Path, to: Path) -> None:
    for file in base.iterdir():
        written = any(file.match(pattern) for pattern in WEIGHT_FILES)
        if file.is_file() and not written and file.name not in (MANIFEST, "README.md"):
            shutil.copyfile(file, to / file.name)


def _write_weights(base: Path, adapter: Path, to: Path) -> int:
    import torch
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForImageTextToText
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    written_in = getattr(AutoConfig.from_pretrained(base), "dtype", None) or torch.bfloat16
    model: Any = AutoModelForImageTextToText.from_pretrained(base, dtype=torch.float32)
    merged: Any = PeftModel.from_pretrained(model, adapter).merge_and_unload()
    merged.to(written_in).save_pretrained(to)
    for file in to.glob("*.safetensors"):
        file.chmod(0o644)  # the library makes it readable for the owner only
    return sum(weight.numel() for weight in merged.parameters())


def main() -> None:
    parser = argparse.ArgumentParser(description="Merge an adapter into its base.")
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--adapter", type=Path, required=True, help="folder of an adapter or run")
    parser.add_argument("--to", type=Path, required=True, help="the folder to write")
    options = parser.parse_args()
    try:
        folder = merge(base=options.base, adapter=options.adapter, to=options.to)
    except (BadCheckpoint, BadAdapter) as error:
        print(f"{error}.", file=sys.stderr)
        raise SystemExit(2) from error
    print(f"Wrote {check_files(folder)} to {folder}.")


if __name__ == "__main__":
    main()
