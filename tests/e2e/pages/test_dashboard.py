"""The dashboard in a real browser on the real system: create a profile, rank, correct, erase."""

import asyncio
import base64
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from shared.events.wire.record import Outgoing
from shared.messaging.client.producer import send_once
from tests.browser.pages import Colors, Tab, chromium, tab
from tests.e2e.pictures import story_files
from tests.e2e.system import System

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]
LIKED = [f"sample-7-liked-{number}" for number in (1, 2)]
NEWER = """before => {
  const match = /Version (\\d+)/.exec(document.querySelector("#taste").innerText);
  return match !== null && Number(match[1]) > before;
}"""
DISLIKED = [f"sample-7-disliked-{number}" for number in (1, 2)]


async def _create_profile(here: Tab, name: str) -> None:
    await here.open("/playground")
    await here.page.fill("#user", name)
    await here.page.click("button:text('Start')")
    await here.sees(".pick")
    for image_id, action in [
        *((image_id, "reference_like") for image_id in LIKED),
        *((image_id, "reference_dislike") for image_id in DISLIKED),
    ]:
        button = f"[data-image-id={image_id}] [data-act={action}]"
        await here.page.locator(button).focus()
        await here.page.keyboard.press("Enter")
        await here.sees(f"{button}[aria-pressed=true]")
    await here.sees("#taste .chip")


async def _version(here: Tab) -> int:
    match = re.search(r"Version (\d+)", await here.text("#taste"))
    return int(match[1]) if match else 0


async def test_a_profile_is_created_used_for_ranking_corrected_and_erased(system: System) -> None:
    async with chromium() as browser, tab(browser, system.ready["dashboard"]) as here:
        await _create_profile(here, "browser-ada")
        await here.page.select_option("#many", "12")
        await here.page.click("#ranking button")
        await here.sees(".shown")
        ranks = await here.page.locator(".shown").count()
        assert ranks == 12
        assert "of 25" in await here.text(".shown:first-child")
        assert not await here.serious_issues()

        before = await _version(here)
        await here.page.locator(".shown").last.locator("[data-act=like]").click()
        await here.page.wait_for_function(NEWER, arg=before)
        await here.sees(f"#feed :text('profile version {await _version(here)}')")

        await here.open("/user?user=browser-ada")
        await here.sees("#history table")
        veto = here.page.locator("button[aria-label^='Veto ']").first
        word = (await veto.get_attribute("aria-label") or "").removeprefix("Veto ")
        await veto.click()
        await here.sees(f"s:text-is('{word}')")
        assert not await here.serious_issues()

        await here.page.fill("#confirmed", "browser-ada")
        await here.page.click("#erase button")
        await here.sees("#receipts th:text-is('profile')")
        await here.open("/user?user=browser-ada")
        assert "This user has no profile" in await here.text("main")
        assert not here.errors


DROP = """([name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (character) => character.codePointAt(0));
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], name, { type: "image/png" }));
  document.querySelector("#playground").dispatchEvent(
    new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


def _folder_of(folder: Path, files: Sequence[Path]) -> Path:
    """A folder with pictures in a subfolder, a HEIC file, and a file that is no picture."""
    (folder / "deep").mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder / "deep" / file.name)
    (folder / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (folder / "notes.txt").write_text("no picture")
    return folder


async def test_a_users_own_pictures_can_be_chosen_dropped_liked_and_ranked(
    system: System, pictures: Path
) -> None:
    files = story_files(pictures / "own")
    chosen, dropped = files.liked[0], files.slate[0]
    no_picture = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    async with chromium() as browser, tab(browser, system.ready["dashboard"]) as here:
        await here.open("/playground?user=browser-eve")
        # Without waiting: the sample pictures may still be loading.
        await here.page.set_input_files("#files", chosen)
        await here.sees(f".pick img[alt='{chosen.name}']")
        await here.page.set_input_files("#files", no_picture)
        await here.sees("#toast:text('notes.txt')")
        file = [dropped.name, base64.b64encode(dropped.read_bytes()).decode()]
        await here.page.evaluate(DROP, file)
        own = f".pick:has(img[alt='{dropped.name}'])"
        await here.sees(own)
        like = here.page.locator(f".pick:has(img[alt='{chosen.name}']) [data-act=reference_like]")
        await like.focus()
        await here.page.keyboard.press("Enter")
        await here.sees("#taste .chip")
        folder = _folder_of(pictures / "folder", files.disliked[:2])
        await here.page.set_input_files("#folder", folder)
        await here.sees(f".pick img[alt='{files.disliked[1].name}']")
        await here.sees("#toast:text('2 pictures added; this browser cannot read IMG_1.HEIC')")
        mine = await here.page.get_attribute(own, "data-image-id")
        await here.page.select_option("#many", "12")
        await here.page.click("#ranking button")
        await here.sees(f".shown[data-image-id='{mine}']")
        assert not await here.serious_issues()
        assert not here.errors


DROPPED_FOLDER = """async () => {
  const { droppedFiles } = await import("/static/pictures.js");
  const file = (fullPath) => ({ isFile: true, fullPath,
    file: (done) => done(new File(["x"], fullPath.split("/").pop())) });
  const lost = { ...file("/d/lost.png"), file: (done, failed) => failed(new Error()) };
  const folder = (fullPath, children) => ({ isDirectory: true, fullPath, createReader: () => {
    let next = 0;  // A browser returns the entries of a folder in parts.
    return { readEntries: (done) => done(children.slice(next, next += 2)) };
  } });
  const deep = folder("/d/deep", [file("/d/deep/c.jpg"), file("/d/deep/.hidden.png"), lost]);
  const entries = [folder("/d", [file("/d/a.png"), file("/d/notes.txt"), file("/d/b.HEIC"), deep])];
  const items = [...entries, file("/e.png")].map((entry) => ({ webkitGetAsEntry: () => entry }));
  return (await droppedFiles({ items, files: [] })).map((file) => file.name);
}"""


async def test_a_dropped_folder_is_read_with_its_subfolders(system: System) -> None:
    """With entries as browsers return them: a script cannot drop a folder."""
    async with chromium() as browser, tab(browser, system.ready["dashboard"]) as here:
        await here.open("/playground?user=browser-dan")
        names = await here.page.evaluate(DROPPED_FOLDER)
    assert names == ["a.png", "b.HEIC", "c.jpg", "e.png"]
    assert not here.errors


PAGES = {
    "/": ".facts",
    "/playground": "#user",
    "/playground?user=browser-bob": ".pick",
    "/study": "#samples",
    "/users": "main table, main .empty",
    "/user?user=browser-bob": "#history .empty",
    "/models": "main table",
    "/training-jobs": "main table, main .empty",
    "/dead-letters": "main table, main .empty",
    "/docs": "main table",
}
"""Each page, and an element that is visible when the page is complete."""


@pytest.mark.parametrize(("colors", "width"), [("light", 1280), ("dark", 390)])
async def test_every_page_is_accessible(system: System, colors: Colors, width: int) -> None:
    """One browser for all pages, because its start takes as long as one page."""
    async with (
        chromium() as browser,
        tab(browser, system.ready["dashboard"], colors=colors, width=width) as here,
    ):
        for path, shown in PAGES.items():
            await here.open(path)
            await here.sees(shown)
            assert not await here.serious_issues(), path
            assert not await here.is_wider_than_its_window(), path
            assert not here.errors, path


async def test_an_event_is_sent_from_the_docs(system: System) -> None:
    async with chromium() as browser, tab(browser, system.ready["dashboard"]) as here:
        await here.open("/docs")
        form = here.page.locator("details.try").first
        await form.locator("summary").click()
        await form.get_by_role("button", name="Send").click()
        await here.sees(".answer pre")
        assert '"status"' in await here.text(".answer pre")


async def test_a_dead_letter_is_searched_corrected_and_replayed(system: System) -> None:
    wrong = {
        "event_id": str(uuid4()),
        "occurred_at": "2026-01-31T09:30:01Z",
        "user_id": "browser-cy",
        "type": "adore",
        "image_id": "img-1",
    }
    value = json.dumps(wrong).encode()
    send_once(system.kafka, Outgoing("feedback.v1", b"browser-cy", value, ()))
    async with chromium() as browser, tab(browser, system.ready["dashboard"]) as here:
        for _ in range(60):
            await here.open("/dead-letters?text=browser-cy")
            if await here.page.locator("main table").count():
                break
            await asyncio.sleep(1)
        await here.page.click("main table a")
        assert "invalid_event" in await here.text("main")
        assert not await here.serious_issues()
        await here.page.fill("#value", json.dumps({**wrong, "type": "view"}))
        await here.page.fill("#note", "an old client")
        await here.page.click("text=Fix and replay")
        await here.sees(".state:text('replayed, fixed')")
        await here.open("/dead-letters?text=browser-cy")
        await here.sees("main .empty")
        assert not here.errors
