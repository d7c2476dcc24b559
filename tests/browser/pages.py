"""Pages in a browser: opened, watched for errors, and judged by axe-core."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import axe_playwright_python
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.chromium import find

AXE: Final = Path(axe_playwright_python.__file__).parent / "axe.min.js"
SERIOUS: Final = {"serious", "critical"}
PATIENCE_MS: Final = 120_000
"""Trainings and other tests may share the machine."""
Colors = Literal["light", "dark"]


@dataclass
class Tab:
    """An open page, and what went wrong in it."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(self.base + path)

    async def sees(self, selector: str) -> None:
        """Wait until it is there to be seen."""
        await self.page.wait_for_selector(selector, timeout=PATIENCE_MS)

    async def text(self, selector: str) -> str:
        return await self.page.inner_text(selector)

    async def serious_issues(self) -> list[str]:
        """What keeps people out of the page as it now is, as axe-core finds it."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = await self.page.evaluate("axe.run()")
        return [
            f"{one['id']}: {node['html'][:200]}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
            for node in one["nodes"]
        ]

    async def is_wider_than_its_window(self) -> bool:
        told: bool = await self.page.evaluate(
            "document.documentElement.scrollWidth > window.innerWidth"
        )
        return told


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser of its own."""
    found = find()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found.program,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            env={**os.environ, **found.environment},
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab(
    browser: Browser, base: str, *, colors: Colors = "light", width: int = 1280
) -> AsyncIterator[Tab]:
    """A page with nothing remembered; errors of its scripts and of the policy are kept."""
    context = await browser.new_context(
        color_scheme=colors, viewport={"width": width, "height": 900}
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    opened = Tab(page, base)
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.on(
        "console",
        lambda said: opened.errors.append(said.text) if said.type == "error" else None,
    )
    try:
        yield opened
    finally:
        await context.close()
