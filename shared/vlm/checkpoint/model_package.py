"""A model's folder as training leaves it and serving takes it: what it is, whole or not at all."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from shared.domain.element_weights import EQUAL, ElementWeights
from shared.prompting.prompt import PROMPT_VERSION
from shared.vlm.checkpoint.checkpoint import (
    MANIFEST,
    BadCheckpoint,
    check_files,
    file_hash,
    read_manifest,
    shipped_folder,
)

Kind = Literal["checkpoint", "adapter"]
ADAPTER_FILES: Final = ("adapter_config.json", "adapter_model.safetensors")
RELEASE: Final = "release:"
"""Stands before the version in the address of the model that a process was started with."""


@dataclass(frozen=True)
class ModelPackage:
    """One version of a model, its files checked."""

    folder: Path
    name: str
    version: str
    kind: Kind
    sha256: str
    """Of the manifest, which names every other file's: one hash for the whole folder."""
    prompt_version: str
    base_version: str | None = None
    """What an adapter is merged into."""
    previous_version: str | None = None
    """The champion that it was trained from and held against; None for a release."""
    metrics: tuple[tuple[str, float], ...] = ()
    reason: str = ""
    """Why the gate let it through, or not."""
    element_weights: ElementWeights = EQUAL
    """How much each element counts in its totals."""


def read_model_package(folder: Path, *, sha256: str | None = None) -> ModelPackage:
    """The model in `folder`, every file checked against the manifest, and that against `sha256`.

    Raises `BadCheckpoint`.
    """
    if not folder.is_dir():
        raise BadCheckpoint(f"{folder} is not a folder that this process can read")
    manifest_file = folder / MANIFEST
    if not manifest_file.is_file():
        return _without_manifest(folder, sha256)
    found = file_hash(manifest_file)
    if sha256 is not None and found != sha256:
        raise BadCheckpoint(
            f"{manifest_file} has the hash {found[:12]}, but {sha256[:12]} was announced; the"
            " folder was changed after it was promoted, or only a part of it arrived"
        )
    manifest = read_manifest(manifest_file)
    kind = manifest.get("kind", "checkpoint")
    if kind not in get_args(Kind):
        raise BadCheckpoint(f"{manifest_file} says kind {kind!r}; expected checkpoint or adapter")
    if kind == "adapter":
        _check_adapter(folder, manifest["sha256"], manifest["prompt_version"])
    else:
        check_files(folder)
    return ModelPackage(
        folder=folder,
        name=str(manifest.get("name", folder.name)),
        version=manifest["version"],
        kind=kind,
        sha256=found,
        prompt_version=manifest["prompt_version"],
        base_version=manifest.get("base_version"),
        previous_version=manifest.get("previous_version"),
        metrics=tuple(sorted(dict(manifest.get("metrics", {})).items())),
        reason=str(manifest.get("reason", "")),
        element_weights=element_weights_of(manifest, manifest_file),
    )


def element_weights_of(manifest: Mapping[str, Any], file: Path) -> ElementWeights:
    """How much elements count by a manifest, alike where it does not say.

    Raises `BadCheckpoint`.
    """
    told = manifest.get("element_weights")
    if told is None:
        return EQUAL
    try:
        return ElementWeights.model_validate(told)
    except ValidationError as error:
        wrong = "; ".join(str(one["msg"]) for one in error.errors())
        raise BadCheckpoint(f"the element_weights of {file} cannot be used: {wrong}") from error


def read_element_weights(folder: Path) -> ElementWeights:
    """How much elements count to the model in `folder`; alike without a manifest."""
    file = folder / MANIFEST
    return element_weights_of(read_manifest(file), file) if file.is_file() else EQUAL


def release(folder: Path | None) -> ModelPackage:
    """The model that the settings name, or the shipped one: what is served before any promotion."""
    return read_model_package(folder or shipped_folder())


def folder_of(uri: str) -> Path:
    """The folder behind a `file:` address or a plain path; raises `BadCheckpoint` for another."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    if not parts.scheme and uri.startswith("/"):
        return Path(uri)
    raise BadCheckpoint(
        f"{uri!r} cannot be opened as a model's folder; expected file:///folder or an absolute"
        " path, on a disk that every instance sees"
    )


def _without_manifest(folder: Path, sha256: str | None) -> ModelPackage:
    """A checkpoint from elsewhere: it can be served, but not be promoted to."""
    if sha256 is not None:
        _refuse_promoted(folder)
    version = check_files(folder)
    digest = hashlib.sha256(version.encode()).hexdigest()
    return ModelPackage(folder, folder.name, version, "checkpoint", digest, PROMPT_VERSION)


def _refuse_promoted(folder: Path) -> None:
    raise BadCheckpoint(
        f"{folder} has no {MANIFEST}, so that its files cannot be checked; promote a folder that"
        " `preferstream models` lists"
    )


def _check_adapter(folder: Path, files: dict[str, str], prompt_version: str) -> None:
    missing = [name for name in ADAPTER_FILES if name not in files]
    if missing:
        raise BadCheckpoint(f"the manifest of {folder} names no {', '.join(missing)}")
    for name, expected in files.items():
        file = folder / name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise BadCheckpoint(f"the manifest of {folder} names {name!r}, which is outside of it")
        if not file.is_file() or file_hash(file) != expected:
            raise BadCheckpoint(f"{file} is not the file that the manifest names; copy it anew")
    if prompt_version != PROMPT_VERSION:
        raise BadCheckpoint(
            f"{folder} was trained on prompts of version {prompt_version}, but this release speaks"
            f" version {PROMPT_VERSION}; train it anew"
        )
