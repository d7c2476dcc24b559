"""Dead letters for operators: find them, look at them, send them back or let them be.

    page = await letters(settings, Wanted(reason="internal_error"))
    await replay(settings, page.letters[0].id, by="operator-1")

The command line and the dashboard both go through here, so they agree about what is open.
"""

from shared.dead_letters.dead_letter import Letter, Wanted
from shared.dead_letters.operations import (
    Outcome,
    drop,
    drop_all,
    letter,
    letters,
    replay,
    replay_all,
    several,
    totals,
)
from shared.dead_letters.reading import BadCursor, NoSuchLetter, Page
from shared.dead_letters.record_cache import Known
from shared.dead_letters.resolve import AlreadyResolved, CannotReplay

__all__ = [
    "AlreadyResolved",
    "BadCursor",
    "CannotReplay",
    "Known",
    "Letter",
    "NoSuchLetter",
    "Outcome",
    "Page",
    "Wanted",
    "drop",
    "drop_all",
    "letter",
    "letters",
    "replay",
    "replay_all",
    "several",
    "totals",
]
