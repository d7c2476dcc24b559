"""Turn several predictions of one person's taste into weighted words, by vote."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeVar

from shared.taste import ELEMENTS, MAX_WORDS, Element, Taste, TasteSide, WeightedWord, Words
from shared.vlm.protocol import PredictedTaste

GROUP_SIZE: Final = 5
"""References of a side that one prediction looks at: the paper's number (arXiv 2511.00609)."""
T = TypeVar("T")


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


def taste_by_vote(predictions: Sequence[PredictedTaste]) -> Taste:
    """Each word with the share of predictions that name it; a tie between the sides is neither."""
    likes = {e: Counter(w for p in predictions for w in p.likes.get(e, ())) for e in ELEMENTS}
    dislikes = {e: Counter(w for p in predictions for w in p.dislikes.get(e, ())) for e in ELEMENTS}
    return Taste(
        preference=_side(likes, against=dislikes, voters=len(predictions)),
        non_preference=_side(dislikes, against=likes, voters=len(predictions)),
    )


def _side(
    votes: dict[Element, Counter[str]], *, against: dict[Element, Counter[str]], voters: int
) -> TasteSide:
    return TasteSide.model_validate(
        {e.value: _words(votes[e], against=against[e], voters=voters) for e in ELEMENTS}
    )


def _words(votes: Counter[str], *, against: Counter[str], voters: int) -> Words:
    won = [(word, count) for word, count in votes.items() if count > against[word]]
    strongest = sorted(won, key=lambda pair: (-pair[1], pair[0]))[:MAX_WORDS]
    return tuple(
        WeightedWord(word=word, weight=round(count / voters, 4), count=count)
        for word, count in strongest
    )
