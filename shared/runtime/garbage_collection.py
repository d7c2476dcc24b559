"""Let the garbage collector skip the objects that live as long as the process."""

import gc
from typing import Final

YOUNG_OBJECTS: Final = 50_000
"""New objects until the collector looks at them. Python's 700 suit a small program: with thousands
of events in flight, half of the time of an event went into looking at the others."""
YOUNG_COLLECTIONS: Final = 20
OLD_COLLECTIONS: Final = 100


def skip_long_lived_objects() -> None:
    """Call it once, after the start: libraries, models and clients are never collected then.

    See `gc.freeze`. Objects that are created later are collected as usual, in larger steps.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_COLLECTIONS, OLD_COLLECTIONS)
