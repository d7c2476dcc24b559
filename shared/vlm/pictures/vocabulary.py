"""List the words that describe real pictures, with words of profiles that mean the same."""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.domain.taste import Element
from shared.domain.word_forms import canonical
from shared.vlm.pictures.measured_words import EDGES, HUES, SATURATIONS

PICTURE_MEDIUMS: Final = ("photograph", "painting", "vector art", "3D render", "screenshot")
"""Mediums that no drawing of the simulator has: nano does not know these words."""

SAME_MEANING: Final[Mapping[Element, Mapping[str, tuple[str, ...]]]] = {
    Element.ART_STYLE: {"pixel art": ("8-bit art", "pixelated")},
    Element.COLOR: {
        "red": ("scarlet", "crimson"),
        "orange": ("tangerine", "amber"),
        "yellow": ("golden", "lemon"),
        "lime": ("chartreuse", "yellow-green"),
        "green": ("grass green", "leaf green"),
        "emerald": ("sea green", "mint"),
        "teal": ("turquoise", "cyan"),
        "azure": ("sky blue", "cerulean"),
        "blue": ("cobalt", "royal blue"),
        "purple": ("violet", "amethyst"),
        "magenta": ("fuchsia", "orchid"),
        "pink": ("rose", "raspberry"),
    },
    Element.MEDIUM: {
        "photograph": ("photo", "photos", "photography"),
        "painting": ("painted",),
        "vector art": ("vector graphics", "vector illustration", "clip art"),
        "3D render": ("3D rendering", "3D graphics", "CGI"),
        "screenshot": ("screen capture", "screen shot"),
        "digital": ("digital art", "computer graphics"),
    },
    Element.SATURATION: {
        "muted": ("desaturated", "greyish"),
        "soft": ("pastel", "gentle"),
        "balanced": ("natural", "medium saturation"),
        "bold": ("strong", "rich color"),
        "vivid": ("saturated", "intense"),
    },
    Element.DETAIL: {
        "plain": ("minimal", "bare"),
        "moderate": ("some detail", "lightly decorated"),
        "rich": ("detailed", "ornate"),
        "intricate": ("highly detailed", "crowded with detail"),
    },
}
"""By element and value: other words for it, in the order in which the simulator draws them."""
_MEANING: Final = {
    element: {canonical(word): value for value, others in same.items() for word in (value, *others)}
    for element, same in SAME_MEANING.items()
}
_STEPS: Final[Mapping[Element, Sequence[str]]] = {
    Element.SATURATION: tuple(SATURATIONS),
    Element.DETAIL: tuple(EDGES),
}
_DRAWN_NEVER: Final = frozenset(
    canonical(word)
    for medium in PICTURE_MEDIUMS
    for word in (medium, *SAME_MEANING[Element.MEDIUM][medium])
)
assert set(SAME_MEANING[Element.COLOR]) == set(HUES)


def meaning(element: Element, word: str) -> str:
    """The value that a word means; the canonical form of a word without a value."""
    form = canonical(word)
    return _MEANING[element].get(form, form)


def steps_between(element: Element, first: str, second: str) -> int | None:
    """Levels between two values of an ordered scale; None without a scale or a level."""
    scale = _STEPS.get(element, ())
    if first not in scale or second not in scale:
        return None
    return abs(scale.index(first) - scale.index(second))


def no_drawing_shows(element: Element, word: str) -> bool:
    """Whether a word is a medium that nano does not know and that no drawing of its kind has."""
    return element is Element.MEDIUM and canonical(word) in _DRAWN_NEVER
