"""The text around the images of a pair prompt: the built-in one, or a user's template file."""

import re
from dataclasses import dataclass
from typing import Final

PLACEHOLDERS: Final = ("liked", "disliked", "image_a", "image_b")
"""The names in braces that a template must have, each once and in this order: the image places."""
_PLACEHOLDER: Final = r"\{(" + "|".join(PLACEHOLDERS) + r")\}"


class InvalidPairTemplate(Exception):
    """A user's template cannot be used; the message names what is missing."""


@dataclass(frozen=True)
class PairTemplate:
    """The user message and the system message of a pair prompt."""

    user: str
    """With `{liked}`, `{disliked}`, `{image_a}` and `{image_b}` in place of the images."""
    system: str = ""

    def pieces(self) -> list[tuple[str, bool]]:
        """The texts and the placeholder names in order, each with whether it is a placeholder."""
        pieces = enumerate(re.split(_PLACEHOLDER, self.user))
        return [(piece, number % 2 == 1) for number, piece in pieces if piece]

    @staticmethod
    def parse(text: str) -> "PairTemplate":
        """Parse a file's text; a system message, if any, comes first and ends with a line `---`."""
        above, line, below = text.partition("\n---\n")
        system, user = (above.strip(), below) if line else ("", text)
        names = tuple(re.findall(_PLACEHOLDER, user))
        if names != PLACEHOLDERS:
            wanted = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            present = ", ".join(f"{{{name}}}" for name in names) or "none of them"
            raise InvalidPairTemplate(
                f"it must contain {wanted}, each once and in this order; it has {present}"
            )
        return PairTemplate(user.strip("\n"), system)
