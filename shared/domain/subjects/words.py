"""Name the subjects of a user: words that several references of one side share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import Field

from shared.domain.taste import MAX_WORDS, Value
from shared.domain.word_forms import canonical

Side = Literal["liked", "disliked"]
MIN_COUNT: Final = 2
"""References that must show a word: a word of one reference can be chance."""
MIN_SHARE: Final = 0.4
"""Share of the references of its side that must show a word."""
MIN_DIFFERENCE: Final = 0.3
"""Difference to the share of the other side: what both sides show is no taste."""
NARROW_SHARE: Final = 0.75
"""A narrow word (`bird`) is preferred to a broad one (`animal`) when it covers this share of the
references of the broad one."""
MAX_NAMED: Final = 3
"""Predicted words of one side."""
MAX_IMAGES: Final = 8
"""Image ids of one word, and examples of one side."""

ImageIds = Annotated[tuple[str, ...], Field(max_length=MAX_IMAGES)]


class ShownWord(Value):
    """A broad word for what one image shows, such as `bird`."""

    word: str = Field(min_length=1, max_length=64)
    probability: float = Field(ge=0, le=1)
    """Probability that the image encoder gives to the word."""


class SubjectWord(Value):
    """A word for what references of one side show."""

    word: str = Field(min_length=1, max_length=64)
    weight: float = Field(ge=0, le=1)
    """Share of the side's references that show it, 0-1; the user's own weight for a corrected
    word."""
    count: int = Field(default=0, ge=0)
    """References of the side that show it. 0 for a word that only a correction names."""
    image_ids: ImageIds = ()
    """Ids of references that show it, the latest first."""


class SubjectSide(Value):
    """What the references of one side show."""

    words: tuple[SubjectWord, ...] = Field(default=(), max_length=MAX_WORDS)
    """Words, strongest first. Empty where no word is sure: then the examples stand for them."""
    references: int = Field(default=0, ge=0)
    """References of the side that were looked at."""
    examples: ImageIds = ()
    """Ids of the most typical references of the side, the most typical first."""


class Subjects(Value):
    """What a user likes and dislikes to see."""

    preference: SubjectSide = SubjectSide()
    non_preference: SubjectSide = SubjectSide()


@dataclass(frozen=True)
class NamedReference:
    """A reference, and the words for what it shows: the narrowest first, none where not sure."""

    image_id: str
    side: Side
    words: tuple[str, ...]


def subjects_of(
    references: Sequence[NamedReference], *, examples: Mapping[Side, Sequence[str]] | None = None
) -> Subjects:
    """The subjects of a user. References come latest first; `examples` are ids of each side."""
    liked = [reference for reference in references if reference.side == "liked"]
    disliked = [reference for reference in references if reference.side == "disliked"]
    typical = examples or {}
    return Subjects(
        preference=_side(liked, disliked, typical.get("liked", ())),
        non_preference=_side(disliked, liked, typical.get("disliked", ())),
    )


def _side(
    own: Sequence[NamedReference], other: Sequence[NamedReference], examples: Sequence[str]
) -> SubjectSide:
    return SubjectSide(
        words=tuple(_shared_words(own, other)),
        references=len(own),
        examples=tuple(examples[:MAX_IMAGES]),
    )


def _shared_words(
    own: Sequence[NamedReference], other: Sequence[NamedReference]
) -> list[SubjectWord]:
    """Words that explain the references one after the other, the most frequent first."""
    chosen: list[SubjectWord] = []
    unexplained = list(own)
    while len(chosen) < MAX_NAMED:
        word = _next_word(own, other, unexplained)
        if word is None:
            break
        chosen.append(word)
        unexplained = [r for r in unexplained if not _shows(r, word.word)]
    return chosen


def _next_word(
    own: Sequence[NamedReference],
    other: Sequence[NamedReference],
    unexplained: Sequence[NamedReference],
) -> SubjectWord | None:
    """The narrowest of the words that explain most of the unexplained references."""
    depths: dict[str, list[int]] = {}
    for reference in unexplained:
        for depth, word in enumerate(reference.words):
            depths.setdefault(word, []).append(depth)
    counts = {
        word: len(places)
        for word, places in depths.items()
        if len(places) >= MIN_COUNT and _is_taste(word, own, other)
    }
    if not counts:
        return None
    enough = NARROW_SHARE * max(counts.values())
    narrowest = min(
        (word for word, count in counts.items() if count >= enough),
        key=lambda word: (sum(depths[word]) / len(depths[word]), -counts[word], word),
    )
    shown = [reference.image_id for reference in own if _shows(reference, narrowest)]
    return SubjectWord(
        word=narrowest,
        weight=round(len(shown) / len(own), 4),
        count=len(shown),
        image_ids=tuple(shown[:MAX_IMAGES]),
    )


def _is_taste(word: str, own: Sequence[NamedReference], other: Sequence[NamedReference]) -> bool:
    """Whether enough references of the side show the word, and clearly fewer of the other."""
    share, other_share = _share(word, own), _share(word, other)
    return share >= MIN_SHARE and share - other_share >= MIN_DIFFERENCE


def _share(word: str, references: Sequence[NamedReference]) -> float:
    if not references:
        return 0.0
    return sum(_shows(reference, word) for reference in references) / len(references)


def _shows(reference: NamedReference, word: str) -> bool:
    return canonical(word) in {canonical(shown) for shown in reference.words}
