"""Scored images made without a model, for tests of the steps after scoring."""

from collections.abc import Sequence

from PIL import Image

from services.assessor.steps.scoring import scored_by_description
from services.assessor.steps.state import LoadedCandidate, ScoredImage
from shared.domain.taste import ELEMENTS
from shared.events import Candidate
from shared.images.loader import LoadedImage

PIXELS = Image.new("RGB", (1, 1))


def scored_image(name: str, total: float, *, author: str | None = None) -> ScoredImage:
    """An image with this total; its content hash is its name."""
    uri = f"https://example.com/{name}.png"
    loaded = LoadedCandidate(
        Candidate(image_id=name, uri=uri, author_id=author), LoadedImage(uri, name, PIXELS)
    )
    return scored_by_description(loaded, dict.fromkeys(ELEMENTS, total / len(ELEMENTS)))


def names(images: Sequence[ScoredImage]) -> str:
    """The image ids, joined."""
    return "".join(image.image_id for image in images)
