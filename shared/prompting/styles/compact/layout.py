"""Measure how much of an answer is in the exact compact layout."""

from itertools import zip_longest
from statistics import fmean

from shared.domain.taste import ELEMENTS
from shared.prompting import parser, prompt, rationale


def taste_share(answer: str) -> float:
    """The share of exact entries, five a line. A malformed entry loses only its own share."""
    read = parser.parse_taste(answer)
    expected = prompt.taste_lines(read.preference, read.non_preference)
    entries = (
        [entry for line in text.split("\n") for entry in line.split(";")]
        for text in (answer, expected)
    )
    return fmean(written == exact for written, exact in zip_longest(*entries))


def score_share(answer: str, *, explained: bool) -> float:
    """1 for the exact line; with rationales, the share of the five that agree with their digits."""
    read = parser.parse_scores(answer)
    rationales = {e: read.rationales.get(e, "") for e in ELEMENTS} if explained else None
    if answer != prompt.score_line(read.digits, rationales):
        return 0.0
    if rationales is None:
        return 1.0
    agreeing = sum(rationale.agrees(rationales[e], read.digits[e]) for e in ELEMENTS)
    return agreeing / len(ELEMENTS)
