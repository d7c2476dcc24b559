"""Assessed images without a model, for tests of what happens to them afterwards."""

from PIL import Image

from services.assessor.steps.feed_items import Assessed, by_description
from services.assessor.steps.loading import Entry
from shared.domain.taste import ELEMENTS
from shared.events import Candidate
from shared.images.loader import LoadedImage

PIXELS = Image.new("RGB", (1, 1))


def assessed(name: str, total: float, *, author: str | None = None) -> Assessed:
    """An image of that total, its content hash its name."""
    uri = f"https://example.com/{name}.png"
    entry = Entry(
        Candidate(image_id=name, uri=uri, author_id=author), LoadedImage(uri, name, PIXELS)
    )
    return by_description(entry, dict.fromkeys(ELEMENTS, total / len(ELEMENTS)))


def names(slate: list[Assessed]) -> str:
    return "".join(one.entry.image_id for one in slate)
