"""Images get the size and the patches that the transformers library gives them."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import Qwen2VLImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

from shared.vlm.checkpoint.vision_config import DEFAULT_MAX_PIXELS, DEFAULT_MIN_PIXELS, VisionConfig
from shared.vlm.engine.pixels import to_patches

LIMITS = [
    (DEFAULT_MIN_PIXELS, DEFAULT_MAX_PIXELS),
    (256 * 28 * 28, 512 * 28 * 28),
    (28 * 28, 8 * 28 * 28),
]


def vision(
    *, min_pixels: int = DEFAULT_MIN_PIXELS, max_pixels: int = DEFAULT_MAX_PIXELS, **fields: Any
) -> VisionConfig:
    limits = {"min_pixels": min_pixels, "max_pixels": max_pixels}
    colors = {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.25, 0.3)}
    return VisionConfig(**{"patch": 14, "merge": 2} | limits | colors | fields)


def noise(width: int, height: int) -> Image.Image:
    pixels = np.random.default_rng(width * 1_000 + height).integers(0, 256, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8))


@pytest.mark.parametrize("limits", LIMITS)
def test_sizes_follow_the_rule_of_the_library(limits: tuple[int, int]) -> None:
    min_pixels, max_pixels = limits
    rng = random.Random(3)
    sizes = [(rng.randint(28, 1500), rng.randint(28, 1500)) for _ in range(3_000)]
    for width, height in sizes:
        down, across = smart_resize(height, width, 28, min_pixels=min_pixels, max_pixels=max_pixels)
        config = vision(min_pixels=min_pixels, max_pixels=max_pixels)
        assert config.size_for(width, height) == (across, down)


def test_an_image_smaller_than_a_token_is_scaled_up() -> None:
    for width, height in ((1, 1), (5, 3), (27, 1), (1, 200)):
        across, down = vision().size_for(width, height)
        assert across % 28 == down % 28 == 0
        assert across * down >= DEFAULT_MIN_PIXELS


def test_a_very_long_strip_stays_within_the_limits() -> None:
    for width, height in ((100_000, 2), (3, 9_000), (1024, 1)):
        across, down = vision().size_for(width, height)
        assert min(across, down) >= 28
        assert across * down <= DEFAULT_MAX_PIXELS


@pytest.mark.parametrize("size", [(1, 1), (84, 84), (2_000, 30), (31, 900)])
def test_a_model_with_one_image_size_scales_every_image_to_a_square(size: tuple[int, int]) -> None:
    assert vision(min_pixels=7_056, max_pixels=7_056).size_for(*size) == (84, 84)


@pytest.mark.parametrize("size", [(84, 56), (300, 200), (57, 391), (28, 28)])
def test_patches_equal_those_of_the_library(size: tuple[int, int]) -> None:
    config = vision()
    library = Qwen2VLImageProcessorPil(image_mean=list(config.mean), image_std=list(config.std))(
        [noise(*size)], return_tensors="pt"
    )
    patches = to_patches([noise(*size)], config)
    assert patches.grids.tolist() == library["image_grid_thw"].tolist()
    assert patches.patches.shape == library["pixel_values"].shape
    assert torch.allclose(patches.patches, library["pixel_values"], atol=0.05)
    # Resizing may differ by one gray value; on average nothing is in another place.
    assert (patches.patches - library["pixel_values"]).abs().mean() < 0.005


def test_the_patches_of_one_token_are_adjacent_rows_first() -> None:
    # Each patch of the image is filled with its own number: four columns, two rows.
    numbers = np.arange(8).reshape(2, 4).repeat(14, axis=0).repeat(14, axis=1)
    image = Image.fromarray(np.stack([numbers] * 3, axis=-1).astype(np.uint8))
    plain = vision(min_pixels=1, mean=(0, 0, 0), std=(1, 1, 1))
    patches = to_patches([image], plain)
    assert patches.grids.tolist() == [[1, 2, 4]]
    assert (patches.patches * 255).round()[:, 0].int().tolist() == [0, 1, 4, 5, 2, 3, 6, 7]


def test_a_patch_has_the_two_frames_of_each_channel_together() -> None:
    color = Image.new("RGB", (28, 28), (10, 20, 30))
    plain = vision(min_pixels=1, mean=(0, 0, 0), std=(1, 1, 1))
    patch = (to_patches([color], plain).patches[0] * 255).round()
    assert patch.view(3, 2, 196).unique(dim=2).squeeze().tolist() == [[10, 10], [20, 20], [30, 30]]


def test_the_patches_of_several_images_follow_each_other() -> None:
    first, second = noise(84, 56), noise(112, 112)
    both = to_patches([first, second], vision())
    assert both.grids.tolist() == [[1, 4, 6], [1, 8, 8]]
    assert both.tokens == (6, 16)
    assert torch.equal(both.patches[:24], to_patches([first], vision()).patches)
    assert torch.equal(both.patches[24:], to_patches([second], vision()).patches)


def test_no_images_give_no_patches() -> None:
    none = to_patches([], vision())
    assert (none.patches.shape, none.grids.shape, none.tokens) == ((0, 1176), (0, 3), ())


def test_a_gray_image_is_converted_to_rgb() -> None:
    gray = noise(56, 56).convert("L")
    assert torch.equal(
        to_patches([gray], vision()).patches, to_patches([gray.convert("RGB")], vision()).patches
    )


@pytest.mark.parametrize(
    "limits",
    [
        {"min_pixels": 784, "max_pixels": 7_840},
        {"size": {"shortest_edge": 784, "longest_edge": 7_840}},
    ],
)
def test_limits_are_read_in_both_spellings(tmp_path: Path, limits: dict[str, Any]) -> None:
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(limits))
    config = VisionConfig.read(tmp_path)
    assert (config.min_pixels, config.max_pixels) == (784, 7_840)


def test_missing_settings_of_a_checkpoint_have_the_values_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "preprocessor_config.json").write_text("{}")
    config, library = VisionConfig.read(tmp_path), Qwen2VLImageProcessorPil()
    assert (config.patch, config.merge) == (library.patch_size, library.merge_size)
    assert (config.mean, config.std) == (tuple(library.image_mean), tuple(library.image_std))
    assert (config.min_pixels, config.max_pixels) == (DEFAULT_MIN_PIXELS, DEFAULT_MAX_PIXELS)
