"""Every link between the project's pages leads to a file, and to a heading of it."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.project_root import PROJECT_ROOT

LINK = re.compile(r"\]\(([^()\s]+)\)")


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [PROJECT_ROOT / name for name in sorted(set(listed)) if (PROJECT_ROOT / name).exists()]


def links(page: Path) -> Iterator[str]:
    """Targets of a page's links, without those in code blocks and those of the web."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in LINK.findall(text):
        if not target.startswith(("http:", "https:", "mailto:")):
            yield target


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading))
        .strip().lower().replace(" ", "-")
        for heading in headings
    }  # fmt: skip


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.relative_to(PROJECT_ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in links(page):
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), link
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), link


def test_the_walks_lead_to_code() -> None:
    for name in ("candidate-event", "feedback-event", "training-job"):
        targets = list(links(PROJECT_ROOT / "docs" / "walks" / f"{name}.md"))
        assert sum(target.endswith(".py") for target in targets) >= 10, name
