"""Set the pixel limits on an image processor that cuts or enlarges images by its own rule.

A model that splits an image into tiles enlarges even a small image to its own size, so that scaling
an image before the processor changes nothing. Each kind of processor has its own setting for it.
"""

from collections.abc import Callable, Mapping
from math import isqrt
from typing import Any, Final

from shared.vlm.checkpoint.pixel_limits import PixelLimits


def limit_tiles(image_processor: Any, config: Any, limits: PixelLimits) -> None:
    """Change a processor, and the model's `config` where both must agree, in place."""
    for attribute, limit in RULES.items():
        if getattr(image_processor, attribute, None):
            limit(image_processor, config, limits)
            return


def _areas(processor: Any, config: Any, limits: PixelLimits) -> None:
    """Qwen, GLM: `shortest_edge` and `longest_edge` are areas, in spite of their names."""
    size = dict(processor.size)
    least, most = limits.within(int(size["shortest_edge"]), int(size["longest_edge"]))
    processor.size = type(processor.size)(shortest_edge=least, longest_edge=most)


def _edge_of_tiles(processor: Any, config: Any, limits: PixelLimits) -> None:
    """Idefics3, SmolVLM: the longer side is enlarged to `longest_edge` and cut into squares."""
    tile = int(dict(processor.max_image_size)["longest_edge"])
    edge = int(dict(processor.size)["longest_edge"])
    # A whole number of tiles: the processor rounds up.
    limited = max(tile, min(edge, isqrt(limits.max_pixels) // tile * tile))
    processor.size = type(processor.size)(longest_edge=limited)
    if limited == tile:
        processor.do_image_splitting = False


def _number_of_tiles(processor: Any, config: Any, limits: PixelLimits) -> None:
    """InternVL, Aya: at most `max_patches` tiles, and one of the whole image where there are more.

    `crop_to_patches` stays: the processor of InternVL sets it at each call.
    """
    size = dict(processor.size)
    tiles = limits.max_pixels // (int(size["height"]) * int(size["width"]))
    processor.max_patches = max(1, min(int(processor.max_patches), tiles))
    processor.min_patches = min(int(processor.min_patches), processor.max_patches)


def _grids(processor: Any, config: Any, limits: PixelLimits) -> None:
    """LLaVA-NeXT, LLaVA-OneVision: the sizes to which an image may be enlarged."""
    sizes = [list(map(int, size)) for size in processor.image_grid_pinpoints]
    fitting = [size for size in sizes if size[0] * size[1] <= limits.max_pixels]
    kept = fitting or [min(sizes, key=lambda size: size[0] * size[1])]
    processor.image_grid_pinpoints = kept
    config.image_grid_pinpoints = kept  # the model computes the tiles of an image from it, too


RULES: Final[Mapping[str, Callable[[Any, Any, PixelLimits], None]]] = {
    "temporal_patch_size": _areas,
    "max_image_size": _edge_of_tiles,
    "max_patches": _number_of_tiles,
    "image_grid_pinpoints": _grids,
}
"""By the attribute that only this kind of processor has. The others (LLaVA, Gemma 3, Pixtral) give
an image one size, or scale it down only, and need no rule."""
