"""Draw the pictures of the checks: colors, light and dark, and two very different looks."""

from typing import Final

from PIL import Image, ImageDraw, ImageFilter

SIDE: Final = 224
COLORS: Final = {"red": (214, 32, 32), "blue": (32, 52, 214), "green": (30, 150, 50)}


def colored(name: str, number: int = 0) -> Image.Image:
    """A picture of one color: a disk on a paler ground, moved a little for each number."""
    color = COLORS[name]
    ground = tuple(channel + (255 - channel) // 3 for channel in color)
    image = Image.new("RGB", (SIDE, SIDE), ground)
    shift = 12 * number
    ImageDraw.Draw(image).ellipse((40 + shift, 40, 150 + shift, 150), fill=color)
    return image


def light() -> Image.Image:
    """A pale picture with a pale shape."""
    image = Image.new("RGB", (SIDE, SIDE), (246, 246, 246))
    ImageDraw.Draw(image).rectangle((60, 60, 160, 160), fill=(225, 225, 225))
    return image


def dark() -> Image.Image:
    """A nearly black picture with a dark shape."""
    image = Image.new("RGB", (SIDE, SIDE), (8, 8, 8))
    ImageDraw.Draw(image).rectangle((60, 60, 160, 160), fill=(28, 28, 28))
    return image


def blocky(number: int) -> Image.Image:
    """Large square blocks in strong colors, as in pixel art."""
    palette = [(220, 40, 60), (30, 60, 200), (250, 210, 40), (20, 160, 90)]
    image = Image.new("RGB", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    for row in range(8):
        for column in range(8):
            color = palette[(row * 3 + column * 5 + row * column * (number + 1)) % len(palette)]
            draw.rectangle((column * 28, row * 28, column * 28 + 27, row * 28 + 27), fill=color)
    return image


def blurred(number: int) -> Image.Image:
    """Soft pale clouds of color, as in a watercolor."""
    image = Image.new("RGB", (SIDE, SIDE), (236, 232, 226))
    draw = ImageDraw.Draw(image)
    tones = [(214, 196, 206), (196, 208, 214), (206, 214, 196), (222, 210, 190)]
    for k in range(6):
        x, y = (37 * (k + number) * 5) % 180, (53 * (k + 2 * number) * 3) % 180
        draw.ellipse((x, y, x + 90, y + 70), fill=tones[(k + number) % len(tones)])
    return image.filter(ImageFilter.GaussianBlur(14))
