"""Pixel limits bound the size of an image, and the tiles of models that enlarge images."""

from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

from shared.vlm.checkpoint.pixel_limits import MAX_PIXELS, PixelLimits
from shared.vlm.checkpoint.vision_config import VisionConfig
from shared.vlm.engine.inputs.tile_limits import limit_tiles
from shared.vlm.settings import ModelSettings


def limited(limits: PixelLimits, **attributes: Any) -> Any:
    """An image processor with these attributes, after the limits were set."""
    processor = SimpleNamespace(**attributes)
    limit_tiles(processor, SimpleNamespace(), limits)
    return processor


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((200, 100), (200, 100)),
        ((400, 200), (141, 70)),
        ((20, 10), (29, 15)),
        ((9000, 1), (283, 2)),
    ],
    ids=["within", "too large", "too small", "a strip"],
)
def test_an_image_is_scaled_into_the_limits_with_its_proportions(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    limits = PixelLimits(min_pixels=400, max_pixels=200 * 100 if max(size) < 300 else 10_000)
    scaled = limits.scaled(Image.new("L", size))
    assert scaled.mode == "RGB"
    assert abs(scaled.width - expected[0]) <= 1
    assert abs(scaled.height - expected[1]) <= 1


def test_a_checkpoints_own_limits_stay_where_they_are_closer() -> None:
    assert PixelLimits(100, 1_000).within(200, 800) == (200, 800)
    assert PixelLimits(300, 700).within(200, 800) == (300, 700)
    assert PixelLimits(None, 150).within(200, 800) == (150, 150)


def test_a_model_with_one_image_size_keeps_it_and_others_keep_proportions() -> None:
    one_size = VisionConfig(14, 2, 7_056, 7_056, (0.5,) * 3, (0.5,) * 3)
    assert one_size.limited(PixelLimits()) == one_size
    free = VisionConfig(14, 2, 56 * 56, 1_000 * 1_000, (0.5,) * 3, (0.5,) * 3)
    across, down = free.limited(PixelLimits(max_pixels=56 * 56)).size_for(400, 200)
    assert across == 2 * down


def test_areas_of_qwen_are_limited() -> None:
    size = {"shortest_edge": 3_136, "longest_edge": 12_845_056}
    processor = limited(PixelLimits(), temporal_patch_size=2, size=size)
    assert dict(processor.size) == {"shortest_edge": 3_136, "longest_edge": MAX_PIXELS}


@pytest.mark.parametrize(
    ("max_pixels", "edge", "splits"), [(MAX_PIXELS, 1_024, True), (600 * 600, 512, False)]
)
def test_smolvlm_gets_whole_tiles(max_pixels: int, edge: int, splits: bool) -> None:
    processor = limited(
        PixelLimits(max_pixels=max_pixels), max_image_size={"longest_edge": 512},
        size={"longest_edge": 2_048}, do_image_splitting=True,
    )  # fmt: skip
    assert dict(processor.size) == {"longest_edge": edge}
    assert processor.do_image_splitting is splits


@pytest.mark.parametrize(("max_pixels", "tiles"), [(MAX_PIXELS, 5), (448 * 448, 1), (10, 1)])
def test_internvl_gets_fewer_tiles(max_pixels: int, tiles: int) -> None:
    processor = limited(
        PixelLimits(max_pixels=max_pixels), max_patches=12, min_patches=1,
        size={"height": 448, "width": 448},
    )  # fmt: skip
    assert processor.max_patches == tiles


def test_the_grids_of_llava_are_limited_in_processor_and_model() -> None:
    grids = [[384, 768], [768, 768], [1_536, 1_536]]
    processor, config = SimpleNamespace(image_grid_pinpoints=grids), SimpleNamespace()
    limit_tiles(processor, config, PixelLimits())
    assert processor.image_grid_pinpoints == config.image_grid_pinpoints == grids[:2]
    limit_tiles(processor, config, PixelLimits(max_pixels=100))
    assert config.image_grid_pinpoints == grids[:1]


def test_the_settings_name_the_limits() -> None:
    assert ModelSettings().pixel_limits == PixelLimits(None, MAX_PIXELS)
    settings = ModelSettings(model_min_pixels=784, model_max_pixels=7_840)
    assert settings.pixel_limits == PixelLimits(784, 7_840)
    with pytest.raises(ValidationError, match="the least must not exceed the most"):
        ModelSettings(model_min_pixels=8_000, model_max_pixels=7_840)
