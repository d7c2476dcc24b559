"""Print where feedback on feeds changed what a user stated, and what became no reference."""

from shared.events import ProfileUpdated
from shared.events.types.taste_change import ignored_sentence


def history_lines(event: ProfileUpdated) -> list[str]:
    """The changes of stated words, the latest first, and the count of ignored feedback."""
    changes = [f"changed by feedback, {entry.dated}" for entry in reversed(event.history)]
    ignored = ignored_sentence(event.evidence.ignored)
    return [*changes, ignored] if ignored else changes
