"""Print the memory and the time of a training before it starts; the checkpoint may be missing.

python -m training.finetuning.estimate grpo --config training/configs/qwen-7b-grpo.toml \\
    --device h100 --image-side 448
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from training.finetuning.estimate.device import GIGABYTE, GPUS, Device, this_machine
from training.finetuning.estimate.estimate import estimate
from training.finetuning.estimate.shape import KNOWN, UnknownShape
from training.finetuning.run.config import (
    AnyConfig,
    BadConfig,
    DpoConfig,
    GrpoConfig,
    SftConfig,
    read_config,
)

IMPOSSIBLE, WRONG_USE = 1, 2
CONFIGS: Final[dict[str, type[SftConfig] | type[GrpoConfig] | type[DpoConfig]]] = {
    "sft": SftConfig,
    "grpo": GrpoConfig,
    "dpo": DpoConfig,
}


def main() -> int:
    """0 when the run can work, 1 when it plainly cannot, 2 for wrong use."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("training", choices=tuple(CONFIGS))
    parser.add_argument("--config", type=Path, required=True, help="a TOML file, as in configs/")
    parser.add_argument("--base", type=Path, help="instead of the file's policy.base")
    parser.add_argument("--shape", choices=tuple(KNOWN), help="instead of the base's config.json")
    parser.add_argument("--device", choices=("this", *GPUS), default="this", help="default: this")
    parser.add_argument("--gigabytes", type=float, help="memory of the device")
    parser.add_argument("--teraflops", type=float, help="rate that the training reaches")
    parser.add_argument("--image-side", type=int, help="pixels of the data's images")
    parser.add_argument("--processes", type=int, default=1, help="GPUs (1)")
    parser.add_argument("--sharded", action="store_true", help="FSDP or ZeRO-3")
    parser.add_argument("--json", action="store_true", help="print one line of JSON")
    options = parser.parse_args()
    try:
        config: AnyConfig = read_config(options.config, CONFIGS[options.training])
        if options.base is not None:
            policy = config.policy.model_copy(update={"base": options.base})
            config = config.model_copy(update={"policy": policy})
        device = _device(options)
        estimated = estimate(
            config, device, on_cpu=options.device == "this" and device.name == "this CPU",
            shape=options.shape, image_side=options.image_side, processes=options.processes,
            sharded=options.sharded,
        )  # fmt: skip
    except (BadConfig, BadCheckpoint, UnknownShape) as error:
        print(f"{error}.", file=sys.stderr)
        return WRONG_USE
    if options.json:
        print(json.dumps(estimated.as_json()))
    else:
        print("\n".join(estimated.lines()))
        if estimated.impossible:
            print(f"This cannot work: {estimated.impossible}.", file=sys.stderr)
    return IMPOSSIBLE if estimated.impossible else 0


def _device(options: argparse.Namespace) -> Device:
    device = this_machine() if options.device == "this" else GPUS[options.device]
    changes: dict[str, Any] = {}
    if options.gigabytes is not None:
        changes["memory"] = int(options.gigabytes * GIGABYTE)
    if options.teraflops is not None:
        changes["speed"] = replace(device.speed, operations=options.teraflops * 1e12)
        changes["source"] = f"{options.teraflops:g} TFLOP/s, as given"
    return replace(device, **changes)


if __name__ == "__main__":
    sys.exit(main())
