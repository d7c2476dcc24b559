"""Split references into the groups that one prediction each is made from."""

from collections.abc import Sequence
from typing import Final, TypeVar

GROUP_SIZE: Final = 5
"""References per side that one prediction reads: the paper's number (arXiv 2511.00609)."""
T = TypeVar("T")


def reference_groups(
    liked: Sequence[T], disliked: Sequence[T], *, size: int = GROUP_SIZE
) -> list[tuple[Sequence[T], Sequence[T]]]:
    """Pairs of liked and disliked references, at most `size` per side, in order.

    The shorter side repeats, so that every prediction compares liked with disliked images.
    """
    liked_chunks, disliked_chunks = _chunks(liked, size), _chunks(disliked, size)
    count = max(len(liked_chunks), len(disliked_chunks))
    return [(_repeated(liked_chunks, n), _repeated(disliked_chunks, n)) for n in range(count)]


def _chunks(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _repeated(chunks: list[Sequence[T]], number: int) -> Sequence[T]:
    return chunks[number % len(chunks)] if chunks else ()
