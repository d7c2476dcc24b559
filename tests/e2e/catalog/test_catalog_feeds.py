"""An app publishes its images once, and each user gets a feed of them without a list."""

import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from shared.client import Client
from shared.client.catalog import catalog_image
from shared.domain.images.catalog_filter import CatalogFilter
from shared.events import RankedFeed
from tests.e2e.pictures import story_files
from tests.e2e.system import System
from training.simulate.catalog import draw_catalog

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(300)]
TIMEOUT_SECONDS = 180.0
OTHERS = 28


def drawings(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    files = {}
    for number, image in enumerate(draw_catalog(OTHERS, seed=5).images):
        files[f"other-{number}"] = folder / f"other-{number}.png"
        image.save(files[f"other-{number}"])
    return files


def feed_when(
    app: Client, wanted: Callable[[RankedFeed], bool], user: str, **fields: object
) -> RankedFeed:
    """The first feed that is as wanted, or the last one before the time is over."""
    end = time.monotonic() + TIMEOUT_SECONDS
    while True:
        feed = app.feed_from_catalog(user, explain="none", seconds=TIMEOUT_SECONDS, **fields)
        if wanted(feed) or time.monotonic() > end:
            return feed
        time.sleep(0.5)


def test_feeds_without_a_list_for_a_new_user_and_for_a_taste(
    system: System, pictures: Path
) -> None:
    story = story_files(pictures / "catalog")
    files = drawings(pictures / "catalog" / "others") | {p.name: p for p in story.slate}
    tenant, liked = f"tenant-{uuid4().hex[:8]}", story.names("liked")
    tags = {name: ("new",) if name in story.names("new") else () for name in files}
    images = {name: path.as_uri() for name, path in files.items()}
    with Client(system.kafka, tenant=tenant) as app:
        empty = app.feed_from_catalog("ana", seconds=TIMEOUT_SECONDS)
        assert (empty.items, empty.status) == ((), "degraded")
        assert "no image of this tenant" in (empty.degraded_reason or "")

        app.add_images(
            [
                catalog_image(name, uri, tenant=tenant, tags=tags[name])
                for name, uri in images.items()
            ]
        )
        first = feed_when(app, lambda feed: len(feed.items) == len(files), "ana")
        assert {item.image_id for item in first.items} == set(files)
        assert first.status == "cold_start"
        assert {item.source for item in first.items} <= {"popular", "new", "explored"}
        assert all(item.uri == images[item.image_id] for item in first.items)

        references = [("reference_like", path) for path in story.liked]
        references += [("reference_dislike", path) for path in story.disliked]

        def state() -> None:
            for action, path in references:
                app.act("ada", action, path.name, uri=path.as_uri())  # type: ignore[arg-type]

        app.profile_when(
            "ada",
            lambda profile: profile.evidence.liked + profile.evidence.disliked == len(references),
            after=state,
            seconds=TIMEOUT_SECONDS,
        )
        feed = app.feed_from_catalog("ada", limit=15, explain="none", seconds=TIMEOUT_SECONDS)
        names = [item.image_id for item in feed.items]
        assert (feed.status, len(names), len(set(names))) == ("ok", 15, 15)
        assert {item.source for item in feed.items} & {"taste", "likes"}
        assert len(liked & set(names)) >= 0.75 * len(liked)
        assert names[0] in liked

        filtered = feed_when(
            app, lambda feed: bool(feed.items), "ada", filter=CatalogFilter(tags_any=("new",))
        )
        assert {item.image_id for item in filtered.items} == story.names("new")

        similar = app.feed_from_catalog("ada", limit=3, similar_to=names[0], explain="none")
        assert {item.source for item in similar.items} == {"similar"}
        assert names[0] not in {item.image_id for item in similar.items}

        elsewhere = app.feed_from_catalog("ada", tenant=f"{tenant}-2", seconds=TIMEOUT_SECONDS)
        assert elsewhere.items == ()
