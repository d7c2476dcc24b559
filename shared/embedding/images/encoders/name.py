"""Name the vector space of an encoder, so that vectors of two spaces are never mixed."""

import hashlib
import re
from typing import Final

MAX_CHARACTERS: Final = 80
"""Of a model's name in the name of its collection, which is a folder's name on the disk."""
HASH_CHARACTERS: Final = 8


def encoder_name(model: str, *parts: str | None) -> str:
    """The model's name in small letters, and a hash of what else decides its vectors.

    `Qwen/Qwen3-VL-Embedding-2B` with an instruction becomes `qwen3-vl-embedding-2b-1a2b3c4d`.
    """
    name = re.sub(r"[^a-z0-9._]+", "-", model.rstrip("/").rsplit("/", 1)[-1].lower()).strip("-._")
    deciding = "\0".join(part for part in parts if part is not None)
    if not deciding and name == model:
        return name[:MAX_CHARACTERS]
    # The whole name too: two models may differ in the owner or in a letter that is replaced.
    digest = hashlib.sha256(f"{model}\0{deciding}".encode()).hexdigest()[:HASH_CHARACTERS]
    return f"{name[:MAX_CHARACTERS] or 'model'}-{digest}"
