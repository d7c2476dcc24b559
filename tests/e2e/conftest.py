"""Fixtures of the end-to-end tests: one running system, its image files, its metrics."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.operations.scrape import Scraped, scrape, total
from tests.e2e.pictures import story_files
from tests.e2e.system import System, running

TIMEOUT_SECONDS = 120.0


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that image files are read from."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Iterator[System]:
    data_dir = tmp_path_factory.mktemp("system")
    with running(
        data_dir,
        PREFERSTREAM_ALLOWED_FILE_ROOTS=str(pictures),
        # Tests send hundreds of malformed events, and Kafka may deliver them all together.
        PREFERSTREAM_DEAD_LETTER_WINDOW="4000",
    ) as started:
        yield started


@pytest.fixture(scope="session")
def scraped(system: System, pictures: Path) -> list[Scraped]:
    """The metrics of all services after a like, a feed and a dead letter."""
    from shared.client import Client

    files = story_files(pictures / "metrics")
    image = files.liked[0]
    with Client(system.kafka) as app:

        def like() -> None:
            app.act("metrics-ada", "reference_like", image.name, uri=image.as_uri())
            app.act("metrics-ada", "reference_like", "unknown-image")

        app.profile_when(
            "metrics-ada", lambda profile: profile.evidence.liked > 0, after=like,
            seconds=TIMEOUT_SECONDS,
        )  # fmt: skip
        slate = {path.name: path.as_uri() for path in files.slate[:3]}
        app.rank("metrics-ada", slate, seconds=TIMEOUT_SECONDS)
    end = time.monotonic() + TIMEOUT_SECONDS
    while True:
        samples = scrape(system)
        letters = total(samples, "preferstream_dead_letters_kept_events", topic="feedback.v1")
        feeds = total(samples, "preferstream_topic_written_events_total", topic="feed.ranked.v1")
        if letters and feeds:
            return samples
        assert time.monotonic() < end, "the monitor reported no dead letter and no feed"
        time.sleep(1)
