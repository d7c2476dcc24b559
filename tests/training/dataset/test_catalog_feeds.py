"""Feeds of images that the catalog gave teach like feeds of listed images."""

from pathlib import Path

import duckdb

from tests.training.dataset.cases import lines
from tests.training.dataset.world import NOW, SMALL, World
from training.dataset.lake import open_lake
from training.dataset.slates import join_feedback


def items(world: World) -> duckdb.DuckDBPyRelation:
    world.write()
    connection = open_lake(str(world.lake), since=NOW.date().replace(day=1, month=1))
    join_feedback(connection, SMALL)
    return connection.sql("SELECT image_id, source, retrieval_propensity FROM items ORDER BY rank")


def test_images_of_the_catalog_are_loaded_from_the_addresses_in_the_feed(
    world: World, tmp_path: Path
) -> None:
    world.slate("ab", drawn={"a": 0.25, "b": 0.5})
    world.act("view", *"ab")
    world.act("click", "b")
    assert not world.build(tmp_path).report.excluded.get("image_not_found")
    assert len(lines(tmp_path)) == 1


def test_the_probabilities_of_drawn_images_are_kept(world: World) -> None:
    world.slate("ab", drawn={"a": 0.25, "b": 0.5})
    assert items(world).fetchall() == [("a", "explored", 0.25), ("b", "explored", 0.5)]


def test_images_of_feeds_without_a_catalog_have_the_probability_one(world: World) -> None:
    world.slate("ab")
    assert items(world).fetchall() == [("a", None, 1.0), ("b", None, 1.0)]
