"""Places that a rule of the shop has given teach nothing about taste."""

from pathlib import Path

import pytest

from services.assessor.steps.reranking.exploration import Place
from tests.training.dataset.cases import lines
from tests.training.dataset.world import World


@pytest.mark.parametrize("kind", ["pin", "boost"])
def test_a_click_on_a_pinned_or_boosted_image_makes_no_pair(
    world: World, tmp_path: Path, kind: str
) -> None:
    world.slate("abc", rules={"a": kind})
    world.act("view", *"abc")
    world.act("click", "a", "b")
    report = world.build(tmp_path).report
    assert [(line["better_rank"], line["worse_rank"]) for line in lines(tmp_path)] == [(2, 3)]
    assert report.excluded["placed_by_rule"] == 1


def test_a_capped_image_still_teaches(world: World, tmp_path: Path) -> None:
    world.slate("ab", rules={"b": "cap"})
    world.act("view", *"ab")
    world.act("click", "b")
    assert world.build(tmp_path).report.excluded["placed_by_rule"] == 0
    assert len(lines(tmp_path)) == 1


def test_a_boosted_image_in_a_fair_pair_teaches(world: World, tmp_path: Path) -> None:
    places = [Place(1, 0.05, True), Place(0, 0.05, True)]
    world.slate("ab", places=places, rules={"b": "boost"})
    world.act("view", *"ab")
    world.act("click", "b")
    world.build(tmp_path)
    assert [line["kind"] for line in lines(tmp_path)] == ["fair"]


def test_pairs_on_both_sides_of_a_pinned_image_are_fair(world: World, tmp_path: Path) -> None:
    places = [
        Place(0, 1.0, False),
        Place(2, 0.05, True),
        Place(1, 0.05, True),
        Place(3, 1.0, False),
        Place(5, 0.05, True),
        Place(4, 0.05, True),
    ]
    world.slate("abcdef", places=places, rules={"d": "pin"})
    world.act("view", *"abcdef")
    world.act("click", "c", "f")
    world.build(tmp_path)
    fair = {
        (line["better_rank"], line["worse_rank"])
        for line in lines(tmp_path)
        if line["kind"] == "fair"
    }
    assert fair == {(2, 3), (5, 6)}
