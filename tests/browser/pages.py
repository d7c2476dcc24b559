"""Open pages in a browser, collect their errors, and check them with axe-core."""

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
TIMEOUT_MS: Final = 120_000
"""Long, because training and other tests may run on the same machine."""
Colors = Literal["light", "dark"]


@dataclass
class Tab:
    """An open page, and the errors that occurred in it."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(self.base + path)

    async def sees(self, selector: str) -> None:
        """Wait until an element is visible and the scripts of its page listen to it."""
        await self.page.wait_for_selector(selector, timeout=TIMEOUT_MS)
        # An element can be visible before the page's modules have run; they run before this event.
        await self.page.wait_for_load_state("domcontentloaded", timeout=TIMEOUT_MS)

    async def text(self, selector: str) -> str:
        return await self.page.inner_text(selector)

    async def serious_issues(self) -> list[str]:
        """Return the serious accessibility violations of the page in its current state."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        report: dict[str, Any] = await self.page.evaluate("axe.run()")
        return [
            f"{violation['id']}: {node['html'][:200]}"
            for violation in report["violations"]
            if violation["impact"] in SERIOUS
            for node in violation["nodes"]
        ]

    async def is_wider_than_its_window(self) -> bool:
        is_wider: bool = await self.page.evaluate(
            "document.documentElement.scrollWidth > window.innerWidth"
        )
        return is_wider


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser for the length of the block."""
    program = find()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program.program,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            env={**os.environ, **program.environment},
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab(
    browser: Browser, base: str, *, colors: Colors = "light", width: int = 1280
) -> AsyncIterator[Tab]:
    """Open a tab without cookies, and collect its script errors and policy violations."""
    context = await browser.new_context(
        color_scheme=colors, viewport={"width": width, "height": 900}
    )
    page = await context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    opened = Tab(page, base)
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.on(
        "console",
        lambda message: opened.errors.append(message.text) if message.type == "error" else None,
    )
    try:
        yield opened
    finally:
        await context.close()
