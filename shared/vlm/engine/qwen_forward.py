"""Run the modules of a Hugging Face Qwen2.5-VL over whole batches, in plain tensors.

The library computes attention image by image in a Python loop and pads prompts. Here the images of
a batch are one tensor, and the positions of a batch are computed together. The result equals the
library's forward for images of one size when every vision block attends to the whole image, as in
our small models. A test compares the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

Rotation = tuple[Tensor, Tensor]
"""Cosine and sine of rotary position embeddings."""


@dataclass(frozen=True)
class Grid:
    """The patches of an image: rows, columns, and patches merged into one token on each side."""

    rows: int
    columns: int
    merge: int = 2

    @property
    def token_rows(self) -> int:
        return self.rows // self.merge

    @property
    def token_columns(self) -> int:
        return self.columns // self.merge

    @property
    def tokens(self) -> int:
        return self.token_rows * self.token_columns


@dataclass(frozen=True)
class Blocks:
    """Functions that run one vision block and one text block; training passes compiled ones."""

    vision: Callable[..., Tensor]
    text: Callable[..., Tensor]


def patchify(
    pixels: Tensor,
    *,
    patch: int = 14,
    merge: int = 2,
    mean: Sequence[float] = (0.5, 0.5, 0.5),
    std: Sequence[float] = (0.5, 0.5, 0.5),
) -> Tensor:
    """Normalized patches in Qwen's merge order, channels first: uint8 (n, H, W, 3) -> (n, L, 3pp).

    The library repeats each patch for a second, equal frame; `image_tokens` instead adds the
    weights of the two frames.
    """
    middle, spread = (torch.tensor(values, device=pixels.device) for values in (mean, std))
    x = (pixels.float() / 255 - middle) / spread
    n, height, width, _ = x.shape
    rows, columns = height // patch // merge, width // patch // merge
    x = x.view(n, rows, merge, patch, columns, merge, patch, 3)
    x = x.permute(0, 1, 4, 2, 5, 7, 3, 6)  # (n, rows, columns, merge, merge, 3, p, p)
    return x.reshape(n, rows * columns * merge * merge, 3 * patch * patch)


def image_tokens(
    visual: Any, patches: Tensor, *, grid: Grid, blocks: Blocks | None = None
) -> Tensor:
    """Image tokens of equal-sized images: (n, L, 3pp) -> (n, L / merge^2, d)."""
    run = (blocks or PLAIN).vision
    config = visual.config
    weight = visual.patch_embed.proj.weight  # (D, 3, frames, p, p)
    hidden = F.linear(patches, weight.sum(2).flatten(1))
    cos, sin = vision_rotation(config.hidden_size // config.num_heads, grid)
    cos, sin = cos.to(hidden.device), sin.to(hidden.device)
    for block in visual.blocks:
        hidden = run(block, hidden, cos, sin, config.num_heads)
    n, length, width = hidden.shape
    merged = visual.merger.ln_q(hidden).view(n, length // grid.merge**2, width * grid.merge**2)
    tokens: Tensor = visual.merger.mlp(merged)
    return tokens


def vision_rotation(head_size: int, grid: Grid) -> Rotation:
    """Cosine and sine of every patch's row and column, in merge order: (L, head size)."""
    exponent = torch.arange(0, head_size // 2, 2).float() / (head_size // 2)
    inverse = 10000.0**-exponent
    row, column = torch.meshgrid(torch.arange(grid.rows), torch.arange(grid.columns), indexing="ij")

    def in_merge_order(places: Tensor) -> Tensor:
        m = grid.merge
        blocked = places.reshape(grid.token_rows, m, grid.token_columns, m)
        return blocked.permute(0, 2, 1, 3).reshape(-1, 1)

    angle = torch.cat([in_merge_order(row) * inverse, in_merge_order(column) * inverse], dim=1)
    angle = torch.cat([angle, angle], dim=1)
    return angle.cos(), angle.sin()


def vision_block(block: Any, hidden: Tensor, cos: Tensor, sin: Tensor, heads: int) -> Tensor:
    """One vision block; every patch attends to its whole image."""
    n, length, width = hidden.shape
    qkv = block.attn.qkv(block.norm1(hidden)).view(n, length, 3, heads, width // heads)
    q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (n, heads, L, head size)
    attended = F.scaled_dot_product_attention(rotate(q, cos, sin), rotate(k, cos, sin), v)
    hidden = hidden + block.attn.proj(attended.transpose(1, 2).reshape(n, length, width))
    out: Tensor = hidden + block.mlp(block.norm2(hidden))
    return out


def token_positions(ids: Tensor, *, image_token: int, grid: Grid) -> Tensor:
    """Qwen's three-axis positions (time, row, column): ids (n, L) -> (3, n, L).

    An image starts at the position after the text before it and takes as many positions as its
    longer side has tokens.
    """
    is_image = ids == image_token
    nth = (is_image.long().cumsum(1) - 1) % grid.tokens
    ends_image = is_image & (nth == grid.tokens - 1)
    longer = max(grid.token_rows, grid.token_columns)
    places = torch.where(is_image, torch.where(ends_image, longer, 0), 1)
    start = places.cumsum(1) - places
    row = start + torch.where(is_image, nth // grid.token_columns, 0)
    column = start + torch.where(is_image, nth % grid.token_columns, 0)
    return torch.stack([start, row, column])


def rotation(language_model: Any, positions: Tensor) -> Rotation:
    """Cosine and sine of positions (3, n, L), ready for all heads: (n, 1, L, head size)."""
    cos, sin = language_model.rotary_emb(torch.zeros(1, device=positions.device), positions)
    if cos.ndim == 4:  # (3, n, L, head size): one of the three axes for each section of the head
        sections = language_model.config.rope_parameters["mrope_section"] * 2

        def mixed(axes: Tensor) -> Tensor:
            parts = torch.split(axes, sections, dim=-1)
            return torch.cat([part[i % 3] for i, part in enumerate(parts)], dim=-1)

        cos, sin = mixed(cos), mixed(sin)
    return cos[:, None], sin[:, None]


def text_block(
    block: Any, hidden: Tensor, cos: Tensor, sin: Tensor, *, heads: int, kv_heads: int
) -> Tensor:
    """One causal text block: (n, L, d) -> (n, L, d)."""
    n, length, width = hidden.shape
    size = width // heads
    attention = block.self_attn
    x = block.input_layernorm(hidden)
    q = rotate(attention.q_proj(x).view(n, length, heads, size).transpose(1, 2), cos, sin)
    k = rotate(attention.k_proj(x).view(n, length, kv_heads, size).transpose(1, 2), cos, sin)
    v = attention.v_proj(x).view(n, length, kv_heads, size).transpose(1, 2)
    keys, values = (_for_every_head(t, heads) for t in (k, v))
    attended = F.scaled_dot_product_attention(q, keys, values, is_causal=length > 1)
    hidden = hidden + attention.o_proj(attended.transpose(1, 2).reshape(n, length, width))
    out: Tensor = hidden + block.mlp(block.post_attention_layernorm(hidden))
    return out


def decode(
    language_model: Any, hidden: Tensor, positions: Tensor, *, blocks: Blocks | None = None
) -> Tensor:
    """The whole text decoder: embeddings (n, L, d) -> final hidden states (n, L, d)."""
    run = (blocks or PLAIN).text
    config = language_model.config
    cos, sin = rotation(language_model, positions)
    for block in language_model.layers:
        hidden = run(
            block,
            hidden,
            cos,
            sin,
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
        )
    final: Tensor = language_model.norm(hidden)
    return final


def embed(model: Any, ids: Tensor, features: Tensor | None, *, image_token: int) -> Tensor:
    """Embeddings of ids (n, L), with features (images, t, d) at the image positions, in order."""
    hidden: Tensor = model.model.language_model.embed_tokens(ids)
    if features is None or not features.numel():
        return hidden
    return hidden.masked_scatter((ids == image_token)[..., None], features.to(hidden.dtype))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


def _for_every_head(grouped: Tensor, heads: int) -> Tensor:
    n, kv_heads, length, size = grouped.shape
    repeated = grouped[:, :, None].expand(-1, -1, heads // kv_heads, -1, -1)
    return repeated.reshape(n, heads, length, size)


PLAIN: Final = Blocks(vision=vision_block, text=text_block)
