"""Measure how often a rationale is rightly kept or rightly dropped."""

from collections import Counter
from collections.abc import Callable, Sequence

from shared.prompting.stance import contradicts
from training.stance.generate import AGAINST, FOR, NEITHER, Sentence
from training.statistics.wilson import wilson

Contradicts = Callable[[str, int], bool]
AGREES, CONTRADICTS, CLAIMS_NOTHING = "agrees", "contradicts", "mixed or no claim"
KINDS = (AGREES, CONTRADICTS, CLAIMS_NOTHING)


def cases(sentences: Sequence[Sentence]) -> list[tuple[str, str, int]]:
    """Kind, text and digit of each case: a claim comes with the digit 5 and with the digit 0."""
    rows = []
    for sentence in sentences:
        for digit in (0, 5):
            if sentence.stance == NEITHER:
                kind = CLAIMS_NOTHING
            else:
                kind = AGREES if (sentence.stance == FOR) == (digit == 5) else CONTRADICTS
            rows.append((kind, sentence.text, digit))
    return rows


def confusion(
    sentences: Sequence[Sentence], is_dropped: Contradicts = contradicts
) -> Counter[tuple[str, bool]]:
    """Cases by kind and by whether the rationale is dropped."""
    return Counter((kind, is_dropped(text, digit)) for kind, text, digit in cases(sentences))


def report(sentences: Sequence[Sentence], is_dropped: Contradicts = contradicts) -> str:
    """The confusion table with the share that is right and its Wilson interval, then the errors."""
    counts = confusion(sentences, is_dropped)
    by_stance = Counter(sentence.stance for sentence in sentences)
    lines = [
        f"{len(sentences)} sentences: {by_stance[FOR]} for, {by_stance[AGAINST]} against,"
        f" {by_stance[NEITHER]} neither",
        "| the rationale | kept | dropped | right (95 % interval) |",
        "|---|---|---|---|",
    ]
    total = right_total = 0
    for kind in KINDS:
        kept, dropped = counts[kind, False], counts[kind, True]
        right = dropped if kind == CONTRADICTS else kept
        if kind != CLAIMS_NOTHING:
            total, right_total = total + kept + dropped, right_total + right
        lines.append(f"| {kind} | {kept} | {dropped} | {_share(right, kept + dropped)} |")
    lines.append(f"| agrees or contradicts | | | {_share(right_total, total)} |")
    errors = [
        f"{kind} with {digit}, {'dropped' if kind != CONTRADICTS else 'kept'}: {text}"
        for kind, text, digit in cases(sentences)
        if is_dropped(text, digit) != (kind == CONTRADICTS)
    ]
    return "\n".join([*lines, "", *errors])


def _share(right: int, total: int) -> str:
    if not total:
        return "-"
    low, high = wilson(right / total, total)
    return f"{right / total:.3f} ({low:.3f}-{high:.3f})"
