"""Open the engine that serves a model folder, for the commands that measure it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from shared.vlm.engine.batching_engine import BatchingEngine

SHIPPED: Final = Path("shared/nano")
SEED: Final = 20260
"""Default seed of the commands; the figures in LOG.md are measured with it."""


@contextmanager
def serving_model(folder: Path, *, threads: int = 0) -> "Iterator[BatchingEngine]":
    """The loaded engine, closed afterwards; `threads` 0 leaves their number to torch."""
    from shared.vlm.engine.batching_engine import load_model  # loads transformers: not for --help
    from shared.vlm.settings import ModelSettings

    model = load_model(ModelSettings(model=folder, model_threads=threads))
    try:
        yield model
    finally:
        model.close()
