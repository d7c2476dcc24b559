"""The browser of the tests starts, and writes only into its own folder."""

import os
from pathlib import Path

import pytest

from tests.browser.pages import chromium, tab

pytestmark = pytest.mark.timeout(900)  # the first test downloads the browser


async def test_a_browser_writes_nothing_into_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with chromium() as browser, tab(browser, "about:") as here:
        await here.page.set_content("<h1>letters</h1>")
        await here.page.screenshot()
    assert not os.listdir(tmp_path)
