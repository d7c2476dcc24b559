"""Read an image from a `data:` address, which contains it, as generously as browsers do.

Source: WHATWG Fetch, "data: URL processor"; WHATWG Infra, "forgiving-base64 decode".
"""

import base64
import re
import string
from typing import Final
from urllib.parse import unquote_to_bytes

from shared.domain.errors import Unprocessable
from shared.images.display_name import short
from shared.images.refusals import too_many_bytes

SCHEME: Final = "data:"
BASE64_MARK: Final = re.compile(r";\s*base64\s*(;|\Z)", re.IGNORECASE)
WHITE_SPACE: Final = b" \t\n\f\r"
URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
"""The alphabet for addresses and file names, which has no character in common with what it
replaces (RFC 4648, section 5)."""
ALPHABET: Final = (string.ascii_letters + string.digits + "+/").encode()
OUTSIDE: Final = re.compile(rb"[^A-Za-z0-9+/]")


def is_data_address(uri: str) -> bool:
    """Whether an address contains its image."""
    return uri[: len(SCHEME)].lower() == SCHEME


def read_data(uri: str, *, max_bytes: int) -> bytes:
    """The bytes of a `data:` address; raises `Unprocessable`.

    The bytes are base64, or percent-encoded when the address does not name base64. The content
    decides the format of the image, not the media type, which may be missing. Accepted are white
    space in base64, escapes, missing padding, and the alphabet for addresses.
    """
    head, comma, body = uri.partition(",")
    if not comma:
        raise Unprocessable(
            "bad_data_uri", f"{short(uri)} is not of the form data:image/png;base64,..."
        )
    encoded = _encoded(body.partition("#")[0], uri)
    if BASE64_MARK.search(head) is None:
        data = encoded
    else:
        text = encoded.translate(URL_SAFE, delete=WHITE_SPACE).rstrip(b"=")
        if len(text) * 3 // 4 > max_bytes:
            raise too_many_bytes(uri, max_bytes)
        data = _decoded(text, uri)
    if len(data) > max_bytes:
        raise too_many_bytes(uri, max_bytes)
    return data


def _encoded(body: str, uri: str) -> bytes:
    """The bytes after the comma, without percent escapes."""
    try:
        return unquote_to_bytes(body) if "%" in body else body.encode()
    # A lone surrogate, which JSON can contain, has no bytes.
    except UnicodeError as error:
        raise Unprocessable(
            "bad_data_uri", f"{short(uri)} is not base64 after its comma: it has a lone surrogate"
        ) from error


def _decoded(text: bytes, uri: str) -> bytes:
    # A search alone takes 70 ms for an image of 3 MB, in which no other thread of Python runs.
    outside = OUTSIDE.search(text) if text.translate(None, delete=ALPHABET) else None
    if outside is not None:
        character = text[outside.start() : outside.start() + 8].decode("utf-8", "replace")[:1]
        raise Unprocessable(
            "bad_data_uri",
            f"{short(uri)} is not base64 after its comma: it has {character!r} at character"
            f" {outside.start() + 1:,}",
        )
    if len(text) % 4 == 1:
        raise Unprocessable(
            "bad_data_uri",
            f"{short(uri)} is not base64 after its comma: its {len(text):,} characters end in the"
            " middle of a byte; was it cut off?",
        )
    return base64.b64decode(text + b"=" * (-len(text) % 4))
