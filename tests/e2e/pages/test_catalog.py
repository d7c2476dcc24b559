"""A catalog from a folder: the command line fills it, and pages and HTTP show it."""

import asyncio
import json
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.browser.pages import chromium, tab
from tests.e2e.system import System, preferstream
from training.simulate.catalog import draw_catalog

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(400)]
IMAGES = 28
"""More than two pages of the playground."""
SECONDS = 60.0
IDS = "[...document.querySelectorAll('.shown')].map((card) => card.dataset.imageId)"


def folder_of_drawings(folder: Path) -> Path:
    """Drawings in two subfolders, and a file that is no picture."""
    for number, image in enumerate(draw_catalog(IMAGES, seed=7).images):
        path = folder / ("even" if number % 2 == 0 else "odd é") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    (folder / "page.png").write_text("<!doctype html>")
    return folder


async def test_a_folder_becomes_a_catalog_that_commands_pages_and_http_show(
    system: System, pictures: Path
) -> None:
    folder = folder_of_drawings(pictures / "catalog-folder")
    tenant, user = f"tenant-{uuid4().hex[:8]}", "browser-cat"

    def run(*arguments: str) -> str:
        completed = preferstream(*arguments, "--tenant", tenant, data_dir=system.data_dir)
        assert completed.returncode == 0, (arguments, completed.stderr)
        return completed.stdout

    added = json.loads(
        run("catalog", "add", str(folder), "--tags-from-folders", "--wait", "--json")
    )
    assert (added["accepted"], added["indexed"], added["failed"]) == (IMAGES, IMAGES, {})
    assert ["HTML" in file["reason"] for file in added["unreadable"]] == [True]

    base = system.ready["dashboard"]
    async with httpx.AsyncClient(base_url=base, timeout=SECONDS) as app:
        tagged = {"tags_any": "odd é", "tenant": tenant}
        listed = (await app.get("/v1/images", params=tagged)).json()["images"]
        assert len(listed) == IMAGES // 2
        shown = listed[0]
        like = {"type": "reference_like", "image_id": shown["image_id"], "uri": shown["uri"]}
        body = {"user_id": user, "tenant": tenant, "actions": [like]}
        assert (await app.post("/v1/feedback", json=body)).status_code == 202
        address = f"/v1/images/{shown['image_id'].replace('/', '%2F')}"
        similar = (await app.get(f"{address}/similar?limit=3&tenant={tenant}")).json()["images"]
        assert len(similar) == 3

        async with chromium() as browser, tab(browser, base) as here:
            await here.open(f"/playground?user={user}&tenant={tenant}")
            await here.sees("#source")
            await here.sees("#taste .chip")
            await here.page.select_option("#source", "catalog")
            await here.page.select_option("#many", "12")
            await here.page.click("#ranking button")
            await here.sees(".shown")
            # The first page by a click, the next one by the keyboard, the others as one scrolls.
            await here.page.locator("[data-cursor]").focus()
            await here.page.keyboard.press("Enter")
            await here.page.wait_for_function(
                "() => document.querySelectorAll('.shown').length >= 24"
            )
            end = time.monotonic() + SECONDS
            while await here.page.locator("[data-cursor]").count() and time.monotonic() < end:
                await here.page.mouse.wheel(0, 20_000)
                await here.page.wait_for_timeout(200)
            ids = await here.page.evaluate(IDS)
            assert len(ids) == len({*ids}) == IMAGES
            assert not await here.serious_issues()

            await here.open(f"/catalog?user={user}&tenant={tenant}")
            await here.sees(".tile")
            assert "of 25" in await here.text(".tile:first-child")
            assert not await here.serious_issues()
            await here.page.locator(".tile a").first.click()
            await here.sees("#audience:not([aria-busy])")
            assert not await here.serious_issues()
            assert not here.errors

        run("catalog", "remove", shown["image_id"], "--yes")
        end = time.monotonic() + SECONDS
        while (await app.get(address, params={"tenant": tenant})).status_code != 404:
            assert time.monotonic() < end
            await asyncio.sleep(0.2)
        feed = json.loads(run("feed", user, "--limit", str(IMAGES), "--json"))
        assert len(feed["items"]) == IMAGES - 1
        assert shown["image_id"] not in {item["image_id"] for item in feed["items"]}
