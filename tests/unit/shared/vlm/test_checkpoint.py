"""A folder that cannot be used as a model is refused with a message that says what to do."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from shared.prompting.prompt import PROMPT_VERSION
from shared.vlm.checkpoint.checkpoint import REQUIRED, BadCheckpoint, check_files

WEIGHTS = "model.safetensors"
USUAL = [names[0] for names in REQUIRED]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint of another project: the required files and no manifest."""
    folder = tmp_path / "some-model"
    folder.mkdir()
    for name in (*USUAL, WEIGHTS):
        (folder / name).write_text(f'{{"file": "{name}"}}')
    return folder


def add_manifest(folder: Path, **changes: Any) -> None:
    hashes = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    manifest = {"version": "nano-9", "prompt_version": PROMPT_VERSION, "sha256": hashes, **changes}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_the_manifest_names_the_version(folder: Path) -> None:
    add_manifest(folder)
    assert check_files(folder) == "nano-9"


def test_without_a_manifest_the_version_is_folder_name_and_configuration_hash(folder: Path) -> None:
    first = check_files(folder)
    (folder / "config.json").write_text("{}")
    assert first.startswith("some-model-")
    assert check_files(folder) != first


@pytest.mark.parametrize("name", USUAL)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BadCheckpoint, match=f"has no {name}; .*PREFERSTREAM_MODEL"):
        check_files(folder)


def test_a_missing_folder_lacks_every_file(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=", ".join(USUAL)):
        check_files(tmp_path / "nowhere")


def test_a_folder_as_newer_libraries_write_it_is_complete(folder: Path) -> None:
    (folder / "preprocessor_config.json").rename(folder / "processor_config.json")
    (folder / "tokenizer.json").rename(folder / "tokenizer.model")
    assert check_files(folder).startswith("some-model-")


def test_missing_weights_are_named(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(BadCheckpoint, match="weights were not fetched"):
        check_files(folder)


def test_a_file_that_was_changed_or_removed_is_named(folder: Path) -> None:
    (folder / "README.md").write_text("a card")
    add_manifest(folder)
    (folder / WEIGHTS).write_text("other weights")
    with pytest.raises(BadCheckpoint, match=f"{WEIGHTS} is not the file"):
        check_files(folder)
    add_manifest(folder)
    (folder / "README.md").unlink()
    with pytest.raises(BadCheckpoint, match=r"README\.md is not the file"):
        check_files(folder)


def test_a_model_trained_on_other_prompts_is_refused_with_both_versions(folder: Path) -> None:
    add_manifest(folder, prompt_version="0")
    with pytest.raises(BadCheckpoint, match=f"version 0, .* version {PROMPT_VERSION}"):
        check_files(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"sha256": {}, "version": 1, "prompt_version": "1"}']
)
def test_a_manifest_that_cannot_be_read_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(BadCheckpoint, match=r"manifest\.json cannot be read"):
        check_files(folder)
