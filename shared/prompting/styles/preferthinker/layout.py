"""The layout of an official answer: two profiles, then points element by element."""

from collections.abc import Mapping
from itertools import zip_longest
from statistics import fmean
from typing import Final

from shared.domain.taste import ELEMENTS, Element, Taste
from shared.prompting.parser.answers import ParsedTaste
from shared.prompting.prompt import UNKNOWN, SideWords, shown_words

NAMES: Final[Mapping[Element, str]] = {
    Element.ART_STYLE: "Art Style",
    Element.COLOR: "Color",
    Element.MEDIUM: "Artistic Medium",
    Element.SATURATION: "Saturation",
    Element.DETAIL: "Detail",
}
"""The elements as answers of the paper's checkpoints name them."""
THINK: Final = "<think>"
END: Final = "\n</think>"


def profiles(likes: SideWords, dislikes: SideWords) -> str:
    """Both profiles, each between tags, one line an element."""
    return f"{_profile('preference', likes)}\n\n{_profile('non-preference', dislikes)}\n\n"


def stated_profiles(taste: Taste) -> str:
    """The profiles of a taste, with the words that a prompt shows."""
    return profiles(shown_words(taste.preference), shown_words(taste.non_preference))


def points_start(element: Element) -> str:
    """The text before the points of the candidate, Image A, for an element."""
    start = THINK if element is ELEMENTS[0] else ""
    return f"{start}\n{ELEMENTS.index(element) + 1}. {NAMES[element]}:\nImage A("


def points(digits: Mapping[Element, int], rationales: Mapping[Element, str] | None = None) -> str:
    """The points of the candidate, with rationales or alone."""
    why = {e: f" - {rationales[e]}" if rationales else "" for e in ELEMENTS}
    return "".join(f"{points_start(e)}{digits[e]}){why[e]}" for e in ELEMENTS) + END


def profiles_share(answer: str, taste: ParsedTaste) -> float:
    """The share of exact lines in the part of an answer that states the profiles."""
    expected = profiles(taste.preference, taste.non_preference).strip().split("\n")
    written = answer.split(THINK)[0].strip().split("\n")
    return fmean(line == exact for line, exact in zip_longest(written, expected))


def points_share(answer: str, digits: Mapping[Element, int]) -> float:
    """The share of elements with heading and points in the exact layout; 0 without `</think>`."""
    thoughts = answer.rpartition(THINK)[2]
    if END.strip() not in thoughts:
        return 0.0
    after_tag = THINK + thoughts
    exact = (f"{points_start(e)}{digits[e]})" in after_tag for e in ELEMENTS if e in digits)
    return sum(exact) / len(ELEMENTS)


def words(side: SideWords, *, separator: str) -> str:
    """The words of one side by element."""
    return separator.join(f'"{NAMES[e]}": "{_shown(side, e)}"' for e in ELEMENTS)


def _profile(name: str, side: SideWords) -> str:
    return (
        f"<visual {name} profile>\n{words(side, separator=',' + chr(10))}\n</visual {name} profile>"
    )


def _shown(side: SideWords, element: Element) -> str:
    return " or ".join(side.get(element) or (UNKNOWN,))
