"""Read a person's rating from an XMP sidecar, and write stars and words that leave it alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from services.cli.files.rating.xmp_document import EMPTY, Name, XmpDocument

XMP: Final = "http://ns.adobe.com/xap/1.0/"
MICROSOFT: Final = "http://ns.microsoft.com/photo/1.0/"
DIGIKAM: Final = "http://www.digikam.org/ns/1.0/"
DUBLIN_CORE: Final = "http://purl.org/dc/elements/1.1/"
LIGHTROOM: Final = "http://ns.adobe.com/lightroom/1.0/"
OURS: Final = "urn:preferstream:xmp:1#"
"""Our own namespace: what we have written, so that a later change by the person shows."""

RATING: Final = Name(XMP, "Rating")
LABEL: Final = Name(XMP, "Label")
MICROSOFT_RATING: Final = Name(MICROSOFT, "Rating")
PICK_LABEL: Final = Name(DIGIKAM, "PickLabel")
SUBJECT: Final = Name(DUBLIN_CORE, "subject")
HIERARCHY: Final = Name(LIGHTROOM, "hierarchicalSubject")
OUR_RATING: Final = Name(OURS, "Rating")
OUR_SCORE: Final = Name(OURS, "Score")
OUR_WORDS: Final = Name(OURS, "Words")

PARENT: Final = "Preferstream"
"""Keywords of ours are below this one, so that a photo library shows them apart."""
REJECTED: Final = -1
MOST_STARS: Final = 5
PICKS: Final = {"1": REJECTED, "3": MOST_STARS}
"""digiKam's flags: rejected and accepted."""
_MICROSOFT_STARS: Final = ((99, 5), (75, 4), (50, 3), (25, 2), (1, 1))


@dataclass(frozen=True)
class Marks:
    """What a sidecar or a photograph says about it."""

    stars: int | None = None
    """The person's own rating: 1-5, or -1 for a rejected photograph; None without one."""
    label: str | None = None
    """The name of its color label."""


@dataclass(frozen=True)
class Rated:
    """What we write about one photograph."""

    stars: int
    score: float
    words: tuple[tuple[str, str], ...] = ()
    """Element and word, such as `("color", "azure")`."""


def marks_of(document: XmpDocument) -> Marks:
    """The person's own rating and label. A rating of ours that is unchanged is none."""
    label = document.value(LABEL) or None
    stars = _whole(document.value(RATING))
    if not stars:
        percent = _whole(document.value(MICROSOFT_RATING)) or 0
        stars = next((s for least, s in _MICROSOFT_STARS if percent >= least), 0)
    elif stars == _whole(document.value(OUR_RATING)):
        stars = 0
    if not stars:
        stars = PICKS.get(document.value(PICK_LABEL) or "", 0)
    return Marks(max(REJECTED, min(stars, MOST_STARS)) or None, label)


def written(content: bytes | None, rated: Rated, *, is_rated: bool = False) -> bytes:
    """The sidecar with stars and words; `content` is the one that exists. Raises `BadXmp`.

    A rating of the person's own stays, and with `is_rated` no stars are written: the person has
    rated the photograph elsewhere, in another sidecar or in the file itself. Words of ours from an
    earlier run are replaced; the person's words stay, also where they equal one of ours.
    """
    document = XmpDocument(content or EMPTY)
    if not is_rated and marks_of(document).stars is None:
        document.set_value(RATING, str(rated.stars))
        document.set_value(OUR_RATING, str(rated.stars))
    document.set_value(OUR_SCORE, f"{rated.score:.2f}")
    earlier = frozenset(document.values(OUR_WORDS))
    own = [word for word in document.values(SUBJECT) if word not in earlier]
    ours = tuple(word for word in dict.fromkeys(w for _, w in rated.words) if word not in own)
    if ours or earlier:
        document.set_values(SUBJECT, add=ours, remove=earlier)
        above = f"{PARENT}|"
        outdated = {word for word in document.values(HIERARCHY) if word.startswith(above)}
        document.set_values(HIERARCHY, add=_below(rated.words), remove=outdated)
        document.set_values(OUR_WORDS, add=ours, remove=earlier)
    return document.to_bytes()


def _below(words: Iterable[tuple[str, str]]) -> list[str]:
    # `|` separates the levels of a hierarchy.
    return [f"{PARENT}|{element}|{word.replace('|', '/')}" for element, word in words]


def _whole(text: str | None) -> int:
    """A rating as a whole number; some programs write `4.0`."""
    try:
        return round(float(text or 0))
    except (ValueError, OverflowError):
        return 0
