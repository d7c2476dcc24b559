"""Generate sentences about a picture and a taste, each with the stance that its parts imply."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from training.stance import phrases
from training.stance.phrases import (
    BLAME,
    CERTAIN,
    CLASHES,
    COMPARATIVES,
    DENIED,
    DISLIKES,
    FINDS_BAD,
    FINDS_GOOD,
    FITS,
    HAS,
    LACKS,
    LIKES,
    NEUTRAL,
    PLACES,
    PRAISE,
    SUBJECTS,
    TRAITS,
)

FOR, AGAINST, NEITHER = "for", "against", "neither"
NEITHER_SHARE: Final = 0.14
PLURAL: Final = ("they", "you")
POSSESSIVE: Final = {"she": "her", "he": "his", "they": "their", "you": "your"}
OBJECTIVE: Final = {"she": "her", "he": "him", "they": "them", "you": "you"}


@dataclass(frozen=True)
class Sentence:
    """A rationale and its stance: `for`, `against`, or `neither` for mixed ones and no claim."""

    text: str
    stance: str


class _Writer:
    """Random parts of one sentence about one person."""

    def __init__(self, random_source: random.Random) -> None:
        self.random = random_source
        self.who = self.pick(phrases.PEOPLE)
        self.x, self.y = self.random.sample(self.pick(TRAITS), 2)
        self.sign = self.random.choice((1, -1))

    def pick(self, options: tuple[str, ...] | tuple[tuple[str, str], ...]) -> str | tuple[str, str]:
        return self.random.choice(options)

    def feels(self, sign: int) -> str:
        """ "likes" or "dislikes", for this person."""
        plural, singular = self.pick(LIKES if sign > 0 else DISLIKES).split("|")
        return plural if self.who in PLURAL else singular

    def whose(self, text: str) -> str:
        """The text with pronouns for the person."""
        their = POSSESSIVE.get(self.who, "their")
        them = OBJECTIVE.get(self.who, self.who)
        they = self.who if self.random.random() < 0.7 else "they"
        return text.format(their=their, them=them, they=they, They=they.capitalize())

    def judges(self, sign: int) -> str:
        """ "suits the taste" or "clashes with it", with certainty or a negation."""
        denied = self.random.random() < 0.45
        # "does not clash" is weak praise, and rare in real rationales.
        base = FITS if sign > 0 or denied else CLASHES
        if denied and sign > 0:
            if self.random.random() < 0.75:
                denied = False
            else:
                base = CLASHES
        phrase = self.whose(self.pick(base))
        if denied:
            return f"{self.pick(DENIED)} {phrase}"
        certain = self.pick(CERTAIN)
        return f"{certain} {phrase}" if certain else _present(phrase)

    def has(self, *, present: bool, trait: str) -> str:
        text = self.pick(HAS if present else LACKS)
        return text.format(x=trait, X=trait[0].upper() + trait[1:])


def _present(phrase: str) -> str:
    """The third person of a phrase in its base form."""
    verb, _, rest = phrase.partition(" ")
    irregular = {"be": "is", "go": "goes", "catch": "catches", "miss": "misses", "clash": "clashes",
                 "displease": "displeases", "satisfy": "satisfies", "impress": "impresses",
                 "have": "has"}  # fmt: skip
    return f"{irregular.get(verb, verb + 's')} {rest}".strip()


Template = Callable[[_Writer], str]


def _presence(w: _Writer) -> str:
    """The picture has or lacks what is liked or disliked."""
    present = w.random.random() < 0.6
    feeling = w.sign if present else -w.sign
    first, second = w.has(present=present, trait=w.x), f"{w.who} {w.feels(feeling)} {w.x}."
    return _joined(w, first, second)


def _opposite(w: _Writer) -> str:
    """The picture has the opposite of what is liked or disliked."""
    first = w.has(present=True, trait=w.x)
    if w.random.random() < 0.3:
        return _joined(w, first, f"{w.who} {w.feels(w.sign)} {w.x}, not {w.y}.")
    return _joined(w, first, f"{w.who} {w.feels(-w.sign)} {w.y}.")


def _joined(w: _Writer, first: str, second: str) -> str:
    link = w.random.choice((" ", " ", ", and ", ", but ", ", while ", "; ", " because "))
    if w.random.random() < 0.4:
        first, second = second, first
    if link == " ":
        return f"{_upper(first)} {_upper(second)}"
    if link == " because ":
        return f"{_upper(first)} {_upper(second)}"
    return _upper(first[:-1] + link + _lower(second))


def _judged(w: _Writer) -> str:
    return f"{w.pick(SUBJECTS)} {w.judges(w.sign)}."


def _trait_judged(w: _Writer) -> str:
    end = w.judges(w.sign)
    return f"The use of {w.x} {end}."


def _relative(w: _Writer) -> str:
    feeling = w.feels(w.sign)
    return w.random.choice((
        f"The picture is full of {w.x}, which {w.who} {feeling}.",
        f"{_upper(w.x)} like this are exactly what {w.who} {feeling}.",
        f"This is the sort of thing that {w.who} {feeling}.",
        f"{w.pick(SUBJECTS)} is one that {w.who} {feeling}.",
        f"{_upper(w.who)} {feeling} {w.x}, and this image is full of it.",
        f"It is just the kind of {w.pick(PLACES)} picture that {w.who} {feeling}.",
        f"{_upper(w.x)}, something {w.who} {feeling}, fill the frame.",
        f"For a viewer who {_third(w, w.sign)} {w.x}, this picture full of it {w.judges(w.sign)}.",
        f"{w.pick(SUBJECTS)} relies on {w.x}, and {w.who} {feeling} that.",
    ))  # fmt: skip


def _third(w: _Writer, sign: int) -> str:
    return str(w.pick(LIKES if sign > 0 else DISLIKES)).split("|")[1]


def _for_lover_of_opposite(w: _Writer) -> str:
    return w.random.choice((
        f"{w.has(present=True, trait=w.x)[:-1]}, which {w.judges(w.sign)} since {w.who}"
        f" {w.feels(-w.sign)} {w.y}.",
        f"Someone who {_third(w, -w.sign)} {w.y} will find this picture of {w.x}"
        f" {w.pick(FINDS_GOOD if w.sign > 0 else FINDS_BAD)}.",
        f"Rather than the {w.y} that {w.who} {w.feels(-w.sign)}, this is {w.x}.",
        f"Unlike the {w.y} that {w.who} {w.feels(-w.sign)}, the picture offers {w.x}.",
        f"Like the {w.x} that {w.who} {w.feels(w.sign)}, this one {w.judges(w.sign)}.",
        f"{_upper(w.x)} replace the {w.y} that {w.who} {w.feels(-w.sign)}.",
        f"{_upper(w.who)} {w.feels(-w.sign)} {w.y}, whereas this image is all {w.x}.",
    ))  # fmt: skip


def _compared(w: _Writer) -> str:
    more, _ = w.random.choice(COMPARATIVES)
    liked = w.feels(1)
    if w.sign < 0:
        return w.random.choice((
            f"{w.pick(SUBJECTS)} is {more} than {w.who} {liked}.",
            f"{w.pick(SUBJECTS)} is {more} than {w.who} would want.",
            f"{more.capitalize()} than what {w.who} usually {_plain(w)}.",
            f"{w.pick(SUBJECTS)} is far {more} than the images {w.who} {liked}.",
            f"{w.pick(SUBJECTS)} is too {_adjective(w)} for {OBJECTIVE.get(w.who, w.who)}.",
            f"{w.pick(SUBJECTS)} is not {_adjective(w)} enough for {OBJECTIVE.get(w.who, w.who)}.",
            f"{w.pick(SUBJECTS)} is as {_adjective(w)} as the ones {w.who} {w.feels(-1)}.",
            f"{w.pick(SUBJECTS)} has little in common with what {w.who} {liked}.",
            f"{w.pick(SUBJECTS)} is closer to what {w.who} {w.feels(-1)} than to what {w.who}"
            f" {liked}.",
            f"{w.pick(SUBJECTS)} is a long way from what {w.who} {liked}.",
        ))  # fmt: skip
    return w.random.choice((
        f"{w.pick(SUBJECTS)} is {more} than the ones {w.who} {w.feels(-1)}, which is a plus.",
        f"{w.pick(SUBJECTS)} is as {_adjective(w)} as the images {w.who} {liked}.",
        f"{w.pick(SUBJECTS)} is no {more} than {w.who} {liked}.",
        f"{w.pick(SUBJECTS)} is just {_adjective(w)} enough for {OBJECTIVE.get(w.who, w.who)}.",
        f"{w.pick(SUBJECTS)} is never too {_adjective(w)} for {OBJECTIVE.get(w.who, w.who)}.",
        f"{w.pick(SUBJECTS)} has a lot in common with what {w.who} {liked}.",
        f"{w.pick(SUBJECTS)} is closer to what {w.who} {liked} than to what {w.who}"
        f" {w.feels(-1)}.",
        f"{w.pick(SUBJECTS)} is not far from what {w.who} {liked}.",
        f"{w.pick(SUBJECTS)} has nothing that {w.who} {w.feels(-1)}.",
    ))  # fmt: skip


ADJECTIVES: Final = (
    "dark", "bright", "busy", "plain", "vivid", "muted", "detailed", "simple", "warm", "cool",
    "loud", "flat", "realistic", "abstract", "grainy", "sharp", "soft", "bold", "gray", "glossy",
)  # fmt: skip


def _adjective(w: _Writer) -> str:
    return str(w.pick(ADJECTIVES))


def _plain(w: _Writer) -> str:
    return "enjoy" if w.who in PLURAL else "enjoys"


def _concession(w: _Writer) -> str:
    """The first half is about the picture alone, the second about the taste."""
    looks = w.pick(PRAISE if w.sign < 0 else BLAME)
    subject = str(w.pick(SUBJECTS))
    claim = w.random.choice((
        f"it {w.judges(w.sign)}", f"{w.who} {w.feels(w.sign)} {w.x} like this",
        f"{w.who} would find it {w.pick(FINDS_GOOD if w.sign > 0 else FINDS_BAD)}",
        f"it is {'exactly' if w.sign > 0 else 'not'} what {w.who} {w.feels(1)}",
    ))  # fmt: skip
    return w.random.choice((
        f"{subject} is {looks}, but {claim}.", f"Although {_lower(subject)} is {looks}, {claim}.",
        f"{subject} may be {looks}; {claim}.", f"{subject} is {looks}. Still, {claim}.",
        f"{subject} is {looks}, yet {claim}.", f"{subject} is {looks}. {_upper(claim)}.",
        f"While {_lower(subject)} is {looks}, {claim}.", f"{subject} is {looks}; however, {claim}.",
    ))  # fmt: skip


def _finds(w: _Writer) -> str:
    word = w.pick(FINDS_GOOD if w.sign > 0 else FINDS_BAD)
    find = "find" if w.who in PLURAL else "finds"
    return w.random.choice((
        f"{w.has(present=True, trait=w.x)[:-1]}, which {w.who} {find} {word}.",
        f"{_upper(w.who)} {find} {w.x} {word}, and there is plenty of it here.",
        f"{w.pick(SUBJECTS)} is {word} to {OBJECTIVE.get(w.who, w.who)}.",
        f"{_upper(w.who)} would {'surely' if w.sign > 0 else 'simply'} find this {word}.",
        f"{w.pick(SUBJECTS)} is {word} for a person who {_third(w, w.sign)} {w.x}.",
        f"I {w.random.choice(('think', 'expect', 'suspect'))} {w.who} would find it {word}.",
    ))  # fmt: skip


def _scored(w: _Writer) -> str:
    digit = w.random.choice((4, 5) if w.sign > 0 else (0, 1))
    why = w.random.choice((
        f"{w.who} {w.feels(w.sign)} {w.x}, which are everywhere here",
        f"it {w.judges(w.sign)}", f"the image is all {w.y}, and {w.who} {w.feels(-w.sign)} {w.x}",
    ))  # fmt: skip
    return w.random.choice((
        f"Score of {digit} because {why}.", f"It scores {'high' if w.sign > 0 else 'low'}: {why}.",
        f"{_upper(why)}, hence the {'high' if w.sign > 0 else 'low'} score.",
        f"{_upper(why)}, so a {digit} is given.", f"{_upper(why)}.",
    ))  # fmt: skip


def _described(w: _Writer) -> str:
    """A longer description of the picture before the claim."""
    feature = f"{w.x}, {_adjective(w)} and {_adjective(w)}"
    claim = f"it {w.judges(w.sign)}"
    look = f"The {_adjective(w)} {w.pick(PLACES)}, done with {w.x},"
    reason = f"{w.who} {w.feels(w.sign)} {w.x}"
    return w.random.choice((
        f"{look} {w.judges(w.sign)}.", f"{look} {w.judges(w.sign)}, because {reason}.",
        f"The picture shows a {w.pick(PLACES)} with {feature}, and {claim}.",
        f"{_upper(w.x)} and {_adjective(w)} light give the {w.pick(PLACES)} a mood that"
        f" {w.judges(w.sign)}.",
        f"The {w.pick(PLACES)} is rendered in {w.x}, which {w.judges(w.sign)}.",
        f"{_upper(w.x)} dominate the {w.pick(PLACES)}, something that {w.judges(w.sign)}.",
        f"The {_adjective(w)} {w.x} {w.judges(w.sign)}, as {reason}.",
        f"The {w.x} in this image {w.judges(w.sign)}, whose preference is for"
        f" {w.x if w.sign > 0 else w.y}.",
        f"This is a {w.pick(PLACES)} in {w.x}; {reason}, so {claim}.",
        f"The image, a {w.pick(PLACES)} full of {w.x}, is {'one' if w.sign > 0 else 'not one'}"
        f" that {w.who} would {'enjoy' if w.sign > 0 else 'choose'}.",
    ))  # fmt: skip


CLAIMS: Final[tuple[Template, ...]] = (
    _described, _described, _described,
    _presence, _presence, _opposite, _opposite, _judged, _judged, _trait_judged, _relative,
    _relative, _for_lover_of_opposite, _for_lover_of_opposite, _compared, _concession,
    _concession, _finds, _scored,
)  # fmt: skip


def _neither(w: _Writer) -> str:
    """A description, an unknown preference, or one claim for and one against the picture."""
    if w.random.random() < 0.55:
        text = str(w.pick(NEUTRAL)).format(
            S=w.pick(SUBJECTS), a=_adjective(w), x=w.x, y=w.y, they="the user", They="The user",
            them="the user",
        )  # fmt: skip
        return text if w.random.random() < 0.6 else f"A {w.pick(PLACES)}. {text}"
    one, other = (str(s) for s in w.random.sample(SUBJECTS[:9], 2))
    link = w.random.choice((", but ", ", while ", "; ", ", whereas ", ". ", ", though "))
    first, second = f"{one} {w.judges(w.sign)}", f"{_lower(other)} {w.judges(-w.sign)}"
    return f"{first}{link}{_upper(second) if link == '. ' else second}."


def sentences(count: int, *, seed: int) -> Iterator[Sentence]:
    """`count` sentences: as many for as against, and `NEITHER_SHARE` neither."""
    random_source = random.Random(seed)
    for _ in range(count):
        writer = _Writer(random_source)
        if random_source.random() < NEITHER_SHARE:
            yield Sentence(_upper(_neither(writer)), NEITHER)
        else:
            text = random_source.choice(CLAIMS)(writer)
            yield Sentence(_upper(text), FOR if writer.sign > 0 else AGAINST)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text if text.startswith(("I ", "3D")) else text[:1].lower() + text[1:]
