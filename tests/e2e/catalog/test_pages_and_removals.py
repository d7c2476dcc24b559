"""A feed goes on page by page in the running system, and a removed image is shown no more."""

import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from shared.client import Client
from tests.e2e.catalog.test_catalog_feeds import TIMEOUT_SECONDS, drawings, feed_when
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(300)]
REMOVAL_SECONDS = 5.0


def test_pages_show_each_image_once_and_a_removed_image_is_shown_no_more(
    system: System, pictures: Path
) -> None:
    files = dict(list(drawings(pictures / "pages").items())[:12])
    tenant = f"tenant-{uuid4().hex[:8]}"
    images = {name: path.as_uri() for name, path in files.items()}
    ops = system.ready["dashboard"].rstrip("/")
    with Client(system.kafka, tenant=tenant) as app:
        app.add_images(images)
        feed_when(app, lambda feed: len(feed.items) == len(files), "ana")

        pages = [app.feed_from_catalog("ana", top_k=5, explain="none", seconds=TIMEOUT_SECONDS)]
        while pages[-1].next_cursor is not None:
            pages.append(
                app.feed_from_catalog(
                    "ana", top_k=5, explain="none", cursor=pages[-1].next_cursor,
                    seconds=TIMEOUT_SECONDS,
                )
            )  # fmt: skip
        assert [len(page.items) for page in pages] == [5, 5, 2]
        assert {item.image_id for page in pages for item in page.items} == set(files)

        cursor = pages[0].next_cursor
        of_another = app.feed_from_catalog("bo", cursor=cursor, seconds=TIMEOUT_SECONDS)
        assert of_another.items == ()
        assert (of_another.degraded_reason or "").startswith("cursor_of_another_user: ")
        refused = httpx.post(f"{ops}/v1/users/bo/feed", json={"cursor": cursor, "tenant": tenant})
        assert refused.status_code == 422

        gone = pages[0].items[0].image_id
        thumbnail = f"{ops}/thumbnail?image={gone}&user=ana&tenant={tenant}"
        assert httpx.get(thumbnail).status_code == 200
        app.remove_images(gone)
        end = time.monotonic() + REMOVAL_SECONDS
        while httpx.get(thumbnail).status_code == 200 and time.monotonic() < end:
            time.sleep(0.1)
        assert httpx.get(thumbnail).status_code == 410
        read = httpx.get(
            f"{ops}/v1/feeds/{pages[0].request_id}",
            params={"user_id": "ana", "tenant": tenant},
        ).json()
        assert gone not in [item["image_id"] for item in read["items"]]
        listed = app.rank("ana", {gone: images[gone]}, seconds=TIMEOUT_SECONDS)
        assert listed.items == ()
        assert listed.rejected[0].reason.startswith("removed_from_catalog: ")
        later = app.feed_from_catalog("ana", explain="none", seconds=TIMEOUT_SECONDS)
        assert gone not in {item.image_id for item in later.items}

        app.add_images({gone: images[gone]})
        again = feed_when(app, lambda feed: len(feed.items) == len(files), "ana")
        assert gone in {item.image_id for item in again.items}
