"""Red and blue pictures, and a taste for red, for models that name colors."""

from typing import Final

from PIL import Image, ImageDraw

from shared.domain.taste import Taste, TasteSide, WeightedWord
from shared.vlm.protocol import ScoringInput


def picture(color: str, number: int = 0) -> Image.Image:
    image = Image.new("RGB", (64, 64), color)
    ImageDraw.Draw(image).rectangle((0, 0, number, 2), "gray")
    return image


RED: Final = tuple(picture("#e01010", n) for n in range(5))
BLUE: Final = tuple(picture("#1010e0", n) for n in range(5))
LIKES_RED: Final = Taste(
    preference=TasteSide(color=(WeightedWord(word="red", weight=1),)),
    non_preference=TasteSide(color=(WeightedWord(word="blue", weight=1),)),
)
SLATE: Final = [ScoringInput(LIKES_RED, image) for image in (BLUE[0], RED[0])]
