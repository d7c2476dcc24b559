"""Write a trained adapter to its own folder, named by its content; the manifest comes last."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import COMPACT
from shared.vlm.checkpoint.checkpoint import MANIFEST, file_hash

WEIGHTS: Final = "adapter_model.safetensors"
CONFIG: Final = "adapter_config.json"


class BadAdapter(Exception):
    """An adapter folder cannot be used; the text says why and what to do."""


def write_adapter(
    model: Any,
    folder: Path,
    *,
    base_version: str,
    stage: str,
    seed: int,
    training: Mapping[str, object],
    weights: Mapping[str, Any] | None = None,
    element_weights: ElementWeights = EQUAL_WEIGHTS,
    style: PromptStyle = COMPACT,
) -> Path:
    """Save the adapter below `folder`; returns its own folder.

    A server caches by name and path, so each version has its own folder and is never overwritten.
    Only the trained adapter is kept, not the trainer's copy of the start. `weights` are those of
    the whole model if the model is sharded over several processes. Serving reads the prompt style
    from the manifest, and its template from the folder.
    """
    part = folder / ".part"
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part, selected_adapters=["default"], state_dict=weights)
    (part / "README.md").unlink(missing_ok=True)  # the library's generic card
    for name, content in style.package_files.items():
        (part / name).write_bytes(content)
    version = f"{base_version}-{stage}-{_digest(part / WEIGHTS, element_weights)}"
    final = folder / version
    if (final / MANIFEST).exists():
        shutil.rmtree(part)
        return final
    manifest = {
        "kind": "adapter",
        "version": version,
        "base_version": base_version,
        "prompt_style": style.name,
        "prompt_version": style.version,
        "stage": stage,
        "seed": seed,
        "training": dict(training),
        "element_weights": element_weights.model_dump(),
        "sha256": {file.name: file_hash(file) for file in sorted(part.iterdir())},
    }
    shutil.rmtree(final, ignore_errors=True)
    os.replace(part, final)
    (final / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return final


def _digest(file: Path, element_weights: ElementWeights) -> str:
    """A short hash of the weights and the element weights, since both change the totals."""
    digest = file_hash(file)
    if not element_weights.are_equal:
        text = f"{digest} {element_weights.model_dump_json()}"
        digest = hashlib.sha256(text.encode()).hexdigest()
    return digest[:8]


def check_adapter(folder: Path, *, base_version: str | None = None) -> str:
    """The version of the adapter in `folder`; raises `BadAdapter` if it cannot be used.

    An adapter without a manifest of ours (a PEFT checkpoint) is accepted and named by its folder.
    """
    if not (folder / CONFIG).is_file() or not (folder / WEIGHTS).is_file():
        raise BadAdapter(f"{folder} has no {CONFIG} and {WEIGHTS}: name an adapter's folder")
    if not (folder / MANIFEST).is_file():
        return folder.name
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version, base = str(manifest["version"]), manifest["base_version"]
        hashes = dict(manifest["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadAdapter(f"{folder / MANIFEST} cannot be read: train the adapter again") from error
    for name, expected in hashes.items():
        if not (folder / name).is_file() or file_hash(folder / name) != expected:
            raise BadAdapter(f"{folder / name} differs from the hash in the manifest")
    if base_version is not None and base != base_version:
        raise BadAdapter(
            f"{folder} was trained on {base}, but the base is {base_version}: an adapter fits only"
            " the base that it was trained on"
        )
    return version
