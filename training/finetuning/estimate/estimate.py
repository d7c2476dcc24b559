"""Put an estimate together, and decide whether a run is plainly impossible."""

from dataclasses import dataclass
from typing import Any, Final

from training.finetuning.estimate.compute import Operations, operations, seconds
from training.finetuning.estimate.device import GIGABYTE, Device
from training.finetuning.estimate.memory import (
    ALLOCATOR,
    BFLOAT16,
    FLOAT32,
    Memory,
    Setup,
    memory,
)
from training.finetuning.estimate.shape import Shape, shape_of
from training.finetuning.estimate.workload import Workload, workload
from training.finetuning.run.config import AnyConfig, DpoConfig, GrpoConfig, SftConfig
from training.plots.progress import spell

FACTOR: Final = 1.5
"""The formula is within this factor of measured peaks (tests/training/finetuning/test_estimate.py).
A run is refused when even a peak that is smaller by this factor does not fit."""


@dataclass(frozen=True)
class Estimate:
    """The memory and the time of one run."""

    training: str
    shape: Shape
    work: Workload
    memory: Memory
    step: Operations
    device: Device
    steps: int
    processes: int

    @property
    def peak(self) -> int:
        """Bytes on one device, with what its allocator reserves."""
        return int(ALLOCATOR * self.memory.peak)

    @property
    def step_seconds(self) -> float:
        return seconds(self.step, self.device.speed)

    @property
    def impossible(self) -> str | None:
        """Why the run cannot work on the device, or None."""
        moving = self.memory.peak - self.memory.fixed_bytes
        least = self.memory.fixed_bytes + moving / FACTOR
        if least <= self.device.memory:
            return None
        return (
            f"the run needs about {_gigabytes(self.peak)} and at least {_gigabytes(least)}, but"
            f" {self.device.name} has {_gigabytes(self.device.memory)}: {_advice(self.memory)}"
        )

    def lines(self) -> list[str]:
        """The estimate for a terminal."""
        work = self.work
        parts = [
            *self.memory.fixed.items(),
            *((f"{name}, learning", size) for name, size in self.memory.learning.items()),
            *((f"{name}, generating", size) for name, size in self.memory.generating.items()),
        ]
        width = max(len(name) for name, _ in parts)
        each = f"{work.text_tokens} of text, {work.images} images of {work.image_tokens}"
        whole = self.steps * self.step_seconds
        return [
            f"{self.training.upper()} of {self.shape.name}"
            f" ({self.shape.weights / 1e9:.2f} billion weights) on {self.device.name}"
            + (f", {self.processes} of them" if self.processes > 1 else ""),
            f"largest row: {work.tokens} tokens ({each}, {work.answer_tokens} of the answer);"
            f" {work.rows} rows a pass, {work.passes} passes a step",
            *(f"  {name.ljust(width)}  {_gigabytes(size):>10}" for name, size in parts),
            f"peak: {_gigabytes(self.peak)} of {_gigabytes(self.device.memory)}, within a factor"
            f" of {FACTOR:g}",
            f"time: {self.step_seconds:.3g} s a step with the largest rows, {spell(whole)} for"
            f" {self.steps} steps ({self.device.source})",
        ]

    def as_json(self) -> dict[str, Any]:
        """Bytes, operations and seconds."""
        return {
            "training": self.training,
            "shape": self.shape.name,
            "weights": self.shape.weights,
            "device": self.device.name,
            "processes": self.processes,
            "tokens": self.work.tokens,
            "memory": {
                "fixed": dict(self.memory.fixed),
                "learning": dict(self.memory.learning),
                "generating": dict(self.memory.generating),
                "peak": self.peak,
                "available": self.device.memory,
            },
            "operations_per_step": self.step.total,
            "seconds_per_step": self.step_seconds,
            "seconds": self.steps * self.step_seconds,
            "impossible": self.impossible,
        }


def estimate(
    config: AnyConfig,
    device: Device,
    *,
    on_cpu: bool,
    shape: str | None = None,
    image_side: int | None = None,
    processes: int = 1,
    sharded: bool = False,
) -> Estimate:
    """The estimate of a configuration; raises `UnknownShape` and `BadCheckpoint`.

    `sharded` divides the weights between the processes, as FSDP and ZeRO-3 do.
    """
    grpo = isinstance(config, GrpoConfig)
    model = shape_of(config.policy.base, shape)
    work = workload(config, model, image_side=image_side)
    setup = Setup(
        rank=config.policy.rank,
        precision=BFLOAT16 if config.policy.precision == "bfloat16" else FLOAT32,
        checkpointing=config.policy.gradient_checkpointing,
        on_cpu=on_cpu,
        shards=processes if sharded else 1,
        with_reward_model=grpo,
        shares_prompts=processes == 1,
    )
    return Estimate(
        _NAMES[type(config)], model, work, memory(model, work, setup),
        operations(model, work, setup), device, config.run.steps, processes,
    )  # fmt: skip


_NAMES = {SftConfig: "sft", GrpoConfig: "grpo", DpoConfig: "dpo"}


def _advice(sizes: Memory) -> str:
    largest = max(
        ({**sizes.fixed, **sizes.learning, **sizes.generating}).items(), key=lambda part: part[1]
    )[0]
    advice = {
        "weights": "use a smaller model, bfloat16, or shard it over several GPUs"
        " (training/configs/accelerate)",
        "reward model": "use a smaller reward_model",
        "activations": "lower optimizing.batch and raise accumulation, or set"
        " policy.gradient_checkpointing",
        "KV cache": "lower optimizing.batch x accumulation, or max_completion_length",
    }
    return f"the largest part is: {largest}; {advice.get(largest, 'lower optimizing.batch')}"


def _gigabytes(size: float) -> str:
    return f"{size / GIGABYTE:.2f} GB"
