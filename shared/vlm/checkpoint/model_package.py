"""Read a model package: the folder that training writes and serving loads, with its manifest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.prompting.styles.protocol import PromptStyle
from shared.vlm.checkpoint.checkpoint import (
    MANIFEST,
    BadCheckpoint,
    check_files,
    file_hash,
    manifest_style,
    read_manifest,
    shipped_folder,
)

Kind = Literal["checkpoint", "adapter"]
ADAPTER_FILES: Final = ("adapter_config.json", "adapter_model.safetensors")
NO_PROMPT_VERSION: Final = "untrained"
"""Of a checkpoint that was never trained on our prompts."""
RELEASE: Final = "release:"
"""Scheme of the address of the model with which a process was started: `release:<version>`."""


@dataclass(frozen=True)
class ModelPackage:
    """One version of a model; all its files are checked."""

    folder: Path
    name: str
    version: str
    kind: Kind
    sha256: str
    """Hash of the manifest, which holds the hash of every other file."""
    prompt_version: str
    base_version: str | None = None
    """Version of the model into which an adapter is merged."""
    previous_version: str | None = None
    """The champion from which it was trained and with which it was compared; None for a release."""
    metrics: tuple[tuple[str, float], ...] = ()
    reason: str = ""
    """Why the gate accepted or rejected it."""
    element_weights: ElementWeights = EQUAL_WEIGHTS
    """Weight of each element in the totals of this version."""
    prompt_style: PromptStyle | None = None
    """The prompts on which it was trained; None for a checkpoint without our manifest."""


def read_model_package(folder: Path, *, sha256: str | None = None) -> ModelPackage:
    """The package in `folder`; checks every file against the manifest, and that against `sha256`.

    Raises `BadCheckpoint`.
    """
    if not folder.is_dir():
        raise BadCheckpoint(
            f"{folder} is not a folder that this process can read; check the path and its rights"
        )
    manifest_file = folder / MANIFEST
    if not manifest_file.is_file():
        return _without_manifest(folder, sha256)
    manifest_hash = file_hash(manifest_file)
    if sha256 is not None and manifest_hash != sha256:
        raise BadCheckpoint(
            f"{manifest_file} has the hash {manifest_hash[:12]}, but {sha256[:12]} was announced;"
            " the folder was changed after its promotion, or was copied in part: copy it again"
        )
    manifest = read_manifest(manifest_file)
    kind = manifest.get("kind", "checkpoint")
    if kind not in get_args(Kind):
        raise BadCheckpoint(
            f"{manifest_file} has the kind {kind!r}; expected checkpoint or adapter"
        )
    if kind == "adapter":
        _check_adapter(folder, manifest)
    else:
        check_files(folder)
    return ModelPackage(
        folder=folder,
        name=str(manifest.get("name", folder.name)),
        version=manifest["version"],
        kind=kind,
        sha256=manifest_hash,
        prompt_version=manifest["prompt_version"],
        base_version=manifest.get("base_version"),
        previous_version=manifest.get("previous_version"),
        metrics=tuple(sorted(dict(manifest.get("metrics", {})).items())),
        reason=str(manifest.get("reason", "")),
        element_weights=element_weights_of(manifest, manifest_file),
        prompt_style=manifest_style(manifest, folder),
    )


def element_weights_of(manifest: Mapping[str, Any], file: Path) -> ElementWeights:
    """The element weights of a manifest, equal without an entry; raises `BadCheckpoint`."""
    weights = manifest.get("element_weights")
    if weights is None:
        return EQUAL_WEIGHTS
    try:
        return ElementWeights.model_validate(weights)
    except ValidationError as error:
        faults = "; ".join(str(fault["msg"]) for fault in error.errors())
        raise BadCheckpoint(f"the element_weights of {file} cannot be used: {faults}") from error


def read_element_weights(folder: Path) -> ElementWeights:
    """The element weights of the model in `folder`; equal without a manifest."""
    file = folder / MANIFEST
    return element_weights_of(read_manifest(file), file) if file.is_file() else EQUAL_WEIGHTS


def read_prompt_style(folder: Path) -> PromptStyle | None:
    """The prompt style of the model in `folder`; None without a manifest."""
    file = folder / MANIFEST
    return manifest_style(read_manifest(file), folder) if file.is_file() else None


def release(folder: Path | None) -> ModelPackage:
    """The model of the settings, or the shipped one: it serves before any promotion."""
    return read_model_package(folder or shipped_folder())


def folder_from_uri(uri: str) -> Path:
    """The folder of a `file:` address or an absolute path; raises `BadCheckpoint` for others."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    if not parts.scheme and uri.startswith("/"):
        return Path(uri)
    raise BadCheckpoint(
        f"{uri!r} cannot be opened as a model folder; expected file:///folder or an absolute"
        " path, on a disk that every instance can read"
    )


def _without_manifest(folder: Path, sha256: str | None) -> ModelPackage:
    """A checkpoint without our manifest: it can be served but not promoted."""
    if sha256 is not None:
        raise BadCheckpoint(
            f"{folder} has no {MANIFEST}, so its files cannot be checked; promote a folder that"
            " `preferstream models` lists"
        )
    version = check_files(folder)
    digest = hashlib.sha256(version.encode()).hexdigest()
    return ModelPackage(folder, folder.name, version, "checkpoint", digest, NO_PROMPT_VERSION)


def _check_adapter(folder: Path, manifest: Mapping[str, Any]) -> None:
    files: dict[str, str] = manifest["sha256"]
    missing = [name for name in ADAPTER_FILES if name not in files]
    if missing:
        raise BadCheckpoint(
            f"the manifest of {folder} does not name {', '.join(missing)}; train the adapter again"
        )
    for name, expected in files.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise BadCheckpoint(
                f"the manifest of {folder} names {name!r}, which is outside the folder; use files"
                " inside it only"
            )
        if not file.is_file() or file_hash(file) != expected:
            raise BadCheckpoint(f"{file} is not the file that the manifest names; copy it again")
    style = manifest_style(manifest, folder)
    if manifest["prompt_version"] != style.version:
        raise BadCheckpoint(
            f"{folder} was trained on {style.name} prompts of version"
            f" {manifest['prompt_version']}, but this release uses version {style.version}; train"
            " it again"
        )
