"""Feeds and feedback are joined by tenant, user and request id."""

from pathlib import Path

import pytest

from tests.training.dataset.cases import lines, ranks
from tests.training.dataset.world import World


def test_users_and_tenants_with_one_request_id_have_their_own_slates(
    world: World, tmp_path: Path
) -> None:
    world.slate("ab", user="ada", request="home")
    world.slate("cd", user="bob", request="home")
    world.slate("ef", user="ada", tenant="gallery", request="home")
    world.act("view", "a", "b", user="ada", request="home")
    world.act("click", "b", user="ada", request="home")
    world.act("view", "c", "d", user="bob", request="home")
    world.act("click", "d", user="bob", request="home")
    world.act("view", "e", "f", user="ada", tenant="gallery", request="home")
    world.act("click", "f", user="ada", tenant="gallery", request="home")
    report = world.build(tmp_path).report
    assert report.feedback == {"used": 9}
    assert report.slates["served"] == 3
    assert [(line["better_rank"], line["worse_rank"]) for line in lines(tmp_path)] == [(2, 1)] * 3


@pytest.mark.parametrize("image", ["a", "c"])
def test_a_click_that_names_another_users_request_is_not_attributed_to_its_feed(
    world: World, tmp_path: Path, image: str
) -> None:
    """Also when both users were shown the same image."""
    world.slate("ab", user="ada", request="of-ada")
    world.slate("ac", user="bob", request="of-bob")
    world.act("view", "a", "b", user="ada", request="of-ada")
    world.act("click", image, user="bob", request="of-ada")
    world.act("click", image, user="ada", tenant="gallery", request="of-ada")
    report = world.build(tmp_path).report
    assert report.feedback == {
        "on_a_slate_of_another_user": 1,
        "on_an_unknown_slate": 1,
        "used": 2,
    }
    assert lines(tmp_path) == []


def test_feedback_on_an_id_that_a_user_sent_for_several_requests_is_left_out(
    world: World, tmp_path: Path
) -> None:
    world.slate("ab", user="ada", request="home", request_hash="1")
    world.slate("ba", user="ada", request="home", request_hash="2")
    world.slate("ab", user="bob", request="home", request_hash="1")
    for user in ("ada", "bob"):
        world.act("view", "a", "b", user=user, request="home")
        world.act("click", "b", user=user, request="home")
    report = world.build(tmp_path).report
    assert report.feedback == {"on_a_reused_request_id": 3, "used": 3}
    assert ranks(tmp_path) == {(2, 1)}
    assert len(lines(tmp_path)) == 1


@pytest.mark.parametrize("request_hash", [None, "1"])
def test_a_redelivered_feed_is_one_slate(
    world: World, tmp_path: Path, request_hash: str | None
) -> None:
    """Also when its first delivery comes from before the field `request_hash`."""
    world.slate("ab", request_hash=request_hash)
    world.slate("ab", request_hash="1")
    world.act("view", "a", "b")
    world.act("click", "b")
    report = world.build(tmp_path).report
    assert report.feedback == {"used": 3}
    assert ranks(tmp_path) == {(2, 1)}
