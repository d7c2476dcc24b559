"""Name where a decoded picture keeps its transparency, which its RGB pixels no longer show."""

from typing import Final

ALPHA: Final = "alpha"
"""Key in `PIL.Image.Image.info`: the alpha channel, an image of mode L of the same size. Pictures
without transparency have none."""
