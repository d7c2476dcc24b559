"""Read by rules whether a sentence speaks for or against an image."""

import re
from enum import StrEnum
from typing import Final


class Stance(StrEnum):
    """What a rationale claims about how well an image fits a taste."""

    FOR = "for"
    AGAINST = "against"
    MIXED = "mixed"
    """Both, in different parts."""
    NONE = "none"
    """No claim: the sentence only describes, or says that the image is between both sides."""


# Three kinds of words carry a claim. Their signs are multiplied within a part of a sentence:
# "lacks the pastels that they dislike" is (-1) * (-1) = for the image.
_TASTE_FOR: Final = (
    r"like[ds]?|liking|lik(?:able|eable)|lov(?:e[sd]?|ing|able)|enjoy\w*"
    r"|prefer(?:s|red|ence|ences)?|favou?r(?:s|ed|ite|ites|able|ably|ing)?|appreciat\w+|fond"
    r"|want(?:s|ed)?|desire[sd]?|crave[sd]?|admire[sd]?|adore[sd]?|welcome[sd]?|sought"
    r"|seek[s]?|drawn to|taste[s]? for|go(?:es)? for"
)
_TASTE_AGAINST: Final = (
    r"dislik\w+|hat(?:e[sd]?|ed)|detest\w*|avers(?:e|ion)|loath\w+|reject\w*|disfavou?r\w*"
    r"|unwanted|unwelcome|unlik(?:able|eable)|non[- ]?preference[s]?|non[- ]?preferred"
    r"|turn(?:s|ed)? off|put(?:s)? off"
)
_RELATION_FOR: Final = (
    r"match(?:es|ed|ing)?|fit(?:s|ting|ted)?|suit(?:s|ed|able|ing)?|align\w*|agree[sd]?"
    r"|in agreement|consistent|in line with|in keeping|in harmony|in tune|correspond\w*"
    r"|reflect\w*|echo\w*|close (?:to|enough)|closer to|near(?: to|er)?|similar|resembl\w+"
    r"|meet(?:s|ing)?|satisf\w+|exactly|precisely|perfect\w*|ideal\w*|appeal(?:s|ing)?"
    r"|pleas(?:es|ing|ant)|attract\w*|delight\w*|on target|spot on|hits? the mark|speaks? to"
    r"|speaks? for|counts? for|embod\w+|shar(?:es|ed|ing)|complement\w*|right up|works? well"
    r"|comes? close|support\w*|plus"
)
_RELATION_AGAINST: Final = (
    r"clash\w*|conflict\w*|contradict\w*|contrar\w+|mismatch\w*|oppos\w+|at odds|goes against"
    r"|against|differ(?:s|ent|ently)?|deviat\w+|depart\w*|far from|farther|further from"
    r"|away from|distant|opposite|unlike|wrong|too (?!\w+ (?:to|for) (?:say|tell|call|count))"
    r"|off[- ]?putting|unappealing|unpleasant|unattractive|inconsistent|incompatible|unsuit\w+"
    r"|jar(?:s|ring)|disappoint\w*|fall(?:s)? short|miss(?:es|ed)? the mark"
    r"|out of (?:line|place|step|tune)|runs? counter|counter to|the reverse of|nothing like"
    r"|undermin\w+|spoil\w*|hurts?|weaken\w*|minus|drawback|poor(?:ly)? (?:match|fit)"
)
_WITHOUT: Final = (
    r"lack(?:s|ed|ing)?|miss(?:es|ing)(?! the mark)|without|avoid(?:s|ed|ing)?"
    r"|free (?:of|from)|absent|absence of|devoid|instead of|rather than|none of|nothing of"
    r"|fails? to|failing to|leaves? out|steers? clear|stays? clear|omits?|hardly any"
    r"|barely any|little of|no longer"
)
_NEGATIONS: Final = (
    r"not|n't|never|no|nothing|nobody|nor|cannot|hardly|scarcely|barely|rarely|seldom|unlikely"
    r"|improbable|doubtful|least|less|isnt|doesnt|wont|dont|neither"
)
_UNKNOWN: Final = re.compile(
    r"\b(?:no (?:clear |known |stated |strong )?(?:preference|taste|opinion)"
    r"|(?:preference|taste) is (?:un\w+|not \w+)|nothing is known|not known"
    r"|neither liked nor disliked|neither likes? nor dislikes?|neutral\w*|unclear|cannot be told"
    r"|cannot tell|no (?:strong )?feelings?|indifferent|either way|no bearing"
    r"|makes? no difference|no information)\b"
)

_CONTRAST: Final = re.compile(
    r"[.;!?]+(?:\s|$)|\s[-\u2013\u2014]\s|,?\s*\b(?:but|although|though|however|yet|while|whereas"
    r"|even if|despite|except|still)\b,?"
)
NEGATION_REACH: Final = 4
"""The last words before a cue in which a negation negates it."""
PLAIN_CUES: Final = 2
"""Words that carry a claim in a plain sentence, at most."""
QUANTIFIER_REACH: Final = 8
"""The same for "nothing" and "no", which stand farther away ("nothing here that they dislike")."""


def _any(words: str) -> str:
    return rf"\b(?:{words})\b"


_CUES: Final = re.compile(
    "|".join(
        rf"(?P<{name}>{_any(words)})"
        for name, words in (
            ("without", _WITHOUT),
            ("taste_against", _TASTE_AGAINST),
            ("relation_against", _RELATION_AGAINST),
            ("relation_for", _RELATION_FOR),
            ("taste_for", _TASTE_FOR),
        )
    )
)
_QUANTIFIER: Final = re.compile(_any("no|nothing|none|nobody"))
_NEGATION: Final = re.compile(rf"(?:{_any(_NEGATIONS)}|n['\u2019]t\b)")
_SUBJECTS: Final = (
    "they", "person", "user", "viewer", "would", "to", "not", "who", "you", "people", "n't", "also",
    "really", "might", "could", "may", "will", "should", "does", "do", "clearly", "always", "often",
)  # fmt: skip
_NO_SUBJECT: Final = "".join(rf"(?<!\b{subject} )" for subject in _SUBJECTS)
"""After one of these words, "like" is a verb; elsewhere "like the" means "similar to the"."""
_NOT_A_CUE: Final = re.compile(
    # "like" as "similar to" and other uses that claim nothing about the taste.
    r"\b(?:looks?|feels?|seems?|more|something|just|much|is|are|pixel|sketch)[- ]like\b|-like\b"
    rf"|{_NO_SUBJECT}\blike (?:an?|in|the|most|many|all|several|some|your|their|these|those|other"
    r"|\w+ of)\b"
    r"|\bcolou?rs match each other\b|\bperfectly (?:smooth|flat|round)\b"
)


def stance(text: str) -> Stance:
    """The stance of one or two English sentences about one element of an image."""
    signs = [sign for part in _CONTRAST.split(text.lower()) if part and (sign := _sign(part))]
    if not signs:
        return Stance.NONE
    if len(set(signs)) > 1:
        return Stance.MIXED
    return Stance.FOR if signs[0] > 0 else Stance.AGAINST


def is_plain(text: str) -> bool:
    """Whether a text has no negation or comparison, and at most `PLAIN_CUES` words with a claim."""
    text = _without_other_uses(text.lower())
    if re.search(r"\bthan\b", text):
        return False
    return not _NEGATION.search(text) and len(_CUES.findall(text)) <= PLAIN_CUES


def _without_other_uses(text: str) -> str:
    return _NOT_A_CUE.sub(lambda match: "_" * len(match[0]), text)


def _sign(part: str) -> int:
    """+1 for the image, -1 against it, 0 without a claim."""
    if _UNKNOWN.search(part):
        return 0
    part = _without_other_uses(part)
    cues = list(_CUES.finditer(part))
    signs = {name: _product(part, cues, name) for name in ("without", "relation", "taste")}
    if not signs["relation"] and not signs["taste"]:
        return 0
    sign = 1
    for value in signs.values():
        sign *= value or 1
    return sign


def _product(part: str, cues: list[re.Match[str]], kind: str) -> int:
    """The sign of the first cue of a kind, with the negations before it; 0 without a cue."""
    for number, cue in enumerate(cues):
        name = cue.lastgroup or ""
        if not name.startswith(kind):
            continue
        sign = -1 if name == "without" or name.endswith("against") else 1
        earlier = cues[number - 1].end() if number else 0
        return sign * _negation(part[earlier : cue.start()])
    return 0


def _negation(before: str) -> int:
    """-1 when an odd number of negations stands close before a cue."""
    words = before.split()
    near = " ".join(words[-NEGATION_REACH:])
    farther = " ".join(words[-QUANTIFIER_REACH:-NEGATION_REACH])
    negations = len(_NEGATION.findall(near)) + len(_QUANTIFIER.findall(farther))
    return -1 if negations % 2 else 1
