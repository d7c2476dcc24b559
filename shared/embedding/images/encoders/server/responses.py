"""Read what a response of an embedding server means: its errors, and when to try again."""

import json
from typing import Final

from shared.domain.errors import Unavailable, Unprocessable

PART: Final = "embedding server"
MAX_MESSAGE_CHARACTERS: Final = 300
"""Of the server's error message: some messages repeat the request, which holds a user's image."""
RETRIED: Final = frozenset({429, 502, 503, 504})
REFUSED: Final = frozenset({400, 413, 415, 422})


class NotFound(Exception):
    """The server has no such route or model; the text is the server's message."""


def retry_seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds; None for a date or nonsense."""
    try:
        seconds = float(header) if header else None
    except ValueError:
        return None
    return seconds if seconds is not None and 0 <= seconds < float("inf") else None


def error_for(status: int, message: str, *, address: str) -> Exception:
    """The error that a status other than 200 means for the request."""
    if status == 404:
        return NotFound(message)
    if status in (401, 403):
        return Unavailable(
            PART,
            f"{address} refuses our key ({status}); put the key with which the server was started"
            " into PREFERSTREAM_IMAGE_ENCODER_SERVER_KEY",
        )
    if status in REFUSED:
        return Unprocessable(
            "image_refused_by_encoder", f"{address} cannot encode this image ({status}): {message}"
        )
    if 300 <= status < 400:
        return Unavailable(
            PART, f"{address} redirects the request ({status}); name the server's own address"
        )
    return Unavailable(PART, f"{address} answers {status}: {message}")


def message_of(text: str) -> str:
    """The server's message, from JSON in either of two layouts or from plain text."""
    try:
        payload = json.loads(text)
        message = payload["error"]["message"] if "error" in payload else payload["detail"]
    except (ValueError, KeyError, TypeError):
        message = text
    return " ".join(str(message).split())[:MAX_MESSAGE_CHARACTERS]
