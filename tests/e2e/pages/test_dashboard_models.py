"""Model pages in a real browser: inspect a challenger, promote it, and roll it back."""

import asyncio
import time
from pathlib import Path

import pytest

from services.retrain.jobs.finalization import JobOutcome
from shared.client import AsyncClient
from shared.vlm.checkpoint.model_package import release
from tests.browser.pages import Colors, Tab, chromium, tab
from tests.e2e.pictures import story_files
from tests.e2e.system import System
from tests.e2e.training.judged_job import judged_job

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(900)]
RELEASE = release(None).version
VERSION = "browser-2"
PROMOTION_SECONDS = 60.0


@pytest.fixture(scope="module")
def job(system: System) -> JobOutcome:
    """A training job with a better model, which becomes the challenger."""
    outcome = judged_job(system, version=VERSION, gain=0.08)
    assert outcome.verdict == "tried_out", outcome
    return outcome


async def _wait_for_feed_of(app: AsyncClient, slate: dict[str, str], version: str) -> None:
    """Wait for a feed of the version. Earlier feeds may still be of the previous model."""
    end = time.monotonic() + PROMOTION_SECONDS
    while (feed := await app.rank("browser-dee", slate, seconds=120)).model_version != version:
        assert time.monotonic() < end, f"{feed.model_version} is still serving"
        await asyncio.sleep(0.5)


async def _check_page(here: Tab) -> None:
    assert not await here.serious_issues()
    assert not await here.is_wider_than_its_window()
    assert not here.errors


async def test_a_challenger_is_promoted_and_rolled_back(
    system: System, job: JobOutcome, pictures: Path
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
        await _wait_for_feed_of(app, slate, RELEASE)

        await here.open("/training-jobs")
        await here.page.click(f"text={job.job}")
        await here.sees(".state:text('became challenger')")
        assert job.reason in await here.text("main")
        assert await here.page.locator("#curves ~ .stack svg[role=img]").count() == 3
        await here.page.click("text=Open the model")
        await here.sees("#verdict")
        assert "promote" in await here.text("section[aria-labelledby=verdict]")
        assert await here.page.locator(".reliability > .plot circle").count() > 10
        assert "points" in await here.text(".reliability table")
        await _check_page(here)

        await here.page.fill("#reason", "it was right more often")
        await here.page.click("text=Promote to champion")
        await here.sees("[role=status]:text('is announced as champion')")
        await _wait_for_feed_of(app, slate, VERSION)

        await here.open("/models")
        await here.sees(f"[aria-labelledby=champion] code:text-is('{VERSION}')")
        await here.page.fill("#reason", "the feeds look wrong")
        await here.page.click("button:text('Roll back')")
        await here.sees("[role=status]:text('rolled back')")
        await _wait_for_feed_of(app, slate, RELEASE)
        await here.sees(f"[aria-labelledby=champion] code:text-is('{RELEASE}')")
        await _check_page(here)


@pytest.mark.parametrize(("colors", "width"), [("light", 390), ("dark", 1280)])
async def test_the_pages_of_a_model_and_a_training_job_are_accessible(
    system: System, job: JobOutcome, colors: Colors, width: int
) -> None:
    async with (
        chromium() as browser,
        tab(browser, system.ready["dashboard"], colors=colors, width=width) as here,
    ):
        for path in (f"/model?version={VERSION}", f"/training-job?name={job.job}"):
            await here.open(path)
            await here.sees(".plot")
            await _check_page(here)
