"""Check a model folder: all files are there, unchanged, and fit the prompts of this release."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from shared.prompting.styles.protocol import PROMPT_TEMPLATE_FILE, BadPromptTemplate, PromptStyle
from shared.prompting.styles.registry import COMPACT, UnknownPromptStyle, prompt_style

MANIFEST: Final = "manifest.json"
REQUIRED: Final[tuple[tuple[str, ...], ...]] = (
    ("config.json",),
    ("tokenizer.json", "tokenizer.model", "vocab.json"),
    ("preprocessor_config.json", "processor_config.json"),
)
"""Files of a vision-language checkpoint: one of each row, the usual one first."""


class BadCheckpoint(Exception):
    """A model folder cannot be used; the text names the fault and what to do."""


def shipped_folder() -> Path:
    """The folder of preferthinker-nano, which ships with the release."""
    return Path(__file__).resolve().parents[2] / "nano"


def check_files(folder: Path) -> str:
    """The version of the model in `folder`; raises `BadCheckpoint`.

    A package of this project has a manifest with the hash of every file. Another checkpoint has
    none: its version is the folder's name and the start of its configuration's hash.
    """
    missing = [
        names[0] for names in REQUIRED if not any((folder / name).is_file() for name in names)
    ]
    if missing:
        raise BadCheckpoint(
            f"{folder} has no {', '.join(missing)}; name the folder of a vision-language checkpoint"
            " in the Hugging Face layout in PREFERSTREAM_MODEL, or unset it for the shipped model"
        )
    if not list(folder.glob("*.safetensors")):
        raise BadCheckpoint(
            f"{folder} has no *.safetensors: the weights were not fetched; fetch the folder again"
        )
    if not (folder / MANIFEST).is_file():
        return f"{folder.name}-{file_hash(folder / 'config.json')[:8]}"
    manifest = read_manifest(folder / MANIFEST)
    for name, expected in manifest["sha256"].items():
        if not (folder / name).is_file() or file_hash(folder / name) != expected:
            raise BadCheckpoint(
                f"{folder / name} is not the file that the manifest names; fetch the folder again"
            )
    style = manifest_style(manifest, folder)
    if manifest["prompt_version"] != style.version:
        raise BadCheckpoint(
            f"{folder} was trained on {style.name} prompts of version"
            f" {manifest['prompt_version']}, but this release uses version {style.version}; use the"
            " model that ships with this release"
        )
    return str(manifest["version"])


def manifest_style(manifest: Mapping[str, Any], folder: Path) -> PromptStyle:
    """The prompt style that a manifest names, `compact` without one; raises `BadCheckpoint`.

    A style with a user's template takes it from the folder, where training has copied it.
    """
    file = folder / PROMPT_TEMPLATE_FILE
    try:
        return prompt_style(
            str(manifest.get("prompt_style", COMPACT.name)),
            template=file if file.is_file() else None,
        )
    except BadPromptTemplate as error:
        raise BadCheckpoint(
            f"{folder} was trained with a prompt template, which must be in its"
            f" {PROMPT_TEMPLATE_FILE}: {error}"
        ) from error
    except UnknownPromptStyle as error:
        raise BadCheckpoint(
            f"{folder} was trained on prompts that this release does not have: {error}; update"
            " Preferstream, or train the model again"
        ) from error


def check_tokens(
    folder: Path, *, tokens: int, rows: int, image_token: int, expected_image_token: int
) -> None:
    """Raise `BadCheckpoint` for the tokenizer of another model: its answers would be nonsense.

    `tokens` is the tokenizer's size and `rows` the number of rows of the embedding matrix.
    """
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
    """The manifest, with the fields that every model needs; raises `BadCheckpoint`."""
    try:
        manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        assert isinstance(manifest["sha256"], dict)
        assert isinstance(manifest["version"], str)
        assert isinstance(manifest["prompt_version"], str)
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        raise BadCheckpoint(f"{file} cannot be read; fetch the folder again") from error
    return manifest


def file_hash(file: Path) -> str:
    """SHA-256 in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
