"""Arrange the results of the demo as sections of its page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from services.cli.demo.image_files import DemoFiles
from services.cli.demo.page import (
    REFERENCE_PIXELS,
    Picture,
    Section,
    TasteRow,
    feed_cards,
    picture,
    taste_rows,
)
from services.cli.demo.report import check_lines, is_wanted, weight_line
from services.cli.demo.scenario import ScenarioResult
from services.cli.demo.story import DemoResult
from services.cli.output import tables
from services.cli.output.wrapping import plain
from shared.events import ProfileUpdated

REAL_TITLE = "Real pictures"
DRAWINGS_TITLE = "Simulated drawings"


def real_chapter(results: Sequence[ScenarioResult], *, pictures: int) -> list[Section]:
    """A heading and the sections of each user; nothing without users."""
    if not results:
        return []
    text = (
        f"{len(results)} users, {pictures} real pictures that come with Python packages. After five"
        " liked and five disliked ones, new pictures are ranked."
    )
    heading = Section(f"1. {REAL_TITLE}", text, level=2)
    return [heading, *(section for result in results for section in user_sections(result))]


def user_sections(result: ScenarioResult) -> list[Section]:
    """The references, the taste, and the feed with its check."""
    scenario = result.scenario
    pictures = {path.name: picture(path) for path in scenario.slate}
    lines = (
        weight_line(result),
        *check_lines(result),
        *map(plain, tables.rejected_lines(result.feed)),
    )
    return [
        Section(scenario.title, scenario.text),
        Section("Liked", pictures=tuple(map(picture, scenario.liked)), level=4),
        Section("Disliked", pictures=tuple(map(picture, scenario.disliked)), level=4),
        Section(
            "New pictures, ranked",
            cards=feed_cards(
                result.feed,
                pictures,
                is_wanted=is_wanted(result),
                references=small(*scenario.liked, *scenario.disliked),
            ),
            lines=lines,
            level=4,
        ),
        Section("The taste in words", taste=_taste(result.profile), level=4),
    ]


def _taste(profile: ProfileUpdated) -> tuple[TasteRow, ...]:
    return taste_rows(tables.taste_of(profile), profile.subjects)


def small(*paths: Path) -> dict[str, Picture]:
    """Small pictures of references by image id."""
    return {path.name: picture(path, side=REFERENCE_PIXELS) for path in paths}


def drawings_chapter(result: DemoResult, files: DemoFiles, *, number: int) -> list[Section]:
    """The story of one user of drawings: likes, a feed, clicks, another feed."""
    pictures: Mapping[str, Picture] = {path.name: picture(path) for path in files.slate}
    references = small(*files.liked, *files.disliked, *files.slate)
    first, second = map(tables.taste_of, (result.first_profile, result.second_profile))
    return [
        Section(
            f"{number}. {DRAWINGS_TITLE}",
            f"Feeds for {result.user}, whose taste is known exactly, and who changes it by clicks.",
            level=2,
        ),
        Section("Images that the user likes", pictures=tuple(map(picture, files.liked))),
        Section("Images that the user dislikes", pictures=tuple(map(picture, files.disliked))),
        Section("The taste that the model predicts from them", taste=taste_rows(first)),
        Section(
            "The ranked feed",
            cards=feed_cards(result.first_feed, pictures, references=references),
            lines=(
                *tables.element_weight_lines(result.first_feed.element_weights),
                *map(plain, tables.rejected_lines(result.first_feed)),
            ),
        ),
        Section(
            "Dead letter",
            f"A malformed event was sent before the slate: {result.dead_letter.detail}",
        ),
        Section(
            "After the clicks",
            f"The user clicked on {', '.join(result.clicked)}. The taste is now:",
            taste=taste_rows(second),
        ),
        Section(
            "The same slate, ranked again",
            cards=feed_cards(
                result.second_feed, pictures, before=result.first_feed, references=references
            ),
        ),
    ]
