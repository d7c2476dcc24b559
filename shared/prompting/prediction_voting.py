"""Turn several predictions of one person's taste into weighted words, by vote."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from shared.domain.taste import ELEMENTS, MAX_WORDS, Element, Taste, TasteSide, WeightedWord, Words
from shared.vlm.protocol import PredictedTaste

GROUP_SIZE: Final = 5
"""References of a side that one prediction looks at: the paper's number (arXiv 2511.00609)."""
LEAST: Final = 0.2
"""A word with fewer votes than this share of its element's strongest word is left out as chance."""
T = TypeVar("T")
Backing = Mapping[Element, Mapping[str, float]]
"""How much of a voice single words have, 0-1; a word that is missing has all of it."""


@dataclass(frozen=True)
class Voice:
    """How much one prediction's words count, a side. From 0."""

    likes: float = 1.0
    dislikes: float = 1.0
    likes_backing: Backing = field(default_factory=dict)
    dislikes_backing: Backing = field(default_factory=dict)


PLAIN: Final = Voice()


def groups(
    liked: Sequence[T], disliked: Sequence[T], *, size: int = GROUP_SIZE
) -> list[tuple[Sequence[T], Sequence[T]]]:
    """References in groups of at most `size` a side, in order.

    The shorter side starts over, so that every prediction sees likes against dislikes.
    """
    ups, downs = _chunks(liked, size), _chunks(disliked, size)
    count = max(len(ups), len(downs))
    return [(_cyclic(ups, n), _cyclic(downs, n)) for n in range(count)]


def _chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def _cyclic(chunks: list[Sequence[T]], number: int) -> Sequence[T]:
    return chunks[number % len(chunks)] if chunks else ()


def taste_by_vote(
    predictions: Sequence[PredictedTaste], voices: Sequence[Voice] | None = None
) -> Taste:
    """Each word with its share of the voices; what more voices put on the other side is left out.

    Of several predictions, one that names two words for an element gives half a vote to each: the
    images that it has seen do not agree. Without `voices` all have the same; else one for each.
    """
    heard = list(zip(predictions, voices or [PLAIN] * len(predictions), strict=True))
    likes = [_Told(said.likes, voice.likes, voice.likes_backing) for said, voice in heard]
    dislikes = [
        _Told(said.dislikes, voice.dislikes, voice.dislikes_backing) for said, voice in heard
    ]
    return Taste(
        preference=_side(likes, against=dislikes), non_preference=_side(dislikes, against=likes)
    )


@dataclass(frozen=True)
class _Told:
    """What one prediction says of one side, and how much it counts."""

    words: Mapping[Element, tuple[str, ...]]
    voice: float
    backing: Backing

    def counts(self, word: str, element: Element) -> float:
        return self.voice * self.backing.get(element, {}).get(word, 1.0)


def _side(told: Sequence[_Told], *, against: Sequence[_Told]) -> TasteSide:
    return TasteSide.model_validate({e.value: _words(told, against, e) for e in ELEMENTS})


def _words(told: Sequence[_Told], against: Sequence[_Told], element: Element) -> Words:
    votes, others = _votes(told, element), _votes(against, element)
    won = {word: vote for word, vote in votes.items() if vote > others.get(word, 0.0)}
    least = LEAST * max(won.values(), default=0.0)
    strongest = sorted(
        (word for word, vote in won.items() if vote >= least), key=lambda word: (-won[word], word)
    )
    return tuple(_weighed(word, told, element) for word in strongest[:MAX_WORDS])


def _votes(told: Sequence[_Told], element: Element) -> dict[str, float]:
    votes: dict[str, float] = defaultdict(float)
    for one in told:
        words = one.words.get(element, ())
        for word in words:
            votes[word] += one.counts(word, element) / (len(words) if len(told) > 1 else 1)
    return votes


def _weighed(word: str, told: Sequence[_Told], element: Element) -> WeightedWord:
    naming = [one.voice for one in told if word in one.words.get(element, ())]
    share = sum(naming) / sum(one.voice for one in told)
    return WeightedWord(word=word, weight=round(share, 4), count=len(naming))
