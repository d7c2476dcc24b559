"""Keep each model version in its own folder, written completely once and never changed."""

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
from shared.files.atomic_write import atomic_write
from shared.prompting.styles.registry import COMPACT
from shared.vlm.checkpoint.checkpoint import MANIFEST, BadCheckpoint, file_hash, read_manifest
from shared.vlm.checkpoint.model_package import (
    RELEASE,
    Kind,
    ModelPackage,
    element_weights_of,
    read_element_weights,
    read_model_package,
    read_prompt_style,
)

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
REPORT: Final = "gate"
"""Folder of the gate's report inside the folder of a version."""
PARTIAL: Final = ".partial-"


class NoSuchVersion(Exception):
    """There is no such version; the text lists the existing ones."""


@dataclass(frozen=True)
class NewVersion:
    """The description of a model that is about to be added."""

    version: str
    kind: Kind
    name: str
    made_at: datetime
    base_version: str | None = None
    previous_version: str | None = None
    metrics: Mapping[str, float] | None = None
    reason: str = ""


@dataclass(frozen=True)
class VersionSummary:
    """One version in a list; the hashes of its files are not checked."""

    version: str
    kind: str
    made_at: str
    previous_version: str | None
    metrics: Mapping[str, float]
    reason: str
    element_weights: ElementWeights
    folder: Path | None
    """None for the release, which is part of the package."""


class ModelFolders:
    """All versions under one folder, and the release that they are trained from."""

    def __init__(self, root: Path, release: ModelPackage) -> None:
        self._root = root
        self.release = release

    def add(
        self,
        source: Path,
        new: NewVersion,
        *,
        report: Path | None = None,
        job: Path | None = None,
    ) -> ModelPackage:
        """Copy a trained folder; raises `FileExistsError` for a version that exists.

        The gate's report and the training curves of the folder `job` are copied too; the element
        weights come from the manifest of the trained folder. The manifest is written last, and
        the folder gets its name in one step, so that a killed process leaves no incomplete
        version. Raises `Unavailable` when the disk cannot be written.
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
            if job is not None:
                keep_curves(job, to=partial)
            _write_manifest(partial, new, source)
            _read_checked(partial)
            partial.rename(final)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise Unavailable(
                "registry",
                f"{new.version} cannot be kept in {self._root}: {error.strerror or error}; free"
                " some space or make the folder writable. Nothing was changed",
            ) from error
        return read_model_package(final)

    def find(self, version: str) -> ModelPackage:
        """A version with checked files; raises `NoSuchVersion` and `BadCheckpoint`."""
        if version == self.release.version:
            return self.release
        folder = self._root / version
        if not NAME.fullmatch(version) or not (folder / MANIFEST).is_file():
            known = ", ".join(summary.version for summary in self.versions())
            raise NoSuchVersion(f"there is no version {version!r}; there are: {known}")
        return read_model_package(folder)

    def uri(self, package: ModelPackage) -> str:
        """The address of a version in promotion events."""
        if package == self.release:
            return f"{RELEASE}{package.version}"
        return package.folder.resolve().as_uri()

    def report_of(self, version: str) -> dict[str, Any] | None:
        """The gate's report on a version; None without one."""
        try:
            text = (self._root / version / REPORT / "report.json").read_text(encoding="utf-8")
            report: dict[str, Any] = json.loads(text)
        except (OSError, ValueError):
            return None
        return report

    def curves_of(self, version: str) -> Curves:
        """The training curves of a version; empty where none were kept."""
        return read_curves(self._root / version)

    def versions(self) -> list[VersionSummary]:
        """The release, then all versions, oldest first."""
        summaries = []
        for file in self._root.glob(f"[!.]*/{MANIFEST}"):
            try:
                summaries.append(_summary(read_manifest(file), file.parent))
            except BadCheckpoint:
                continue
        released = replace(
            _summary({"version": self.release.version}, None),
            kind="release",
            element_weights=self.release.element_weights,
        )
        return [released, *sorted(summaries, key=lambda s: (s.made_at, s.version))]


def _write_manifest(folder: Path, new: NewVersion, source: Path) -> None:
    """The manifest of a copied folder; element weights and prompts are those of its source."""
    style = read_prompt_style(source) or COMPACT
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    for file in files:
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    manifest = {
        "name": new.name,
        "version": new.version,
        "kind": new.kind,
        "prompt_style": style.name,
        "prompt_version": style.version,
        "made_at": new.made_at.isoformat(),
        "base_version": new.base_version,
        "previous_version": new.previous_version,
        "metrics": dict(new.metrics or {}),
        "reason": new.reason,
        "element_weights": read_element_weights(source).model_dump(),
        "sha256": {file.relative_to(folder).as_posix(): file_hash(file) for file in files},
    }
    atomic_write(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))


def _read_checked(folder: Path) -> None:
    try:
        read_model_package(folder)
    except BadCheckpoint:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _summary(manifest: Mapping[str, Any], folder: Path | None) -> VersionSummary:
    return VersionSummary(
        version=str(manifest["version"]),
        kind=str(manifest.get("kind", "checkpoint")),
        made_at=str(manifest.get("made_at", "")),
        previous_version=manifest.get("previous_version"),
        metrics=dict(manifest.get("metrics", {})),
        reason=str(manifest.get("reason", "")),
        element_weights=element_weights_of(manifest, (folder or Path()) / MANIFEST),
        folder=folder,
    )
