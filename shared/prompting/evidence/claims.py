"""Find what speaks for and against an image: shared words, and references that move its score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.domain.word_forms import canonical, is_unknown
from shared.embedding.images.reference_effects import MIN_EFFECT
from shared.events.types.evidence import Aspect, ReferenceSide

MIN_CONFIDENCE: Final = 0.5
"""A word of which the model is less sure is not named."""
MIN_SHARE: Final = 0.3
"""Share of a side's references that must show a word: a word of one in five can be chance."""
MIN_DIFFERENCE: Final = 0.2
"""Least difference of that share between the two sides: a word of both explains nothing."""
MIN_LIKED_SHARE: Final = 0.5
"""Share of the likes that must show a word before the lack of it is named."""
SIDES: Final[tuple[tuple[ReferenceSide, float], ...]] = (("liked", 1.0), ("disliked", -1.0))
"""Each side, and the direction in which its references move the score."""


@dataclass(frozen=True)
class SeenWord:
    """A word of the image, and how sure the model is that its element is liked or disliked."""

    element: Aspect
    word: str
    liked: float
    """Probability of a liking score, 4 or 5."""
    disliked: float
    """Probability of a disliking score, 0 or 1."""
    below_neutral: float = 0.0
    """Probability of a score of at most 2."""


@dataclass(frozen=True)
class KnownReference:
    """One reference: its words by element, and its effect on the subject score if it is known."""

    image_id: str
    side: ReferenceSide
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    similarity: float | None = None
    """Cosine of the vectors of image and reference."""
    effect: float | None = None
    """Points of the subject score that the reference alone adds."""
    resembles: bool = False
    """Whether the image shows the like of it, so that the score follows."""

    def shows(self, seen: SeenWord) -> bool:
        shown = {canonical(word) for word in self.words.get(seen.element, ())}
        return canonical(seen.word) in shown


@dataclass(frozen=True)
class WordClaim:
    """`red, as in 3 of your 5 likes`: a word of the image that the named references share."""

    seen: SeenWord
    side: ReferenceSide
    confidence: float
    shared_by: tuple[str, ...]
    """Ids of the references of the side that show the word."""
    of: int
    """Number of references of the side."""


@dataclass(frozen=True)
class InsteadClaim:
    """`muted, and you like vivid`: the image lacks the word that most likes show."""

    seen: SeenWord
    confidence: float
    liked_word: str


@dataclass(frozen=True)
class ResemblanceClaim:
    """`resembles 3 of your 5 likes`: without these references the score moves from their side."""

    side: ReferenceSide
    count: int
    of: int
    image_ids: tuple[str, ...]
    """Those that move the score even alone, strongest first."""


def word_claims(
    seen: Sequence[SeenWord], references: Sequence[KnownReference]
) -> list[WordClaim | InsteadClaim]:
    """A claim for each word that the references explain, surest first."""
    claims = (_word_claim(word, references) for word in seen if not is_unknown(word.word))
    explained = [claim for claim in claims if claim is not None]
    return sorted(explained, key=lambda claim: -claim.confidence)


def resemblance_claims(references: Sequence[KnownReference]) -> list[ResemblanceClaim]:
    """A claim for each side that the image resembles."""
    claims = []
    for side, sign in SIDES:
        own, _ = _split(references, side)
        resembling = [(sign * r.effect, r) for r in own if r.resembles and r.effect is not None]
        moving = [(points, r.image_id) for points, r in resembling if points >= MIN_EFFECT]
        if resembling:
            strongest = tuple(image_id for _, image_id in sorted(moving, key=lambda m: -m[0]))
            claims.append(ResemblanceClaim(side, len(resembling), len(own), strongest))
    return claims


def _word_claim(
    seen: SeenWord, references: Sequence[KnownReference]
) -> WordClaim | InsteadClaim | None:
    for side, _ in SIDES:
        own, other = _split(references, side)
        confidence = seen.liked if side == "liked" else seen.disliked
        share = _share_that_shows(seen, own)
        is_explained = share >= max(MIN_SHARE, _share_that_shows(seen, other) + MIN_DIFFERENCE)
        if confidence >= MIN_CONFIDENCE and is_explained:
            shared_by = tuple(r.image_id for r in own if r.shows(seen))
            return WordClaim(seen, side, confidence, shared_by, len(own))
    liked, _ = _split(references, "liked")
    liked_word = _frequent_word(liked, seen)
    lacks_it = liked_word is not None and not _share_that_shows(seen, liked)
    if liked_word and lacks_it and seen.below_neutral >= MIN_CONFIDENCE:
        return InsteadClaim(seen, seen.below_neutral, liked_word)
    return None


def _share_that_shows(seen: SeenWord, references: Sequence[KnownReference]) -> float:
    return sum(r.shows(seen) for r in references) / len(references) if references else 0.0


def _frequent_word(liked: Sequence[KnownReference], seen: SeenWord) -> str | None:
    """The word of this element that most likes show, or None where they do not agree."""
    spelling: dict[str, str] = {}
    counts: dict[str, int] = {}
    for reference in liked:
        words = {canonical(w): w for w in reference.words.get(seen.element, ())}
        for form, word in words.items():
            spelling.setdefault(form, word)
            counts[form] = counts.get(form, 0) + 1
    best = max(counts, key=lambda form: counts[form], default=None)
    if best is None or counts[best] < MIN_LIKED_SHARE * len(liked) or is_unknown(spelling[best]):
        return None
    return spelling[best]


def _split(
    references: Sequence[KnownReference], side: ReferenceSide
) -> tuple[list[KnownReference], list[KnownReference]]:
    """The references of the side, and those of the other side."""
    own = [r for r in references if r.side == side]
    return own, [r for r in references if r.side != side]
