"""The evidence for the score of one image: its words, and the references that speak for it."""

from typing import Annotated, Final, Literal

from pydantic import Field

from shared.domain.taste import Value
from shared.events.types.fields import Identifier, Text

MAX_NAMED: Final = 5
"""References that the evidence of an image names on each side: what a user looks at."""
ReferenceSide = Literal["liked", "disliked"]
Aspect = Literal["art_style", "color", "medium", "saturation", "detail", "subject"]
"""One of the five elements, or what the image shows."""
Word = Annotated[str, Field(min_length=1, max_length=64)]


class EvidenceWord(Value):
    """A word that the image shows, and how it counts for this user."""

    element: Aspect
    word: Word
    confidence: Annotated[float, Field(ge=0, le=1)]
    """Probability that the model gives to its judgement of the word."""
    side: ReferenceSide | None = None
    """The side whose references share the word; null where only another word is liked."""
    shared_by: Annotated[int, Field(ge=0)] = 0
    """Number of references of that side that share the word."""
    instead_of: Annotated[Word | None, Field(exclude_if=lambda word: word is None)] = None
    """The liked word of this element that the image does not show."""


class EvidenceReference(Value):
    """A reference of the user that speaks for or against the image."""

    image_id: Identifier
    side: ReferenceSide
    similarity: Annotated[float | None, Field(ge=-1, le=1)] = None
    """Cosine of the image vectors; null without an image encoder."""
    effect: Annotated[float | None, Field(ge=-5, le=5)] = None
    """Points of `subject` (0-5) that this reference alone adds: without it the score would be lower
    by this amount. Negative where it takes points away. Null where it is named for its words."""
    shared_words: tuple[Word, ...] = ()
    """Words of `words` that the reference shows too."""


class ItemEvidence(Value):
    """Why this image has its score, from what is known of this image and of this user."""

    text: Text
    """One sentence in English: `vivid colors, as in 4 of your 5 likes; but resembles 1 of
    your 3 dislikes`."""
    words: Annotated[tuple[EvidenceWord, ...], Field(max_length=8)] = ()
    """The words of the sentence."""
    supports: Annotated[tuple[EvidenceReference, ...], Field(max_length=MAX_NAMED)] = ()
    """Liked references that raise the score, strongest first."""
    against: Annotated[tuple[EvidenceReference, ...], Field(max_length=MAX_NAMED)] = ()
    """Disliked references that lower the score, strongest first."""
