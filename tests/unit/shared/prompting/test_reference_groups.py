"""References are split into groups that each compare liked with disliked images."""

from shared.prompting.reference_groups import reference_groups


def test_every_reference_is_in_a_group_and_the_shorter_side_repeats() -> None:
    assert reference_groups("abcdefg", "xy", size=5) == [("abcde", "xy"), ("fg", "xy")]
    assert reference_groups("ab", "", size=5) == [("ab", ())]
    assert reference_groups("", "", size=5) == []
