"""What infra's pages say holds: links, anchors, variables, commands, and figures of the pins."""

import re
from pathlib import Path

import pytest

from services.cli.reference.all_settings import known_variables
from tests.support.project_root import PROJECT_ROOT

PAGES = {page.name: page for page in (PROJECT_ROOT / "infra").glob("*.md")}


def _anchors(page: Path) -> set[str]:
    """As the forge makes them of headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    page = PAGES[name]
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if not target.startswith("http"):
            path, _, anchor = target.partition("#")
            found = (page.parent / path) if path else page
            assert found.exists(), target
            assert not anchor or anchor in _anchors(found), target


@pytest.mark.parametrize("name", PAGES)
def test_every_variable_told_of_exists(name: str) -> None:
    told = set(re.findall(r"PREFERSTREAM_[A-Z_]+[A-Z]", PAGES[name].read_text("utf-8")))
    assert told <= known_variables()


def test_every_make_target_told_of_exists() -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (PROJECT_ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    told = set(re.findall(r"`make ([a-z-]+)`", PAGES["README.md"].read_text("utf-8")))
    assert told
    assert told <= targets


def test_every_value_that_is_set_by_the_commands_is_one_of_the_chart() -> None:
    import yaml

    values = yaml.safe_load(
        (PROJECT_ROOT / "infra/helm/preferstream/values.yaml").read_text("utf-8")
    )
    told = re.findall(r"(?:--set|--set-file) ([a-z]\w*(?:\.\w+)*)=", PAGES["README.md"].read_text())
    assert told
    for path in told:
        found = values
        for part in path.split("."):
            assert part in found, path
            found = found[part]
