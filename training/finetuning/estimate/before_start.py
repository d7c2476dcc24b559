"""Print the estimate of a run before it starts, and refuse one that plainly cannot work."""

import os
import sys

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from training.finetuning.estimate.device import this_machine
from training.finetuning.estimate.estimate import estimate
from training.finetuning.estimate.shape import UnknownShape
from training.finetuning.run.config import AnyConfig, BadConfig

SHARDING_VARIABLES = ("ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED")
"""`accelerate launch` sets them in every process."""


def check_before_start(config: AnyConfig, *, force: bool) -> None:
    """Print to standard error; raises `BadConfig` for an impossible run, unless forced.

    Of several processes only the first one measures and checks: a launcher ends all when one fails.
    """
    import torch

    if os.environ.get("RANK", "0") != "0":
        return
    try:
        estimated = estimate(
            config, this_machine(),
            on_cpu=not torch.cuda.is_available(),
            processes=int(os.environ.get("WORLD_SIZE", "1")),
            sharded=any(os.environ.get(name) == "true" for name in SHARDING_VARIABLES),
        )  # fmt: skip
    except (UnknownShape, BadCheckpoint) as error:
        print(f"there is no estimate of memory and time: {error}", file=sys.stderr)
        return
    finally:
        torch.cuda.empty_cache()  # the matrices of the measurement
    print("\n".join(estimated.lines()), file=sys.stderr, flush=True)
    if estimated.impossible and not force:
        raise BadConfig(f"{estimated.impossible}; to start it all the same, give --force")
