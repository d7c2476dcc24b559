"""Keep every version of the model in a folder of its own: written once, whole, never changed."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from services.retrain.jobs.training_curves import Curves, keep_curves, read_curves
from shared.domain.element_weights import ElementWeights
from shared.domain.errors import Unavailable
from shared.prompting.prompt import PROMPT_VERSION
from shared.vlm.checkpoint.checkpoint import MANIFEST, BadCheckpoint, file_hash, read_manifest
from shared.vlm.checkpoint.model_package import (
    RELEASE,
    ModelPackage,
    Kind,
    read_model_package,
    read_element_weights,
    element_weights_of,
)

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
REPORT: Final = "gate"
"""Folder of the gate's report inside a version's."""
PARTIAL: Final = ".partial-"


class NoSuchVersion(Exception):
    """No model of that version is here; the text names those that are."""


@dataclass(frozen=True)
class NewVersion:
    """What is known of a model that is about to be kept."""

    version: str
    kind: Kind
    name: str
    made_at: datetime
    base_version: str | None = None
    previous_version: str | None = None
    metrics: Mapping[str, float] | None = None
    reason: str = ""


@dataclass(frozen=True)
class Listed:
    """One version as a list shows it; its files were not read again."""

    version: str
    kind: str
    made_at: str
    previous_version: str | None
    metrics: Mapping[str, float]
    reason: str
    element_weights: ElementWeights
    folder: Path | None
    """None for the release, which lies with the code."""


class ModelFolders:
    """The versions under one folder, and the release that they all come from."""

    def __init__(self, root: Path, release: ModelPackage) -> None:
        self._root = root
        self.release = release

    def add(
        self,
        source: Path,
        new: NewVersion,
        *,
        report: Path | None = None,
        night: Path | None = None,
    ) -> ModelPackage:
        """Copy a trained folder in; a version that is there already is left alone and refused.

        The gate's report is kept beside it, and the curves of the night that trained it; how much
        elements count is taken over from the trained folder's own manifest.
        The manifest is written last, and the folder appears under its name in one step: a process
        that is killed here leaves nothing that could be mistaken for a model. Raises
        `FileExistsError`, and `Unavailable` when the disk does not take it.
        """
        if not NAME.fullmatch(new.version):
            raise ValueError(f"{new.version!r} cannot name a folder; use letters, digits, . _ -")
        final = self._root / new.version
        if final.exists():
            raise FileExistsError(f"{final} exists; a version is never overwritten")
        partial = self._root / f"{PARTIAL}{new.version}"
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(source, partial, ignore=shutil.ignore_patterns(MANIFEST, ".*"))
            if report is not None:
                shutil.copytree(report, partial / REPORT)
            if night is not None:
                keep_curves(night, to=partial)
            _write_manifest(partial, new, read_element_weights(source))
            _read_checked(partial)
            partial.rename(final)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise Unavailable(
                "registry",
                f"{new.version} cannot be kept in {self._root}: {error.strerror or error}; free"
                " some space or make the folder writable. Nothing has changed",
            ) from error
        return read_model_package(final)

    def find(self, version: str) -> ModelPackage:
        """A version, its files checked; raises `NoSuchVersion` and `BadCheckpoint`."""
        if version == self.release.version:
            return self.release
        folder = self._root / version
        if not NAME.fullmatch(version) or not (folder / MANIFEST).is_file():
            known = ", ".join(one.version for one in self.versions())
            raise NoSuchVersion(f"there is no version {version!r}; there are: {known}")
        return read_model_package(folder)

    def uri(self, artefact: ModelPackage) -> str:
        """The address that promotions name it by."""
        if artefact == self.release:
            return f"{RELEASE}{artefact.version}"
        return artefact.folder.resolve().as_uri()

    def report_of(self, version: str) -> dict[str, Any] | None:
        """The gate's report that was kept with a version."""
        try:
            text = (self._root / version / REPORT / "report.json").read_text(encoding="utf-8")
            found: dict[str, Any] = json.loads(text)
        except (OSError, ValueError):
            return None
        return found

    def curves_of(self, version: str) -> Curves:
        """How the version was learning; empty where nobody has kept it."""
        return read_curves(self._root / version)

    def versions(self) -> list[Listed]:
        """The release, then all versions, oldest first."""
        found = []
        for file in self._root.glob(f"[!.]*/{MANIFEST}"):
            try:
                found.append(_listed(read_manifest(file), file.parent))
            except BadCheckpoint:
                continue
        released = replace(
            _listed({"version": self.release.version}, None),
            kind="release",
            element_weights=self.release.element_weights,
        )
        return [released, *sorted(found, key=lambda one: (one.made_at, one.version))]


def _write_manifest(folder: Path, new: NewVersion, weights: ElementWeights) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    for file in files:
        with file.open("rb") as opened:
            os.fsync(opened.fileno())
    manifest = {
        "name": new.name,
        "version": new.version,
        "kind": new.kind,
        "prompt_version": PROMPT_VERSION,
        "made_at": new.made_at.isoformat(),
        "base_version": new.base_version,
        "previous_version": new.previous_version,
        "metrics": dict(new.metrics or {}),
        "reason": new.reason,
        "element_weights": weights.model_dump(),
        "sha256": {file.relative_to(folder).as_posix(): file_hash(file) for file in files},
    }
    with (folder / MANIFEST).open("w", encoding="utf-8") as opened:
        json.dump(manifest, opened, indent=1, ensure_ascii=False)
        opened.flush()
        os.fsync(opened.fileno())


def _read_checked(folder: Path) -> None:
    try:
        read_model_package(folder)
    except BadCheckpoint:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _listed(manifest: Mapping[str, Any], folder: Path | None) -> Listed:
    return Listed(
        version=str(manifest["version"]),
        kind=str(manifest.get("kind", "checkpoint")),
        made_at=str(manifest.get("made_at", "")),
        previous_version=manifest.get("previous_version"),
        metrics=dict(manifest.get("metrics", {})),
        reason=str(manifest.get("reason", "")),
        element_weights=element_weights_of(manifest, (folder or Path()) / MANIFEST),
        folder=folder,
    )
