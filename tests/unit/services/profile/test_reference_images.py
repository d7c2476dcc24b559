"""A reference is kept by its address, and one that carries itself as a small copy."""

import base64
import io

from PIL import Image

from services.profile.feedback.reference_images import KEPT_SIDE, lasting_uri
from shared.images.loader import LoadedImage


def loaded(uri: str, size: tuple[int, int]) -> LoadedImage:
    return LoadedImage(uri, "hash", Image.effect_noise(size, 80).convert("RGB"))


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.removeprefix("data:image/webp;base64,"))))


def test_an_address_is_kept_as_it_is() -> None:
    assert lasting_uri(loaded("https://cdn.example/a.png", (900, 300))) == (
        "https://cdn.example/a.png"
    )


def test_an_image_that_carries_itself_becomes_small_and_keeps_its_shape() -> None:
    image = loaded("data:image/png;base64,AAAA", (1000, 500))
    small = opened(lasting_uri(image))
    assert small.size == (KEPT_SIDE, KEPT_SIDE // 2)
    assert image.pixels.size == (1000, 500)


def test_a_small_image_is_not_blown_up() -> None:
    assert opened(lasting_uri(loaded("data:image/png;base64,AAAA", (40, 20)))).size == (40, 20)


def test_the_same_image_is_kept_under_the_same_address() -> None:
    image = loaded("data:image/png;base64,AAAA", (500, 500))
    assert lasting_uri(image) == lasting_uri(image)
