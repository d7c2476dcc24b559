"""Say the refusals that several sources of images share."""

from shared.domain.errors import Unavailable, Unprocessable
from shared.images.display_name import short


def too_many_bytes(uri: str, most: int) -> Unprocessable:
    return Unprocessable(
        "too_many_bytes", f"{short(uri)} has more than {most:,} bytes; send a smaller rendition"
    )


def too_slow(part: str, uri: str, *, seconds: float) -> Unavailable:
    return Unavailable(part, f"{short(uri)} did not arrive within {seconds:g} s")
