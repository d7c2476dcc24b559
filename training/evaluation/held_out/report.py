"""The report of a held-out evaluation, as values and as Markdown tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from training.evaluation.controls import CONTROLS
from training.evaluation.held_out.users import PairKind
from training.evaluation.markdown import header, line
from training.statistics.interval import Share

KINDS: Final[tuple[PairKind, ...]] = ("all-different", "one-element")


@dataclass(frozen=True)
class HeldOutReport:
    """Shares of right answers, each with its interval over users."""

    model_version: str
    users: int
    seed: int
    pairs: Mapping[str, Mapping[str, Share]]
    """By condition (`predicted`, `true`, `user_blind`, `other_user`), then by kind of pair: how
    often the better image scores higher."""
    predicted_by_group: Mapping[str, Mapping[str, Share]]
    """As `pairs` with the predicted profile, by whether training contains such combinations."""
    predicted_by_element: Mapping[str, Share]
    """One-element pairs with the predicted profile, by the element in which the images differ."""
    profile: Mapping[str, Share]
    """Sides of predicted profiles whose words for an element are exactly the true words."""
    description: Mapping[str, Share]
    """Images whose one word for an element is the true word."""
    well_formed: Mapping[str, Share]
    """Answers of a task that are completely readable."""
    rationales_agree: Share
    """Elements whose rationale agrees with their score; a missing rationale does not."""


def as_table(report: HeldOutReport) -> str:
    """The report as Markdown tables, to paste into LOG.md."""
    conditions = {
        **{_title(name): shares for name, shares in report.pairs.items()},
        **{f"predicted, {group}": shares for group, shares in report.predicted_by_group.items()},
    }
    lines = [
        f"{report.model_version}, {report.users} held-out users, seed {report.seed};"
        " in brackets 95 % intervals over users.",
        "",
        *header("profile", KINDS),
        *(line(name, [shares[kind] for kind in KINDS]) for name, shares in conditions.items()),
        "",
        *header("element", ["profile words", "description", "one-element pairs"]),
        *(
            line(name, [words, report.description[name], report.predicted_by_element[name]])
            for name, words in report.profile.items()
        ),
        "",
        *header("answers", ["share"]),
        *(line(f"{task}: well formed", [share]) for task, share in report.well_formed.items()),
        line("explain: rationale agrees with score", [report.rationales_agree]),
    ]
    return "\n".join(lines)


def _title(condition: str) -> str:
    return f"control `{condition}`" if condition in CONTROLS else condition
