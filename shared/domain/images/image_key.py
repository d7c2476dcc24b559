"""Name one image of one tenant."""

from typing import NamedTuple


class ImageKey(NamedTuple):
    """An image id is unique only inside its tenant, so code that keeps images keeps both."""

    tenant: str
    image_id: str
