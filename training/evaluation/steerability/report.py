"""Write the tables of steerability: by direction, frequency and element, and the controls."""

from collections.abc import Callable, Sequence
from typing import Final

from shared.domain.subjects.element import SUBJECT
from training.evaluation.markdown import header, line
from training.evaluation.steerability.measure import Measured
from training.evaluation.steerability.moves import Steered, steered, wilson_share
from training.statistics.interval import Share

COLUMNS: Final = ("slates", "right way (95 %)", "unmoved", "ranks", "of the possible", "no room")
Label = Callable[[Measured], str]


def by_direction(measured: Measured) -> str:
    """The row of the short table: what is corrected, which way, how frequent the word is."""
    edit = measured.edit
    what = "subject" if edit.element == SUBJECT else "look"
    return f"{what}, {direction(measured)}, {edit.frequency} word"


def direction(measured: Measured) -> str:
    return "raise" if measured.edit.raises else "lower"


def by_correction(measured: Measured) -> str:
    """The correction as a user makes it."""
    edit = measured.edit
    side = "liked" if edit.side == "preference" else "disliked"
    verb = f"pin as {side}" if edit.action == "pin" else f"veto of a {side} word"
    return f"{verb}: {direction(measured)}"


def by_element(measured: Measured) -> str:
    return f"{measured.edit.element.label}, {direction(measured)}"


def report(measured: Sequence[Measured], *, slate: int) -> str:
    """All tables; `slate` is the number of images of a slate."""
    parts = [f"{len(measured)} edits, one slate of {slate} images each", ""]
    for name, label in (
        ("direction and frequency", by_direction),
        ("correction", by_correction),
        ("element", by_element),
        ("all", lambda _: "all"),
    ):
        rows: dict[str, list[Measured]] = {}
        for each in measured:
            rows.setdefault(label(each), []).append(each)
        parts += header(name, COLUMNS)
        parts += [
            line(row, _cells(steered([each.move for each in rows[row]]))) for row in sorted(rows)
        ]
        parts.append("")
    return "\n".join([*parts, *controls(measured)])


def controls(measured: Sequence[Measured]) -> list[str]:
    """How many slates stay as they are where the edit should move nothing."""
    columns = ["slates", "unmoved (95 %)", "mean move of an image, ranks"]
    lines = header("control", columns)
    kinds: tuple[tuple[str, Callable[[Measured], float | None]], ...] = (
        ("no image shows the word", lambda each: each.no_image),
        ("another user's feed", lambda each: each.other_user),
        ("user-blind feed", lambda each: each.user_blind),
    )
    for name, value in kinds:
        moved = [ranks for each in measured if (ranks := value(each)) is not None]
        if moved:
            unmoved = wilson_share(sum(ranks == 0 for ranks in moved), len(moved))
            ranks = sum(moved) / len(moved)
            lines.append(line(name, [len(moved), percent(unmoved), f"{ranks:.2f}"]))
    return lines


def percent(share: Share) -> str:
    """A share in percent with its interval."""
    return f"{share.value:.1%} ({share.low:.1%}-{share.high:.1%})".replace("%", " %")


def _cells(row: Steered) -> list[object]:
    right = percent(row.right) if row.right else None
    return [
        row.slates,
        right,
        row.unmoved,
        f"{row.ranks:+.1f}",
        f"{row.of_room:.0%}".replace("%", " %"),
        row.without_room,
    ]
