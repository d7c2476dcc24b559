"""Name the classifier in the manifest of a model folder, and give the model a new version."""

import json
from pathlib import Path
from typing import Any

from shared.embedding.images import package_weights
from shared.embedding.images.pretrained import NAME
from shared.vlm.checkpoint.checkpoint import MANIFEST, file_hash
from shared.vlm.pictures.medium_classifier import FILE
from training.nano.model.export import CARD, SERIES, WEIGHTS, card_of


def add_to_manifest(folder: Path) -> str | None:
    """Write the hash of the classifier, the card and the version; None without a manifest.

    The version changes with `SERIES` and the weights. Stored descriptions belong to a version, so a
    new classifier needs a new `SERIES`.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return None
    content: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8"))
    content["version"] = f"{SERIES}-{content['sha256'][WEIGHTS][:8]}"
    content["real_pictures"] = {
        "network": NAME,
        "package": package_weights.PACKAGE,
        "sha256": package_weights.SHA256,
    }
    card = folder / CARD
    _, results, measured = card.read_text(encoding="utf-8").partition("\n## Measured\n")
    card.write_text(card_of(content) + results + measured, encoding="utf-8")
    hashes = content["sha256"] | {name: file_hash(folder / name) for name in (FILE, CARD)}
    content["sha256"] = dict(sorted(hashes.items()))
    manifest.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return str(content["version"])
