"""An encoded image is written with the media type of its first bytes."""

import base64
from io import BytesIO

import pytest
from PIL import Image

from shared.images.file_types import data_uri, ending


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp"), ("GIF", "gif"), ("BMP", "bmp")],
)
def test_the_type_of_an_image_is_that_of_its_content(kind: str, expected: str) -> None:
    buffer = BytesIO()
    Image.new("RGB", (4, 4), "red").save(buffer, kind)
    image = buffer.getvalue()
    assert ending(image) == expected
    head, _, content = data_uri(image).partition(",")
    assert head == f"data:image/{expected};base64"
    assert base64.b64decode(content) == image


def test_an_unknown_format_is_written_as_png() -> None:
    assert ending(b"neither") == "png"
