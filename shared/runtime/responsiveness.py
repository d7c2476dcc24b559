"""Keep the event loop responsive: collect garbage rarely, and switch between threads often."""

import gc
import sys
from typing import Final

YOUNG_OBJECTS: Final = 50_000
"""New objects until the collector looks at them. Python's 700 suit a small program: with thousands
of events in flight, half of the time of an event went into looking at the others."""
YOUNG_COLLECTIONS: Final = 20
OLD_COLLECTIONS: Final = 100
SWITCH_SECONDS: Final = 0.001
"""How long the thread of a model may hold the interpreter while the event loop waits for it. The
loop waits this long in every iteration; with Python's 5 ms that adds up to a second in a burst."""


def keep_event_loop_responsive() -> None:
    """Call it once, after the start: the objects of the start are never collected (`gc.freeze`)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, YOUNG_COLLECTIONS, OLD_COLLECTIONS)
    sys.setswitchinterval(SWITCH_SECONDS)
