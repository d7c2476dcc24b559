"""Links, anchors, settings, make targets and chart values in the pages of `infra` exist."""

import re
from pathlib import Path

import pytest

from services.cli.reference.all_settings import known_variables
from tests.support.project_root import PROJECT_ROOT

PAGES = {page.name: page for page in (PROJECT_ROOT / "infra").glob("*.md")}


def _anchors(page: Path) -> set[str]:
    """The anchors that GitHub derives from the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_has_a_target(name: str) -> None:
    page = PAGES[name]
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            path, _, anchor = target.partition("#")
            linked = (page.parent / path) if path else page
            assert linked.exists(), target
            assert not anchor or anchor in _anchors(linked), target


@pytest.mark.parametrize("name", PAGES)
def test_every_mentioned_setting_exists(name: str) -> None:
    mentioned = set(re.findall(r"PREFERSTREAM_[A-Z_]+[A-Z]", PAGES[name].read_text("utf-8")))
    assert mentioned <= known_variables()


def test_every_mentioned_make_target_exists() -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    mentioned = set(re.findall(r"`make ([a-z-]+)`", PAGES["README.md"].read_text("utf-8")))
    assert mentioned
    assert mentioned <= targets


def test_every_value_that_a_helm_command_sets_exists_in_the_chart() -> None:
    import yaml

    values = yaml.safe_load(
        (PROJECT_ROOT / "infra/helm/preferstream/values.yaml").read_text("utf-8")
    )
    page = PAGES["README.md"].read_text("utf-8")
    paths = re.findall(r"(?:--set|--set-file) ([a-z]\w*(?:\.\w+)*)=", page)
    assert paths
    for path in paths:
        node = values
        for key in path.split("."):
            assert key in node, path
            node = node[key]
