"""Models in a real browser: a night's challenger is looked at, promoted, and taken back."""

import asyncio
import time
from pathlib import Path

import pytest

from services.retrain.jobs.finalization import NightEnd
from shared.client import AsyncClient
from shared.vlm.checkpoint.model_package import release
from tests.browser.pages import Colors, Tab, chromium, tab
from tests.e2e.pictures import story_files
from tests.e2e.system import System
from tests.e2e.training.judged_job import judged_night

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]
RELEASE = release(None).version
VERSION = "browser-2"
FOLLOWS_SECONDS = 60.0


@pytest.fixture(scope="module")
def night(system: System) -> NightEnd:
    """A night that finds a better model, which is then tried out unseen."""
    end = judged_night(system, version=VERSION, gain=0.08)
    assert end.verdict == "tried_out", end
    return end


async def _answered_by(app: AsyncClient, slate: dict[str, str], version: str) -> None:
    """Until a feed says so; earlier ones are by whoever served until the news had come."""
    end = time.monotonic() + FOLLOWS_SECONDS
    while (feed := await app.rank("browser-dee", slate, seconds=120)).model_version != version:
        assert time.monotonic() < end, f"{feed.model_version} still answers"
        await asyncio.sleep(0.5)


async def _is_fit_for_everybody(here: Tab) -> None:
    assert not await here.serious_issues()
    assert not await here.is_wider_than_its_window()
    assert not here.errors


async def test_a_nights_challenger_is_promoted_and_rolled_back(
    system: System, night: NightEnd, pictures: Path
) -> None:
    files = story_files(pictures / "models")
    slate = {path.name: path.as_uri() for path in files.slate[:3]}
    dashboard = system.ready["dashboard"]
    async with (
        AsyncClient(system.kafka) as app,
        chromium() as browser,
        tab(browser, dashboard) as here,
    ):
        liked = files.liked[0]
        await app.act("browser-dee", "reference_like", liked.name, uri=liked.as_uri())
        await _answered_by(app, slate, RELEASE)

        await here.open("/nights")
        await here.page.click(f"text={night.night}")
        await here.sees(".state:text('tried out')")
        assert night.reason in await here.text("main")
        assert await here.page.locator("#learning ~ .stack svg[role=img]").count() == 3
        await here.page.click("text=The model")
        await here.sees("#verdict")
        assert "promote" in await here.text("section[aria-labelledby=verdict]")
        assert await here.page.locator(".reliability > .plot circle").count() > 10
        assert "points" in await here.text(".reliability table")
        await _is_fit_for_everybody(here)

        await here.page.fill("#reason", "it was right more often")
        await here.page.click("text=Make it the champion")
        await here.sees("[role=status]:text('was announced as champion')")
        await _answered_by(app, slate, VERSION)

        await here.open("/models")
        await here.sees(f"[aria-labelledby=champion] code:text-is('{VERSION}')")
        await here.page.fill("#reason", "the feeds look wrong")
        await here.page.click("button:text('Roll back')")
        await here.sees("[role=status]:text('rolled back')")
        await _answered_by(app, slate, RELEASE)
        await here.sees(f"[aria-labelledby=champion] code:text-is('{RELEASE}')")
        await _is_fit_for_everybody(here)


@pytest.mark.parametrize(("colors", "width"), [("light", 390), ("dark", 1280)])
async def test_a_models_and_a_nights_page_are_for_everybody(
    system: System, night: NightEnd, colors: Colors, width: int
) -> None:
    async with (
        chromium() as browser,
        tab(browser, system.ready["dashboard"], colors=colors, width=width) as here,
    ):
        for path in (f"/model?version={VERSION}", f"/night?name={night.night}"):
            await here.open(path)
            await here.sees(".plot")
            await _is_fit_for_everybody(here)
