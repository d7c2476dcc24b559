"""The sizes of a model that memory and time follow from: from its config.json, or known ones."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


class UnknownShape(Exception):
    """The sizes of a model cannot be read; the text says what to give instead."""


@dataclass(frozen=True)
class VisionShape:
    """The vision tower; sides of patches in pixels."""

    width: int
    inner: int
    layers: int
    patch: int = 14
    merge: int = 2
    gated: bool = True
    """Whether its MLP has three matrices, as in Qwen2.5-VL, rather than two."""
    extra_mergers: int = 0
    """Mergers of deeper layers (deepstack), as in Qwen3-VL."""

    @property
    def pixels_per_token(self) -> int:
        return (self.patch * self.merge) ** 2

    def weights(self, text_width: int) -> int:
        """Weights of the tower with its mergers."""
        block = 4 * self.width**2 + (3 if self.gated else 2) * self.width * self.inner
        merged = self.width * self.merge**2
        merger = merged**2 + merged * text_width
        patches = 3 * 2 * self.patch**2 * self.width
        return self.layers * block + (1 + self.extra_mergers) * merger + patches


@dataclass(frozen=True)
class Shape:
    """The language model, and its vision tower."""

    name: str
    width: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    vocabulary: int
    tied: bool
    """Whether input and output embeddings are the same weights."""
    vision: VisionShape

    @property
    def queries(self) -> int:
        """Numbers of one token's queries."""
        return self.heads * self.head_width

    @property
    def keys(self) -> int:
        """Numbers of one token's keys, and of its values."""
        return self.kv_heads * self.head_width

    @property
    def layer_weights(self) -> int:
        """Weights of the matrices of one layer of the language model."""
        attention = self.width * (2 * self.queries + 2 * self.keys)
        return attention + 3 * self.width * self.inner

    @property
    def language_weights(self) -> int:
        """Weights that each token is multiplied with, without embeddings."""
        return self.layers * self.layer_weights

    @property
    def embedding_weights(self) -> int:
        return self.vocabulary * self.width * (1 if self.tied else 2)

    @property
    def weights(self) -> int:
        """All weights."""
        return self.language_weights + self.embedding_weights + self.vision.weights(self.width)

    def adapter_weights(self, rank: int) -> int:
        """Weights of low-rank updates of the seven matrices of each layer."""
        q, k, h, i = self.queries, self.keys, self.width, self.inner
        sides = (h + q) + 2 * (h + k) + (q + h) + 2 * (h + i) + (i + h)
        return self.layers * rank * sides


_QWEN25_VISION: Final = VisionShape(width=1280, inner=3420, layers=32)
KNOWN: Final[Mapping[str, Shape]] = {
    "qwen2.5-vl-3b": Shape(
        "qwen2.5-vl-3b", width=2048, inner=11008, layers=36, heads=16, kv_heads=2, head_width=128,
        vocabulary=151_936, tied=True, vision=_QWEN25_VISION,
    ),
    "qwen2.5-vl-7b": Shape(
        "qwen2.5-vl-7b", width=3584, inner=18_944, layers=28, heads=28, kv_heads=4, head_width=128,
        vocabulary=152_064, tied=False, vision=_QWEN25_VISION,
    ),
    "qwen3-vl-8b": Shape(
        "qwen3-vl-8b", width=4096, inner=12_288, layers=36, heads=32, kv_heads=8, head_width=128,
        vocabulary=151_936, tied=False,
        vision=VisionShape(
            width=1152, inner=4304, layers=27, patch=16, gated=False, extra_mergers=3
        ),
    ),
}  # fmt: skip
"""Published sizes, for an estimate before a checkpoint is fetched."""


def shape_of(base: Path, name: str | None = None) -> Shape:
    """The shape with this name, of this folder, or whose name the folder's name contains.

    Raises `UnknownShape`.
    """
    if name is not None:
        if name.lower() not in KNOWN:
            raise UnknownShape(f"{name!r} is no known shape; expected {', '.join(KNOWN)}")
        return KNOWN[name.lower()]
    file = base / "config.json"
    if file.is_file():
        return _read(base.name, file)
    known = next((shape for key, shape in KNOWN.items() if key in base.name.lower()), None)
    if known is None:
        raise UnknownShape(
            f"{file} does not exist, and {base.name!r} names no known shape; fetch the checkpoint,"
            f" or name a shape: {', '.join(KNOWN)}"
        )
    return known


def _read(name: str, file: Path) -> Shape:
    try:
        config: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        text = {**config, **config.get("text_config", {})}
        vision: dict[str, Any] = config.get("vision_config", {})
        heads = int(text["num_attention_heads"])
        width = int(text["hidden_size"])
        return Shape(
            name, width=width, inner=int(text["intermediate_size"]),
            layers=int(text["num_hidden_layers"]), heads=heads,
            kv_heads=int(text.get("num_key_value_heads") or heads),
            head_width=int(text.get("head_dim") or width // heads),
            vocabulary=int(text["vocab_size"]),
            tied=bool(config.get("tie_word_embeddings", text.get("tie_word_embeddings", False))),
            vision=_vision(vision, width),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnknownShape(
            f"{file} does not name the sizes of a vision-language model ({error!r}); name a known"
            f" shape: {', '.join(KNOWN)}"
        ) from error


def _vision(vision: Mapping[str, Any], text_width: int) -> VisionShape:
    # The families spell the same sizes differently.
    width = int(vision.get("hidden_size") or vision.get("embed_dim") or text_width)
    sides = vision.get("patch_size", 14)
    return VisionShape(
        width=width,
        inner=int(vision.get("intermediate_size") or 4 * width),
        layers=int(
            vision.get("depth") or vision.get("num_hidden_layers") or vision.get("layers") or 1
        ),
        patch=int(sides[0] if isinstance(sides, list) else sides),
        merge=int(vision.get("spatial_merge_size") or 2),
        gated=str(vision.get("model_type", "")).startswith("qwen2_5"),
        extra_mergers=len(vision.get("deepstack_visual_indexes") or ()),
    )
