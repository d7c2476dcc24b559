"""Print what images and references show: words with their counts, or typical references."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from shared.domain.subjects.element import SUBJECT
from shared.domain.subjects.forms import subject_form
from shared.domain.subjects.words import ShownWord, Subjects, SubjectSide
from shared.events import ProfileUpdated

SHOWN_EXAMPLES: Final = 4
"""References that stand for a side whose subject has no word."""


def shown_subject(words: Sequence[ShownWord]) -> str:
    """The narrowest word for what an image shows: `bird`; `-` where the encoder is not sure."""
    return words[0].word if words else "-"


def unseen_pins(event: ProfileUpdated, word: str) -> list[str]:
    """A note for a pinned subject that no reference of the user shows."""
    if event.subjects is None:
        return []
    sides = (event.subjects.preference, event.subjects.non_preference)
    pinned = [w for side in sides for w in side.words if subject_form(w.word) == subject_form(word)]
    if not pinned or any(item.count for item in pinned):
        return []
    return [
        f"none of this user's references is named {word}; the word acts on images that the image"
        " encoder names so"
    ]


def with_file_names(subjects: Subjects) -> Subjects:
    """The subjects with names of files instead of their paths as examples."""

    def named(side: SubjectSide) -> SubjectSide:
        names = tuple(Path(example).name for example in side.examples)
        return side.model_copy(update={"examples": names})

    return Subjects(
        preference=named(subjects.preference), non_preference=named(subjects.non_preference)
    )


def subject_row(subjects: Subjects) -> tuple[str, str, str]:
    """The row of the subject in a table of a taste."""
    preference, non_preference = subjects.preference, subjects.non_preference
    return (
        SUBJECT.label, _subject_side(preference, "likes"), _subject_side(non_preference, "dislikes")
    )  # fmt: skip


def _subject_side(side: SubjectSide, name: str) -> str:
    """Words with their counts, or the typical references: `bird (4 of 5 likes)`."""
    if side.words:
        return ", ".join(
            f"{word.word} ({word.count} of {side.references} {name})" for word in side.words
        )
    if side.examples:
        return f"like {', '.join(side.examples[:SHOWN_EXAMPLES])}"
    return "(unknown)"
