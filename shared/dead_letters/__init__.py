"""Dead letters for operators: find them, show them, replay them or drop them.

    page = await find_dead_letters(settings, DeadLetterFilter(reason="internal_error"))
    await replay(settings, page.letters[0].id, by="operator-1")

The command line and the dashboard both use these functions, so they agree about what is open.
"""

from shared.dead_letters.dead_letter import DeadLetter, DeadLetterFilter
from shared.dead_letters.operations import (
    Outcome,
    drop,
    drop_all,
    find_dead_letters,
    get_dead_letter,
    get_dead_letters,
    replay,
    replay_all,
)
from shared.dead_letters.queries import DeadLetterNotFound, InvalidCursor, Page
from shared.dead_letters.record_cache import DeadLetterCache
from shared.dead_letters.replay_rules import AlreadyResolved, CannotReplay

__all__ = [
    "AlreadyResolved",
    "CannotReplay",
    "DeadLetter",
    "DeadLetterCache",
    "DeadLetterFilter",
    "DeadLetterNotFound",
    "InvalidCursor",
    "Outcome",
    "Page",
    "drop",
    "drop_all",
    "find_dead_letters",
    "get_dead_letter",
    "get_dead_letters",
    "replay",
    "replay_all",
]
