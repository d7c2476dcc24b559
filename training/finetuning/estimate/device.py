"""What a device can do: the data sheets of common GPUs, and this machine, measured."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from training.finetuning.estimate.compute import USED_SHARE, Speed

GIGABYTE: Final = 10**9
MEASURED_SIDE: Final = 1024
MEASURED_SECONDS: Final = 0.5
CPU_BYTES: Final = 1.0e10
"""Bytes a second from the memory of a small machine."""


@dataclass(frozen=True)
class Device:
    """A device, with the rates that an estimate counts on."""

    name: str
    memory: int
    """Bytes."""
    speed: Speed
    source: str
    """Where the rates come from."""


def _gpu(name: str, *, gigabytes: float, teraflops: float, terabytes: float) -> Device:
    speed = Speed(USED_SHARE * teraflops * 1e12, terabytes * 1e12)
    source = f"{teraflops:g} TFLOP/s in bfloat16 by its data sheet, of which {USED_SHARE:.0%} count"
    return Device(name, int(gigabytes * GIGABYTE), speed, source)


GPUS: Final[Mapping[str, Device]] = {
    device.name: device
    for device in (
        _gpu("h200", gigabytes=141, teraflops=989, terabytes=4.8),
        _gpu("h100", gigabytes=80, teraflops=989, terabytes=3.35),
        _gpu("a100", gigabytes=80, teraflops=312, terabytes=2.0),
        _gpu("a100-40gb", gigabytes=40, teraflops=312, terabytes=1.55),
        _gpu("l40s", gigabytes=48, teraflops=362, terabytes=0.86),
        _gpu("a10", gigabytes=24, teraflops=125, terabytes=0.6),
        _gpu("rtx4090", gigabytes=24, teraflops=165, terabytes=1.0),
    )
}


def this_machine() -> Device:
    """The GPU of this machine, or its CPU; the rate of its matrix products is measured."""
    import psutil
    import torch

    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        rate = measured_rate("cuda")
        listed = next((d for name, d in GPUS.items() if name in properties.name.lower()), None)
        return Device(
            properties.name, properties.total_memory,
            Speed(rate, listed.speed.bytes if listed else 1e12),
            f"{rate / 1e12:.1f} TFLOP/s measured here",
        )  # fmt: skip
    rate = measured_rate("cpu")
    return Device(
        "this CPU", psutil.virtual_memory().available, Speed(rate, CPU_BYTES),
        f"{rate / 1e9:.0f} GFLOP/s measured here",
    )  # fmt: skip


def measured_rate(device: str) -> float:
    """Operations a second of square matrix products, in the type of the training."""
    import torch

    side = MEASURED_SIDE if device == "cpu" else 8 * MEASURED_SIDE
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    matrix = torch.ones(side, side, dtype=dtype, device=device)
    products = 0
    torch.mm(matrix, matrix).sum().item()
    begin = time.perf_counter()
    while time.perf_counter() - begin < MEASURED_SECONDS:
        torch.mm(matrix, matrix)[0, 0].item()
        products += 1
    return products * 2 * side**3 / (time.perf_counter() - begin)
