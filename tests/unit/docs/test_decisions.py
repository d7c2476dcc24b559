"""Check that every decision record is indexed, titled, and names its check."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "infra/decisions"
INDEX = FOLDER / "README.md"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path != INDEX)
INDEX_LINE = re.compile(r"^\* \[(\d{4})\]\(([^)]+)\): ", re.MULTILINE)


def links(page: Path) -> list[str]:
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    return [target for target in targets if not target.startswith("http")]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_record_starts_with_its_number_and_a_title(record: Path) -> None:
    title, blank, *_ = record.read_text(encoding="utf-8").split("\n")
    assert re.fullmatch(rf"# {record.name[:4]}: \S.*", title), f"{record.name}: {title!r}"
    assert blank == ""


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_record_has_a_checked_by_part(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    assert re.search(r"^\*\*Checked by\*\* \S", text, re.MULTILINE), record.name


@pytest.mark.parametrize("page", [INDEX, *RECORDS], ids=lambda page: page.name)
def test_every_link_of_a_record_resolves(page: Path) -> None:
    missing = [target for target in links(page) if not (page.parent / target).exists()]
    assert missing == []


def test_the_index_names_every_record_once() -> None:
    indexed = INDEX_LINE.findall(INDEX.read_text(encoding="utf-8"))
    assert sorted(target for _, target in indexed) == [record.name for record in RECORDS]
    assert [number for number, target in indexed if number != target[:4]] == []


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_path_of_a_checked_by_part_exists(record: Path) -> None:
    checked = record.read_text(encoding="utf-8").split("**Checked by**")[-1]
    paths = re.findall(r"`((?:tests|training|services|shared|infra)/[\w/.*-]+)`", checked)
    missing = [path for path in paths if not list(FOLDER.parents[1].glob(path))]
    assert missing == [], f"{record.name} names a file that does not exist; correct its path"
