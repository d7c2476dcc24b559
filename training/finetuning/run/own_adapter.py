"""Load the trained adapter of a checkpoint that also has a frozen reference."""

from collections.abc import Callable
from typing import Any


def with_own_adapter(trainer: Any) -> Callable[..., None]:
    """Load the trained adapter of a checkpoint as well.

    The library loads the adapters in a checkpoint's folders only: with a frozen reference beside
    it, the trained adapter, whose files are not in a folder of their own, is left out.
    """
    load = trainer._load_from_checkpoint

    def with_own(checkpoint: str, model: Any = None) -> None:
        load(checkpoint, model)
        trainer.model.load_adapter(checkpoint, trainer.model.active_adapter, is_trainable=True)

    return with_own
