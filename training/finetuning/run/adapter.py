"""Write a trained adapter as a folder of its own, named by its bytes, the manifest last."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.prompting.prompt import PROMPT_VERSION
from training.nano.model.export import MANIFEST, sha256_of

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
) -> Path:
    """Save the adapter under `folder` and say where.

    A server caches by name and path, so each version has a folder of its own and is never
    overwritten. Only the adapter that was trained is kept, not the trainer's copy of its start.
    `weights` are the whole model's, where its own are spread over several processes.
    """
    part = folder / ".part"
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part, selected_adapters=["default"], state_dict=weights)
    (part / "README.md").unlink(missing_ok=True)  # the library's, which names nothing of ours
    version = f"{base_version}-{stage}-{_digest(part / WEIGHTS, element_weights)}"
    place = folder / version
    if (place / MANIFEST).exists():
        shutil.rmtree(part)
        return place
    told = {
        "kind": "adapter",
        "version": version,
        "base_version": base_version,
        "prompt_version": PROMPT_VERSION,
        "stage": stage,
        "seed": seed,
        "training": dict(training),
        "element_weights": element_weights.model_dump(),
        "sha256": {file.name: sha256_of(file) for file in sorted(part.iterdir())},
    }
    shutil.rmtree(place, ignore_errors=True)
    os.replace(part, place)
    (place / MANIFEST).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return place


def _digest(file: Path, element_weights: ElementWeights) -> str:
    """Two versions whose totals differ are two, also where the same weights give their digits."""
    found = sha256_of(file)
    if not element_weights.are_equal:
        found = hashlib.sha256(f"{found} {element_weights.model_dump_json()}".encode()).hexdigest()
    return found[:8]


def check_adapter(folder: Path, *, base_version: str | None = None) -> str:
    """The version of the adapter in `folder`; raises `BadAdapter` where it cannot be used.

    An adapter without our manifest (a checkpoint of PEFT's) is taken as it is, named by its folder.
    """
    if not (folder / CONFIG).is_file() or not (folder / WEIGHTS).is_file():
        raise BadAdapter(f"{folder} has no {CONFIG} and {WEIGHTS}: name an adapter's folder")
    if not (folder / MANIFEST).is_file():
        return folder.name
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version, hashes, base = str(told["version"]), dict(told["sha256"]), told["base_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadAdapter(f"{folder / MANIFEST} cannot be read: train the adapter anew") from error
    for name, expected in hashes.items():
        if not (folder / name).is_file() or sha256_of(folder / name) != expected:
            raise BadAdapter(f"{folder / name} is not the file that the manifest names")
    if base_version is not None and base != base_version:
        raise BadAdapter(
            f"{folder} was trained on {base}, but the base is {base_version}: an adapter fits no"
            " other weights than its own"
        )
    return version
