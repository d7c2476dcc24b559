"""Turn several predictions of one person's taste into weighted words, by vote."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from shared.taste import ELEMENTS, MAX_WORDS, Element, Taste, TasteSide, WeightedWord, Words
from shared.vlm.protocol import PredictedTaste

GROUP_SIZE: Final = 5
"""References of a side that one prediction looks at: the paper's number (arXiv 2511.00609)."""
LEAST: Final = 0.4
"""A word with fewer votes than this share of its element's strongest word is left out as chance.
What was stated at one sitting stays: the second five of ten have .42 of the first five's say."""
T = TypeVar("T")


@dataclass(frozen=True)
class Voice:
    """How much one prediction's words count: what its references still say, a side. From 0."""

    likes: float = 1.0
    dislikes: float = 1.0


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
    """Each word with its share of the voices; a tie between the sides is neither.

    Without `voices` all predictions have the same; with them there is one for each.
    """
    heard = list(zip(predictions, voices or [PLAIN] * len(predictions), strict=True))
    likes = [(said.likes, voice.likes) for said, voice in heard]
    dislikes = [(said.dislikes, voice.dislikes) for said, voice in heard]
    return Taste(
        preference=_side(likes, against=dislikes), non_preference=_side(dislikes, against=likes)
    )


_Said = Sequence[tuple[Mapping[Element, tuple[str, ...]], float]]
"""What each prediction says of one side, and how much it counts."""


def _side(said: _Said, *, against: _Said) -> TasteSide:
    voters = sum(voice for _, voice in said)
    return TasteSide.model_validate(
        {
            e.value: _words(_votes(said, e), _votes(against, e), _namings(said, e), voters)
            for e in ELEMENTS
        }
    )


def _votes(said: _Said, element: Element) -> dict[str, float]:
    votes: dict[str, float] = defaultdict(float)
    for words, voice in said:
        for word in words.get(element, ()):
            votes[word] += voice
    return votes


def _namings(said: _Said, element: Element) -> Counter[str]:
    return Counter(word for words, _ in said for word in words.get(element, ()))


def _words(
    votes: Mapping[str, float], against: Mapping[str, float], namings: Counter[str], voters: float
) -> Words:
    won = {word: vote for word, vote in votes.items() if vote > against.get(word, 0.0)}
    least = LEAST * max(won.values(), default=0.0)
    strongest = sorted(
        (word for word, vote in won.items() if vote >= least), key=lambda word: (-won[word], word)
    )
    return tuple(
        WeightedWord(word=word, weight=round(won[word] / voters, 4), count=namings[word])
        for word in strongest[:MAX_WORDS]
    )
