"""A reference keeps its image's address; a `data:` image is stored as a small copy."""

import base64
import io

from PIL import Image

from services.profile.feedback.new_reference import COPY_SIDE, persistent_uri
from shared.images.loader import LoadedImage


def loaded(uri: str, size: tuple[int, int]) -> LoadedImage:
    return LoadedImage(uri, "hash", Image.effect_noise(size, 80).convert("RGB"))


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/webp;base64,"))))


def test_an_ordinary_address_is_unchanged() -> None:
    assert persistent_uri(loaded("https://cdn.example/a.png", (900, 300))) == (
        "https://cdn.example/a.png"
    )


def test_a_data_image_becomes_small_and_keeps_its_aspect_ratio() -> None:
    image = loaded("data:image/png;base64,AAAA", (1000, 500))
    small = opened(persistent_uri(image))
    assert small.size == (COPY_SIDE, COPY_SIDE // 2)
    assert image.pixels.size == (1000, 500)


def test_a_small_data_image_is_not_enlarged() -> None:
    assert opened(persistent_uri(loaded("data:image/png;base64,AAAA", (40, 20)))).size == (40, 20)


def test_the_same_data_image_always_gives_the_same_address() -> None:
    image = loaded("data:image/png;base64,AAAA", (500, 500))
    assert persistent_uri(image) == persistent_uri(image)
