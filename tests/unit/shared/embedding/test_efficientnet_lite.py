"""The layers of EfficientNet-Lite0 compute what their definition says, whatever their shortcuts."""

import pytest
import torch
from torch.nn import functional

from shared.embedding.images.efficientnet_lite import EfficientNetLite0, SameConv2d


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [3, 5])
def test_an_odd_pixel_of_padding_is_right_and_below(kernel: int, stride: int, side: int) -> None:
    torch.manual_seed(kernel + stride + side)
    layer = SameConv2d(2, 2, kernel, stride, groups=2, bias=False)
    pixels = torch.rand(1, 2, side, side)
    missing = max((-(-side // stride) - 1) * stride + kernel - side, 0)
    before, after = missing // 2, missing - missing // 2
    padded = functional.pad(pixels, (before, after, before, after))
    expected = functional.conv2d(padded, layer.weight, stride=stride, groups=2)
    assert torch.equal(layer(pixels), expected)
    assert expected.shape[-1] == -(-side // stride)


@torch.inference_mode()
def test_a_pass_changes_neither_its_input_nor_the_next_pass() -> None:
    torch.manual_seed(1)
    network = EfficientNetLite0().eval()
    pixels = torch.rand(1, 3, 64, 64)
    before = pixels.clone()
    first = network.features(pixels)
    assert torch.equal(network.features(pixels), first)
    assert torch.equal(pixels, before)


def test_folded_normalizations_change_no_feature() -> None:
    torch.manual_seed(3)
    network = EfficientNetLite0()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)  # type: ignore[union-attr, operator]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr, operator]
    network.eval()
    pixels = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        before = network.features(pixels)
        network.fold()
        after = network.features(pixels)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-3)
