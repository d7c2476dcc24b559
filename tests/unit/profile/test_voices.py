"""Earlier predictions count while later ones agree with them, however much later those are."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from services.profile.references import TELLS
from services.profile.voices import FORGOTTEN, Heard, agreement, voices
from shared.events.feedback import Action
from shared.store.protocol import Reference, Side
from shared.taste import ELEMENTS, Element
from shared.vlm.protocol import PredictedTaste
from shared.vote import taste_by_vote

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def says(likes: str, dislikes: str = "") -> PredictedTaste:
    """The same words for every element."""
    return PredictedTaste(
        {e: tuple(likes.split()) for e in ELEMENTS}, {e: tuple(dislikes.split()) for e in ELEMENTS}
    )


def references(side: Side, action: Action, *, day: int, count: int = 5) -> list[Reference]:
    return [
        Reference(
            image_id=f"{side}{day}-{n}",
            uri=f"drawing:{n}",
            content_hash=f"{side}{day}-{n}",
            side=side,
            action=action,
            occurred_at=NOON + timedelta(days=day, seconds=n),
            event_id=f"{side}{day}-{n}",
        )
        for n in range(count)
    ]


def stated(said: PredictedTaste, *, day: int = 0) -> Heard:
    return Heard(
        references("liked", "reference_like", day=day),
        references("disliked", "reference_dislike", day=day),
        said,
    )


def passing(said: PredictedTaste, *, day: int, action: Action = "like") -> Heard:
    return Heard(
        references("liked", action, day=day), references("disliked", "dislike", day=day), said
    )


def test_words_that_are_shared_agree_and_words_on_opposite_sides_contradict() -> None:
    assert agreement(says("red", "blue"), says("red", "blue")) == 1
    assert agreement(says("red", "blue"), says("blue", "red")) == -1
    assert agreement(says("red", "blue"), says("teal", "lime")) == 0
    assert agreement(says("red", "blue"), says("red teal", "lime")) == 0.5
    assert agreement(says("", ""), says("red", "blue")) == 0


def test_alone_a_prediction_counts_by_what_its_references_say() -> None:
    (voice,) = voices([stated(says("red", "blue"))])
    assert (voice.likes, voice.dislikes) == (5.0, 5.0)
    (clicked,) = voices([passing(says("red"), day=1, action="click")])
    assert (clicked.likes, clicked.dislikes) == (1.25, 2.5)
    assert voices([]) == []


def test_what_later_predictions_confirm_keeps_its_say() -> None:
    old, new = voices([stated(says("red", "blue")), passing(says("red", "lime"), day=3)])
    assert old.likes == 5.0 > new.likes == 2.5


def test_what_later_predictions_contradict_or_never_name_is_forgotten() -> None:
    for later in (says("blue", "red"), says("teal", "lime")):
        old, new = voices([stated(says("red", "blue")), passing(later, day=3)])
        assert old.likes == pytest.approx(5.0 * FORGOTTEN)
        assert new.likes == 2.5


def test_only_what_was_told_later_confirms_whatever_the_order() -> None:
    heard = [passing(says("teal", "lime"), day=3), stated(says("red", "blue"))]
    new, old = voices(heard)
    assert new.likes == 2.5 > old.likes
    years = [passing(says("teal", "lime"), day=3_000), stated(says("red", "blue"))]
    assert voices(years) == [new, old]


def test_what_was_told_at_one_sitting_stays_though_it_disagrees() -> None:
    one, other = stated(says("red", "blue")), stated(says("teal", "lime"))
    assert [voice.likes for voice in voices([one, other])] == [5.0, 5.0]
    both = taste_by_vote([one.said, other.said], voices([one, other]))
    assert [w.word for w in both.preference[Element.COLOR]] == ["red", "teal"]


def test_a_changed_taste_wins_with_its_first_five_of_a_side_and_a_stray_group_does_not() -> None:
    before = stated(says("red", "blue"))
    after = passing(says("teal", "red"), day=9)
    changed = taste_by_vote([before.said, after.said], voices([before, after]))
    assert [w.word for w in changed.preference[Element.COLOR]] == ["teal"]
    assert [w.word for w in changed.non_preference[Element.COLOR]] == ["red"]
    stray = passing(says("red lime", "gold"), day=9, action="click")
    same = taste_by_vote([before.said, stray.said], voices([before, stray]))
    assert [w.word for w in same.preference[Element.COLOR]] == ["red"]


def test_every_action_that_speaks_says_something() -> None:
    assert set(TELLS) | {"view"} == set(get_args(Action))
