"""Print what the demo did: its users, their feeds, and where they are wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.cli.demo.checks import (
    Misplaced,
    misplaced,
    share_by_look,
    share_by_subject,
    share_of_right_pairs,
)
from services.cli.demo.page import total_of
from services.cli.demo.scenario import ScenarioResult
from services.cli.output import tables
from services.cli.output.console import print_line, print_rows
from services.cli.output.listing import Column, Listing
from services.cli.output.wrapping import Id, Line
from shared.events import RankedFeed

SHOWN_WRONG = 3


@dataclass(frozen=True)
class Check:
    """How a feed compares with the known taste; shares of right pairs, where chance is 0.5."""

    right: float
    by_look: float | None
    by_subject: float | None
    wrong: tuple[Misplaced, ...]


def check(result: ScenarioResult) -> Check | None:
    """The check of a feed; None when nothing is known about its pictures."""
    above, below = result.scenario.wanted, result.scenario.unwanted
    if not (above and below):
        return None
    feed = result.feed
    return Check(
        right=share_of_right_pairs(feed, above=above, below=below),
        by_look=share_by_look(feed, above=above, below=below),
        by_subject=share_by_subject(feed, above=above, below=below),
        wrong=tuple(misplaced(feed, above=above, below=below)),
    )


def check_lines(result: ScenarioResult) -> list[str]:
    """The check in sentences: the share of right pairs, and the pictures at a wrong place."""
    checked = check(result)
    if checked is None:
        return []
    alone = [
        f"{name} alone: {share:.0%}"
        for name, share in (("look", checked.by_look), ("subject", checked.by_subject))
        if share is not None
    ]
    wrong = [
        f"wrong: {place.name} has rank {place.rank}, above {place.above} of the liked pictures"
        for place in checked.wrong[:SHOWN_WRONG]
    ]
    more = len(checked.wrong) - len(wrong)
    return [
        f"liked above disliked: {checked.right:.0%} of the pairs are in the right order"
        f" ({'; '.join(alone)}; chance: 50%)",
        *wrong,
        *([f"wrong: {more} more pictures"] if more else []),
    ]


def weight_line(result: ScenarioResult) -> str:
    """What the user goes by, subject or look, and what the order follows where neither counts."""
    if result.feed.status == "cold_start":
        return "no word of this taste is sure: the order follows the similarity to the references"
    lines = tables.weight_lines(result.feed)
    return lines[0] if lines else "this feed is ranked by the look alone"


def as_json(result: ScenarioResult) -> dict[str, Any]:
    """The result of one user, for programs."""
    checked = check(result)
    return {
        "name": result.scenario.name,
        "pictures": len(result.scenario.files),
        "status": result.feed.status,
        "subject_weight": result.feed.subject_weight,
        "ranking_weights": result.feed.ranking_weights and result.feed.ranking_weights.model_dump(),
        "right_pairs": checked and checked.right,
        "right_by_look": checked and checked.by_look,
        "right_by_subject": checked and checked.by_subject,
        "wrong": [place.name for place in checked.wrong] if checked else [],
        "ranked": [item.image_id for item in result.feed.items],
        "rejected": [item.image_id for item in result.feed.rejected],
    }


def print_scenario(result: ScenarioResult) -> None:
    """Print the feed of one user with scores, what the sources say, and the check."""
    print_line()
    print_rows(feed_listing(result))
    for line in why_lines(result):
        print_line(*line)
    for line in check_lines(result):
        print_line(line)
    for parts in tables.rejected_lines(result.feed):
        print_line(*parts)


def feed_listing(result: ScenarioResult) -> Listing:
    """Rank, picture, scores, and what the source says about it."""
    scenario, feed = result.scenario, result.feed
    has_truth = bool(scenario.wanted or scenario.unwanted)
    rows = [
        [
            str(item.rank),
            item.image_id,
            _number(total_of(item)),
            _number(item.score),
            _number(item.subject),
            *([_source_says(result, item.image_id)] if has_truth else []),
        ]
        for item in feed.items
    ]
    return Listing(
        (
            Column("#", "number"), Column("picture", "id"), Column("total", "number"),
            Column("look", "number"), Column("subject", "number"),
            *([Column("source")] if has_truth else []),
        ),
        rows,
        title=[scenario.title],
        notes=[[line] for line in (scenario.text, weight_line(result), demoted(feed)) if line],
    )  # fmt: skip


def demoted(feed: RankedFeed) -> str:
    """How many pictures rank lower than their total, and why; empty when none does."""
    count = sum(bool(item.demoted) for item in feed.items)
    if not count:
        return ""
    return f"{count} of the pictures rank below their total, because similar ones are above them"


def why_lines(result: ScenarioResult) -> list[Line]:
    """What speaks for the best picture and against the last one."""
    items = result.feed.items
    chosen = [items[0], items[-1]] if len(items) > 1 else list(items)
    return [
        [Id(item.image_id), f" (rank {item.rank}): {item.evidence.text}"]
        for item in chosen
        if item.evidence
    ]


def mean_right(results: Sequence[ScenarioResult]) -> float | None:
    """Mean share of right pairs of the users whose taste is known."""
    shares = [checked.right for result in results if (checked := check(result))]
    return sum(shares) / len(shares) if shares else None


def is_wanted(result: ScenarioResult) -> dict[str, bool]:
    """Whether the user likes a picture by its source, for those of which it is known."""
    scenario = result.scenario
    return dict.fromkeys(scenario.wanted, True) | dict.fromkeys(scenario.unwanted, False)


def _source_says(result: ScenarioResult, name: str) -> str:
    known = is_wanted(result).get(name)
    return "" if known is None else "liked" if known else "disliked"


def _number(score: float | None) -> str:
    return "-" if score is None else f"{score:.1f}"
