"""Levels of saturation and detail, and words that change a phrase: the guard of near-synonyms.

Sentence encoders put antonyms close: `light` and `dark` have a similarity of .64, `vivid` and
`vibrant` of .58. Words on different levels of a scale are therefore never near-synonyms.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.domain.taste import Element
from shared.domain.word_forms import canonical

LEVELS: Final[Mapping[Element, Sequence[Sequence[str]]]] = {
    Element.SATURATION: (
        ("muted", "desaturated", "subdued", "dull", "faded", "washed out", "grayish", "low"),
        ("soft", "pastel", "gentle", "pale", "delicate"),
        ("balanced", "natural", "moderate", "medium"),
        ("bold", "strong"),
        ("vivid", "vibrant", "intense", "saturated", "high"),
    ),
    Element.DETAIL: (
        ("plain", "minimal", "bare", "simple", "sparse", "low"),
        ("moderate", "medium"),
        ("rich", "detailed", "ornate"),
        ("intricate", "elaborate", "complex"),
    ),
}
"""Words of each level, lowest first; the words of one level mean nearly the same."""
CARRIERS: Final[Mapping[Element, frozenset[str]]] = {
    Element.ART_STYLE: frozenset({"art", "style", "artwork", "illustration", "book"}),
    Element.COLOR: frozenset({"color", "tone", "hue", "palette"}),
    Element.MEDIUM: frozenset({"art", "artwork", "drawing", "medium", "paint"}),
    Element.SATURATION: frozenset({"saturation", "color", "level", "tone"}),
    Element.DETAIL: frozenset({"detail", "level", "design"}),
}
"""Words that add nothing to a phrase of this element: `charcoal drawing` is `charcoal`."""
MODIFIERS: Final = frozenset(
    [
        "light",
        "dark",
        "pale",
        "deep",
        "bright",
        "dim",
        "warm",
        "cool",
        "cold",
        "hot",
        "low",
        "high",
        "very",
        "highly",
        "extremely",
        "hyper",
        "over",
        "slightly",
        "lightly",
        "less",
        "more",
        "most",
        "least",
        "half",
        "semi",
        "non",
        "not",
        "no",
        "without",
        "un",
        "anti",
        "post",
        "neo",
        "pre",
        "soft",
        "hard",
        "big",
        "small",
        "fine",
        "coarse",
        "black",
        "white",
        "old",
        "new",
    ]
)
"""Words that change a phrase: `dark blue` is not `blue`, and `highly detailed` not `detailed`."""
OPPOSITES: Final = frozenset(
    [
        "weak",
        "feeble",
        "timid",
        "dim",
        "vague",
        "hazy",
        "lifeless",
        "mild",
        "dry",
        "harsh",
        "rough",
        "loud",
        "fierce",
        "violent",
        "sturdy",
        "robust",
        "sharp",
        "shiny",
        "fresh",
        "artificial",
        "unnatural",
        "unbalanced",
        "extreme",
        "excessive",
        "immoderate",
        "patterned",
        "maximal",
        "maximum",
        "maximalist",
        "covered",
        "dense",
        "abundant",
        "crowded",
        "cluttered",
        "poor",
        "brief",
        "undetailed",
        "unadorned",
        "austere",
        "straightforward",
        "few",
        "many",
        "much",
        "little",
        "lot",
        "unsaturated",
        "oversaturated",
        "undersaturated",
        "inferior",
        "dirty",
    ]
)
"""Words that are near to a listed word and mean its opposite, or something else: no level."""
_LEVEL_OF: Final = {
    element: {canonical(word): level for level, words in enumerate(levels) for word in words}
    for element, levels in LEVELS.items()
}


def known_level(element: Element, word: str) -> int | None:
    """The level of a listed word, None for another word: `high saturation` is that of `high`."""
    return _LEVEL_OF.get(element, {}).get(without_carriers(element, word))


def without_carriers(element: Element, word: str) -> str:
    """The canonical form without the words that add nothing; at least one word is left."""
    form = canonical(word)
    kept = [part for part in form.split() if part not in CARRIERS[element]]
    return " ".join(kept) or form


def differing_parts(first: str, second: str) -> tuple[str, str]:
    """The words of each canonical form that the other one does not have."""
    a, b = first.split(), second.split()
    return " ".join(w for w in a if w not in b), " ".join(w for w in b if w not in a)
