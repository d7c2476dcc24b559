"""Build the errors that several image sources share."""

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.display_name import short


def too_many_bytes(uri: str, max_bytes: int) -> Unprocessable:
    return Unprocessable(
        "too_many_bytes",
        f"{short(uri)} has more than {max_bytes:,} bytes; send a smaller rendition",
    )


def too_slow(part: str, uri: str, *, seconds: float) -> Unavailable:
    return Unavailable(part, f"{short(uri)} did not arrive within {seconds:g} s")
