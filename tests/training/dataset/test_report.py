"""The report is readable by people, in light and dark, and by programs."""

import json
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

from tests.training.dataset.world import NOW, SMALL, World
from training.dataset.report import DRIFTED, ENOUGH_PAIRS

VOID = {"meta", "rect", "line", "polyline", "circle"}


class Balanced(HTMLParser):
    """Fails on a tag that is closed and was not open, or that stays open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.plots = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.plots += tag == "svg"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def _fill(world: World) -> None:
    for number in range(60):
        at = NOW - timedelta(hours=60 - number)
        images = [f"{number}-{k}" for k in range(5)]
        request = f"r{number}"
        score = 1.2 if number < 30 else 4.1
        world.slate(images, user=f"<b>{number}", request=request, at=at, score=score)
        world.act("view", *images[:3], user=f"<b>{number}", request=request, at=at)
        world.act("click", images[0], user=f"<b>{number}", request=request, at=at)


def test_positions_balance_and_drift_are_measured(world: World, tmp_path: Path) -> None:
    _fill(world)
    report = world.build(tmp_path).report
    rows = [(p.rank, p.shown, p.viewed, p.clicked) for p in report.positions]
    assert rows == [(1, 60, 60, 60), (2, 60, 60, 0), (3, 60, 60, 0), (4, 60, 0, 0), (5, 60, 0, 0)]
    assert report.balance["better_above_in_biased"] == 1.0
    assert report.balance["users"] == 60
    assert len(report.drift) == 5
    assert all(one.stability_index > DRIFTED for one in report.drift)
    assert "have shifted within the window" in report.verdict
    assert report.pairs["train"] == 120 < ENOUGH_PAIRS
    assert "That is little data" in report.verdict


def test_steady_scores_do_not_drift(world: World, tmp_path: Path) -> None:
    for number in range(20):
        at = NOW - timedelta(hours=20 - number)
        world.slate([f"{number}-a", f"{number}-b"], request=f"r{number}", at=at)
    assert all(one.stability_index < 0.05 for one in world.build(tmp_path).report.drift)


def test_the_page_is_well_formed_and_follows_light_and_dark(world: World, tmp_path: Path) -> None:
    _fill(world)
    world.build(tmp_path)
    page = (tmp_path / "report.html").read_text("utf-8")
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    assert parser.plots == 9
    assert "prefers-color-scheme: dark" in page
    assert "<b>" not in page


def test_the_page_of_an_empty_lake_is_well_formed(world: World, tmp_path: Path) -> None:
    world.build(tmp_path)
    parser = Balanced()
    parser.feed((tmp_path / "report.html").read_text("utf-8"))
    assert parser.open == []


def test_the_values_are_in_report_json(world: World, tmp_path: Path) -> None:
    _fill(world)
    dataset = world.build(tmp_path)
    values = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert values["format"] == 2
    assert values["pairs"] == dict(dataset.report.pairs)
    assert values["settings"]["clip"] == SMALL.clip
