"""Versions in folders: whole, checked, never overwritten."""

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


def test_a_kept_version_is_found_again_with_all_that_was_told(
    folders: ModelFolders, trained: Path
) -> None:
    kept = folders.add(trained, _new("nano-2"))
    found = folders.find("nano-2")
    assert found == kept
    assert (found.base_version, found.previous_version) == ("nano-1", "nano-1")
    assert dict(found.metrics) == {"held_out_difference": 0.03}
    assert folders.uri(found).startswith("file:///")
    assert [one.version for one in folders.versions()] == [folders.release.version, "nano-2"]


def test_what_elements_count_goes_with_the_version(folders: ModelFolders, trained: Path) -> None:
    assert folders.add(trained, _new("nano-2")).element_weights == EQUAL_WEIGHTS
    weights = {"art_style": 0.5, "color": 3, "medium": 0.5, "saturation": 0.5, "detail": 0.5}
    told = {"version": "t", "prompt_version": "p", "sha256": {}, "element_weights": weights}
    (trained / "manifest.json").write_text(json.dumps(told))
    kept = folders.add(trained, _new("nano-3"))
    assert kept.element_weights == ElementWeights.model_validate(weights)
    assert folders.find("nano-3") == kept


def test_a_release_that_was_trained_on_clicks_is_listed_with_what_counts_to_it(
    tmp_path: Path,
) -> None:
    weights = ElementWeights(color=3, art_style=0.5, medium=0.5, saturation=0.5, detail=0.5)
    folders = ModelFolders(tmp_path, replace(release(None), element_weights=weights))
    assert [one.element_weights for one in folders.versions()] == [weights]


def test_elements_that_count_too_much_are_refused_with_a_reason(
    folders: ModelFolders, trained: Path
) -> None:
    told = {"version": "t", "prompt_version": "p", "sha256": {}, "element_weights": {"color": 3}}
    (trained / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(BadCheckpoint, match="element weights sum to 7"):
        folders.add(trained, _new("nano-2"))
    assert [one.version for one in folders.versions()] == [folders.release.version]


def test_a_version_is_never_overwritten(folders: ModelFolders, trained: Path) -> None:
    kept = folders.add(trained, _new("nano-2"))
    (trained / "adapter_model.safetensors").write_bytes(b"other weights")
    with pytest.raises(FileExistsError, match="never overwritten"):
        folders.add(trained, _new("nano-2"))
    assert folders.find("nano-2") == kept


@pytest.mark.parametrize("version", ["../escape", "a/b", "", ".hidden", "x" * 101])
def test_a_version_that_is_no_folders_name_is_refused(
    folders: ModelFolders, trained: Path, version: str
) -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        folders.add(trained, _new(version))
    with pytest.raises(NoSuchVersion):
        folders.find(version)


def test_a_changed_byte_is_noticed(folders: ModelFolders, trained: Path) -> None:
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
    with pytest.raises(BadCheckpoint, match="outside of it"):
        read_model_package(kept.folder)


def test_what_a_killed_process_left_is_no_version(folders: ModelFolders, trained: Path) -> None:
    kept = folders.add(trained, _new("nano-2"))
    half = kept.folder.parent / ".partial-nano-3"
    shutil.copytree(kept.folder, half)
    assert [one.version for one in folders.versions()][1:] == ["nano-2"]
    folders.add(trained, _new("nano-3"))
    assert not half.exists()


def test_a_disk_that_takes_no_more_is_told_of_and_nothing_is_left(
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


def test_a_folder_without_weights_is_not_kept(folders: ModelFolders, trained: Path) -> None:
    (trained / "adapter_model.safetensors").unlink()
    with pytest.raises(BadCheckpoint, match="adapter_model"):
        folders.add(trained, _new("nano-2"))
    assert [one.version for one in folders.versions()] == [folders.release.version]


def test_the_gates_report_is_kept_beside_the_weights(
    folders: ModelFolders, trained: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report"
    report.mkdir()
    (report / "report.json").write_text('{"decision": {"verdict": "promote"}}')
    folders.add(trained, _new("nano-2"), report=report)
    assert folders.report_of("nano-2") == {"decision": {"verdict": "promote"}}
    assert folders.report_of("nano-9") is None


def test_the_release_is_a_version_and_is_named_by_its_own_address(folders: ModelFolders) -> None:
    found = folders.find(folders.release.version)
    assert folders.uri(found) == f"release:{folders.release.version}"
    assert found.previous_version is None
