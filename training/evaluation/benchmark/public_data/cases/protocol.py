"""Hold the numbers of the protocol, and draw by hash, so that the order of rows has no effect."""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Final

SPARE_REFERENCES: Final = 3
"""Further references of a side that are kept in case that some images are broken."""


@dataclass(frozen=True)
class Protocol:
    """How cases are made; `summary.json` repeats every number."""

    references: int = 5
    """Images of a side that a user needs: five, as in the paper (arXiv 2511.00609)."""
    pairs: int = 20
    """Most judged pairs of a user: one user must not dominate the benchmark."""
    margin: float = 2.0
    """Least difference of two scores that makes a pair: two of the five points of PAMELA and
    FLICKR-AES. The same person often rates the same image one point higher or lower."""
    judged_share: float = 0.5
    """Share of a user's images (choices: of the prompts) that is judged; the rest gives
    references."""
    users: int | None = None
    """Most users, drawn by the seed; None for all."""
    seed: int = 0

    def as_json(self) -> dict[str, int | float | None]:
        return asdict(self)


def draw(seed: int, *parts: str) -> int:
    """A number that only the seed and these texts decide, 0 to 2^64 - 1.

    An image's path counts by the name of its file: the same data in another folder give the same.
    """
    names = (PurePath(part).name if PurePath(part).is_absolute() else part for part in parts)
    text = "\x1f".join((str(seed), *names))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big")


def shuffled(values: Iterable[str], seed: int, *parts: str) -> list[str]:
    """The values in an order that only the seed, `parts` and the values decide."""
    return sorted(set(values), key=lambda value: (draw(seed, *parts, value), value))


def drawn_users(users: Iterable[str], protocol: Protocol) -> list[str]:
    """At most `protocol.users` of the users, sorted."""
    return sorted(shuffled(users, protocol.seed, "users")[: protocol.users])
