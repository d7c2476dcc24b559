"""The words around the images of a pair prompt: ours, or those of a file that a user names."""

import re
from dataclasses import dataclass
from typing import Final

PLACEHOLDERS: Final = ("liked", "disliked", "image_a", "image_b")
"""What a pair template holds in braces, each once and in this order: the places of the images."""
_PLACEHOLDER: Final = r"\{(" + "|".join(PLACEHOLDERS) + r")\}"


class BadTemplate(Exception):
    """A template of a user's own cannot be used; the text says what it lacks."""


@dataclass(frozen=True)
class PairTemplate:
    """The words around the images of a pair prompt."""

    user: str
    """With `{liked}`, `{disliked}`, `{image_a}` and `{image_b}` where the images stand."""
    system: str = ""

    def pieces(self) -> list[tuple[str, bool]]:
        """Words and placeholders' names in turn, each with whether it is a placeholder."""
        found = enumerate(re.split(_PLACEHOLDER, self.user))
        return [(piece, number % 2 == 1) for number, piece in found if piece]

    @staticmethod
    def parse(text: str) -> "PairTemplate":
        """From a file's text; above a line `---` stands the system message, if there is one."""
        above, line, below = text.partition("\n---\n")
        system, user = (above.strip(), below) if line else ("", text)
        found = tuple(re.findall(_PLACEHOLDER, user))
        if found != PLACEHOLDERS:
            wanted = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            held = ", ".join(f"{{{name}}}" for name in found) or "none of them"
            raise BadTemplate(f"it must hold {wanted}, each once and in this order; it has {held}")
        return PairTemplate(user.strip("\n"), system)
