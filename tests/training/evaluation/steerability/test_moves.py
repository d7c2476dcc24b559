"""Directions, ranks moved, ties and slates without room, on orders that are written out."""

import pytest

from training.evaluation.steerability.moves import Move, move, moved_ranks, steered

BEFORE = ["a", "b", "c", "d", "e"]


def test_images_that_rise_move_the_right_way_after_a_raising_edit_alone() -> None:
    after = ["d", "a", "b", "c", "e"]
    raised = move(BEFORE, after, {"d"}, raises=True)
    assert raised == Move(ranks=3, room=3)
    assert raised.is_right
    lowered = move(BEFORE, after, {"d"}, raises=False)
    assert lowered == Move(ranks=-3, room=1)
    assert not lowered.is_right


def test_the_mean_rank_of_all_images_that_show_the_word_counts() -> None:
    # d rises by three ranks and b falls by one.
    assert move(BEFORE, ["d", "a", "b", "c", "e"], {"b", "d"}, raises=True) == Move(1.0, 1.5)
    # One rises as far as the other falls.
    assert move(BEFORE, ["b", "a", "c", "d", "e"], {"a", "b"}, raises=True).ranks == 0


def test_an_image_that_shows_the_word_in_several_elements_counts_once() -> None:
    showing = [name for names in (["d"], ["d", "e"]) for name in names]
    assert move(BEFORE, ["d", "e", "a", "b", "c"], showing, raises=True) == Move(3.0, 3.0)


def test_an_order_that_stays_is_not_right() -> None:
    still = move(BEFORE, BEFORE, {"c"}, raises=True)
    assert still == Move(ranks=0, room=2)
    assert not still.is_right
    assert steered([still]).unmoved == 1


@pytest.mark.parametrize(("showing", "raises"), [({"a", "b"}, True), ({"d", "e"}, False)])
def test_images_at_the_end_of_the_slate_have_no_room(showing: set[str], raises: bool) -> None:
    assert not move(BEFORE, BEFORE, showing, raises=raises).has_room


def test_slates_without_room_are_counted_and_left_out() -> None:
    summary = steered([Move(2, 4), Move(-1, 2), Move(0, 0), Move(0, 2)])
    assert summary.slates == 3
    assert summary.without_room == 1
    assert summary.unmoved == 1
    assert summary.right is not None
    assert summary.right.value == pytest.approx(1 / 3)
    assert 0 < summary.right.low < 1 / 3 < summary.right.high < 1
    assert summary.ranks == pytest.approx(1 / 3)
    assert summary.of_room == pytest.approx(1 / 8)


def test_a_kind_of_edit_without_any_room_has_no_share() -> None:
    summary = steered([Move(0, 0)])
    assert summary.right is None
    assert summary.slates == 0


def test_the_distance_of_two_orders_is_the_mean_over_all_images() -> None:
    assert moved_ranks(BEFORE, BEFORE) == 0
    assert moved_ranks(BEFORE, ["b", "a", "c", "d", "e"]) == pytest.approx(2 / 5)


def test_two_feeds_of_different_images_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="different images"):
        move(BEFORE, ["a", "b"], {"a"}, raises=True)


def test_a_slate_that_does_not_show_the_word_is_a_control_and_no_case() -> None:
    with pytest.raises(ValueError, match="control"):
        move(BEFORE, BEFORE, {"x"}, raises=True)
