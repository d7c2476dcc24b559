"""Compare words for subjects: forms of one word, and everyday names of one thing, are equal."""

from collections.abc import Mapping
from typing import Final

from shared.domain.word_forms import canonical

SAME: Final[Mapping[str, str]] = {
    "airplane": "aircraft",
    "aeroplane": "aircraft",
    "plane": "aircraft",
    "ship": "boat",
    "bike": "bicycle",
    "motorbike": "motorcycle",
    "automobile": "car",
    "lorry": "truck",
    "cow": "cattle",
    "kitten": "cat",
    "puppy": "dog",
    "bunny": "rabbit",
    "monkey": "primate",
    "ape": "primate",
    "shore": "coast",
    "beach": "coast",
    "blossom": "flower",
}
"""The word of the image encoder for what users call otherwise."""


def subject_form(word: str) -> str:
    """One form for all names of a subject, to compare words: `Planes` and `aircraft`."""
    form = canonical(word)
    return SAME.get(form, form)


def subject_names(word: str) -> tuple[str, ...]:
    """The names under which the image encoder may have stored what the word names."""
    form = subject_form(word)
    others = (name for name, same in SAME.items() if same == form)
    return tuple(dict.fromkeys((form, " ".join(word.casefold().split()), *others)))
