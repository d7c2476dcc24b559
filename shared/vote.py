"""Turn several predictions of one person's taste into weighted words, by vote."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from shared.taste import ELEMENTS, MAX_WORDS, Element, Taste, TasteSide, WeightedWord, Words
from shared.vlm.protocol import PredictedTaste

GROUP_SIZE: Final = 5
"""References of a side that one prediction looks at: the paper's number (arXiv 2511.00609)."""
LEAST: Final = 0.2
"""A word with fewer votes than this share of its element's strongest word is left out as chance."""
T = TypeVar("T")


@dataclass(frozen=True)
class Voice:
    """How much one prediction's words count, a side. From 0."""

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
    """Each word with its share of the voices; what more voices put on the other side is left out.

    Of several predictions, one that names two words for an element gives half a vote to each: the
    images that it has seen do not agree. Without `voices` all have the same; else one for each.
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
    return TasteSide.model_validate({e.value: _words(said, against, e) for e in ELEMENTS})


def _words(said: _Said, against: _Said, element: Element) -> Words:
    votes, others = _votes(said, element), _votes(against, element)
    won = {word: vote for word, vote in votes.items() if vote > others.get(word, 0.0)}
    least = LEAST * max(won.values(), default=0.0)
    strongest = sorted(
        (word for word, vote in won.items() if vote >= least), key=lambda word: (-won[word], word)
    )
    return tuple(_weighed(word, said, element) for word in strongest[:MAX_WORDS])


def _votes(said: _Said, element: Element) -> dict[str, float]:
    votes: dict[str, float] = defaultdict(float)
    for told, voice in said:
        words = told.get(element, ())
        for word in words:
            votes[word] += voice / len(words) if len(said) > 1 else voice
    return votes


def _weighed(word: str, said: _Said, element: Element) -> WeightedWord:
    naming = [voice for told, voice in said if word in told.get(element, ())]
    share = sum(naming) / sum(voice for _, voice in said)
    return WeightedWord(word=word, weight=round(share, 4), count=len(naming))
