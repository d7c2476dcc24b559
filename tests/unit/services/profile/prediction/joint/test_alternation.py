"""A user who returns to one of several tastes has not drifted; a new taste is a drift."""

import pytest

from services.profile.prediction.joint.alternation import returns_to_a_taste
from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import TasteSide
from shared.store.protocol import Reference
from tests.unit.services.profile.prediction.joint.test_joint_tastes import Setup, colors, references

Evening = tuple[str, int]
"""The color of the likes of one day, and their number."""


def likes(*evenings: Evening) -> list[Reference]:
    numbers: dict[str, int] = {}
    shown = []
    for day, (color, count) in enumerate(evenings):
        first = numbers.get(color, 0)
        shown += references(color, first + count, day=day)[first:]
        numbers[color] = first + count
    return shown


def tastes_of(shown: list[Reference]) -> list[JointTaste]:
    names = dict.fromkeys(reference.image_id.partition("-")[0] for reference in shown)
    return [
        JointTaste(
            taste_id=color, preference=TasteSide(), non_preference=TasteSide(), share=0.5,
            weight=0.5,
            reference_ids=tuple(r.image_id for r in shown if r.image_id.startswith(color)),
        )
        for color in names
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("evenings", "expected"),
    [
        ([("red", 10), ("green", 10)], False),
        ([("red", 10), ("green", 10), ("red", 10)], True),
        ([("red", 10), ("green", 10), ("red", 3), ("green", 10)], False),
        ([("red", 4), ("green", 4), ("red", 4), ("green", 10)], True),
        # A few stray likes are no taste.
        ([("green", 2), ("red", 10), ("green", 10)], False),
        # The third taste is new, although the others alternate.
        ([("red", 4), ("green", 4), ("red", 4), ("green", 4), ("blue", 12)], False),
        ([], False),
    ],
)
def test_the_taste_of_the_latest_likes_is_old_or_new(
    evenings: list[Evening], *, expected: bool
) -> None:
    shown = likes(*evenings)
    assert returns_to_a_taste(tastes_of(shown), shown) is expected


def test_likes_of_two_tastes_at_once_are_both_old() -> None:
    at_once = [*references("red", 6), *references("green", 6)]
    later = references("green", 18, day=1)[6:]
    assert returns_to_a_taste(tastes_of(at_once), [*at_once, *later])


async def test_an_evening_of_one_taste_leaves_both() -> None:
    at_once = [*references("red", 6), *references("green", 6), *references("blue", 5, "dislike")]
    evening = references("green", 18, day=3)[6:]
    prediction = await Setup().predict([*at_once, *evening])
    assert [colors(taste) for taste in prediction.joint_tastes] == [["green"], ["red"]]
    assert {word.word for word in prediction.taste.preference.color} == {"red", "green"}
