"""Find a model's folder, and check that its files are whole and speak our prompts."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from shared.prompting.prompt import PROMPT_VERSION

MANIFEST: Final = "manifest.json"
REQUIRED: Final = ("config.json", "tokenizer.json", "preprocessor_config.json")


class BadCheckpoint(Exception):
    """A model's folder cannot be used; the text says what is wrong with it and what to do."""


def shipped_folder() -> Path:
    """preferthinker-nano, as it ships."""
    return Path(__file__).resolve().parents[2] / "nano"


def check_files(folder: Path) -> str:
    """The version of the model in `folder`; raises `BadCheckpoint`.

    Ours carry a manifest with every file's hash. A checkpoint from elsewhere has none: it is named
    by its folder and the beginning of its configuration's hash.
    """
    missing = [name for name in REQUIRED if not (folder / name).is_file()]
    if missing:
        raise BadCheckpoint(
            f"{folder} has no {', '.join(missing)}; name the folder of a Qwen2.5-VL checkpoint in"
            " the Hugging Face layout in PREFERSTREAM_MODEL, or unset it for the shipped model"
        )
    if not list(folder.glob("*.safetensors")):
        raise BadCheckpoint(f"{folder} has no *.safetensors; the weights were not fetched")
    if not (folder / MANIFEST).is_file():
        return f"{folder.name}-{file_hash(folder / 'config.json')[:8]}"
    manifest = read_manifest(folder / MANIFEST)
    for name, expected in manifest["sha256"].items():
        if not (folder / name).is_file() or file_hash(folder / name) != expected:
            raise BadCheckpoint(
                f"{folder / name} is not the file that the manifest names; fetch the folder anew"
            )
    if manifest["prompt_version"] != PROMPT_VERSION:
        raise BadCheckpoint(
            f"{folder} was trained on prompts of version {manifest['prompt_version']}, but this"
            f" release speaks version {PROMPT_VERSION}; use the model that ships with it"
        )
    return str(manifest["version"])


def check_tokens(
    folder: Path, *, tokens: int, rows: int, image_token: int, expected_image_token: int
) -> None:
    """Raises `BadCheckpoint` when the tokenizer is another model's: answers would be nonsense."""
    if tokens > rows:
        raise BadCheckpoint(
            f"the tokenizer in {folder} has {tokens} tokens and the model {rows}: they do not"
            " belong together; fetch tokenizer.json and the weights from one place"
        )
    if image_token != expected_image_token:
        raise BadCheckpoint(
            f"the tokenizer in {folder} gives the place of an image the token {image_token} and"
            f" config.json {expected_image_token}: they do not belong together; fetch both from"
            " one place"
        )


def read_manifest(file: Path) -> dict[str, Any]:
    """The manifest's fields, those that every model needs being there; raises `BadCheckpoint`."""
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        assert isinstance(manifest["sha256"], dict)
        assert isinstance(manifest["version"], str)
        assert isinstance(manifest["prompt_version"], str)
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        raise BadCheckpoint(f"{file} cannot be read; fetch the folder anew") from error
    found: dict[str, Any] = manifest
    return found


def file_hash(file: Path) -> str:
    """SHA-256 in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
