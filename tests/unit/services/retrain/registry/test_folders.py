"""Versions in folders are complete, checked and never overwritten."""

import json
import resource
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.retrain.registry.folders import ModelFolders, NewVersion, NoSuchVersion
from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import read_model_package, release

AT = datetime(2026, 1, 31, 2, 30, tzinfo=UTC)


def _new(version: str, *, kind: str = "adapter") -> NewVersion:
    return NewVersion(
        version=version,
        kind="adapter" if kind == "adapter" else "checkpoint",
        name="preferthinker-nano",
        made_at=AT,
        base_version="nano-1",
        previous_version="nano-1",
        metrics={"held_out_difference": 0.03},
        reason="better",
    )


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    folder = tmp_path / "trained"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "ref").mkdir()
    (folder / "ref" / "note.txt").write_text("kept")
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> ModelFolders:
    return ModelFolders(tmp_path / "models", release(None))


def test_an_added_version_is_read_with_all_its_fields(folders: ModelFolders, trained: Path) -> None:
    kept = folders.add(trained, _new("nano-2"))
    package = folders.find("nano-2")
    assert package == kept
    assert (package.base_version, package.previous_version) == ("nano-1", "nano-1")
    assert dict(package.metrics) == {"held_out_difference": 0.03}
    assert folders.uri(package).startswith("file:///")
    assert [summary.version for summary in folders.versions()] == [
        folders.release.version,
        "nano-2",
    ]


def test_the_element_weights_are_kept_with_the_version(
    folders: ModelFolders, trained: Path
) -> None:
    assert folders.add(trained, _new("nano-2")).element_weights == EQUAL_WEIGHTS
    weights = {"art_style": 0.5, "color": 3, "medium": 0.5, "saturation": 0.5, "detail": 0.5}
    manifest = {"version": "t", "prompt_version": "p", "sha256": {}, "element_weights": weights}
    (trained / "manifest.json").write_text(json.dumps(manifest))
    kept = folders.add(trained, _new("nano-3"))
    assert kept.element_weights == ElementWeights.model_validate(weights)
    assert folders.find("nano-3") == kept


def test_a_release_is_listed_with_its_element_weights(
    tmp_path: Path,
) -> None:
    weights = ElementWeights(color=3, art_style=0.5, medium=0.5, saturation=0.5, detail=0.5)
    folders = ModelFolders(tmp_path, replace(release(None), element_weights=weights))
    assert [summary.element_weights for summary in folders.versions()] == [weights]


def test_invalid_element_weights_are_rejected_with_a_reason(
    folders: ModelFolders, trained: Path
) -> None:
    manifest = {
        "version": "t",
        "prompt_version": "p",
        "sha256": {},
        "element_weights": {"color": 3},
    }
    (trained / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadCheckpoint, match="element weights sum to 7"):
        folders.add(trained, _new("nano-2"))
    assert [summary.version for summary in folders.versions()] == [folders.release.version]


def test_a_version_is_never_overwritten(folders: ModelFolders, trained: Path) -> None:
    kept = folders.add(trained, _new("nano-2"))
    (trained / "adapter_model.safetensors").write_bytes(b"other weights")
    with pytest.raises(FileExistsError, match="never overwritten"):
        folders.add(trained, _new("nano-2"))
    assert folders.find("nano-2") == kept


@pytest.mark.parametrize("version", ["../escape", "a/b", "", ".hidden", "x" * 101])
def test_a_version_that_cannot_name_a_folder_is_rejected(
    folders: ModelFolders, trained: Path, version: str
) -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        folders.add(trained, _new(version))
    with pytest.raises(NoSuchVersion):
        folders.find(version)


def test_a_changed_byte_is_detected(folders: ModelFolders, trained: Path) -> None:
    kept = folders.add(trained, _new("nano-2"))
    (kept.folder / "adapter_model.safetensors").write_bytes(b"Weights")
    with pytest.raises(BadCheckpoint, match="adapter_model"):
        folders.find("nano-2")


def test_a_changed_manifest_does_not_have_the_announced_hash(
    folders: ModelFolders, trained: Path
) -> None:
    kept = folders.add(trained, _new("nano-2"))
    manifest = kept.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("better", "best"))
    with pytest.raises(BadCheckpoint, match="was announced"):
        read_model_package(kept.folder, sha256=kept.sha256)


def test_a_manifest_cannot_name_files_outside_of_its_folder(
    folders: ModelFolders, trained: Path
) -> None:
    kept = folders.add(trained, _new("nano-2"))
    manifest = json.loads((kept.folder / "manifest.json").read_text())
    manifest["sha256"]["../../trained/adapter_config.json"] = "0" * 64
    (kept.folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BadCheckpoint, match="outside the folder"):
        read_model_package(kept.folder)


def test_a_partial_folder_is_not_a_version(folders: ModelFolders, trained: Path) -> None:
    kept = folders.add(trained, _new("nano-2"))
    half = kept.folder.parent / ".partial-nano-3"
    shutil.copytree(kept.folder, half)
    assert [summary.version for summary in folders.versions()][1:] == ["nano-2"]
    folders.add(trained, _new("nano-3"))
    assert not half.exists()


def test_a_full_disk_is_reported_and_leaves_nothing(
    folders: ModelFolders, trained: Path, tmp_path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))  # bytes: less than the weights have
    try:
        with pytest.raises(Unavailable, match=r"nano-2 cannot be kept .* free some space"):
            folders.add(trained, _new("nano-2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list((tmp_path / "models").iterdir()) == []


def test_a_folder_without_weights_is_not_added(folders: ModelFolders, trained: Path) -> None:
    (trained / "adapter_model.safetensors").unlink()
    with pytest.raises(BadCheckpoint, match="adapter_model"):
        folders.add(trained, _new("nano-2"))
    assert [summary.version for summary in folders.versions()] == [folders.release.version]


def test_the_report_of_the_gate_is_copied_to_the_version(
    folders: ModelFolders, trained: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report"
    report.mkdir()
    (report / "report.json").write_text('{"decision": {"verdict": "promote"}}')
    folders.add(trained, _new("nano-2"), report=report)
    assert folders.report_of("nano-2") == {"decision": {"verdict": "promote"}}
    assert folders.report_of("nano-9") is None


def test_the_release_is_a_version_with_its_own_address(folders: ModelFolders) -> None:
    package = folders.find(folders.release.version)
    assert folders.uri(package) == f"release:{folders.release.version}"
    assert package.previous_version is None
