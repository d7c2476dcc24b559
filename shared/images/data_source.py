"""Read an image from a `data:` address, which contains it."""

import base64
import binascii
from urllib.parse import unquote_to_bytes

from shared.domain.errors import Unprocessable
from shared.images.display_name import short
from shared.images.refusals import too_many_bytes


def read_data(uri: str, *, max_bytes: int) -> bytes:
    """The bytes of a `data:image/...;base64,...` address; raises `Unprocessable`."""
    head, comma, body = uri.partition(",")
    kind, *parameters = head[len("data:") :].lower().split(";")
    if not comma or not kind.startswith("image/") or "base64" not in parameters:
        raise Unprocessable(
            "bad_data_uri", f"{short(uri)} is not of the form data:image/png;base64,..."
        )
    # Percent escapes (%2B for +) lengthen the text: this is the smallest possible size.
    if (len(body) - 2 * body.count("%")) * 3 // 4 > max_bytes + 3:
        raise too_many_bytes(uri, max_bytes)
    try:
        data = base64.b64decode(unquote_to_bytes(body), validate=True)
    # A lone surrogate, which JSON can contain, has no bytes.
    except (binascii.Error, UnicodeError) as error:
        raise Unprocessable(
            "bad_data_uri", f"{short(uri)} is not base64 after its comma"
        ) from error
    if len(data) > max_bytes:
        raise too_many_bytes(uri, max_bytes)
    return data
