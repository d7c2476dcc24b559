"""References are one an image, bounded and balanced, whatever the order in which they come."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from services.profile.feedback.references import merged, of_side, side_of
from shared.events import Feedback
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, Side

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def feedback(action: str, **fields: Any) -> Feedback:
    return Feedback.model_validate(
        {
            "event_id": UUID(int=1),
            "occurred_at": NOON,
            "user_id": "ana",
            "image_id": "i",
            "type": action,
            **fields,
        }
    )


def reference(image: str, side: Side = "liked", action: Action = "like", *, at: int) -> Reference:
    return Reference(
        image_id=image,
        uri=f"drawing:{image}",
        content_hash=image,
        side=side,
        action=action,
        occurred_at=NOON + timedelta(seconds=at),
        event_id=f"{at:04d}-{image}",
    )


def images(references: tuple[Reference, ...]) -> list[str]:
    return [r.image_id for r in references]


@pytest.mark.parametrize(
    ("action", "side"),
    [
        ("reference_like", "liked"),
        ("like", "liked"),
        ("click", "liked"),
        ("reference_dislike", "disliked"),
        ("dislike", "disliked"),
        ("hide", "disliked"),
        ("view", None),
    ],
)
def test_an_action_speaks_for_an_image_or_against_it_or_says_nothing(
    action: str, side: Side | None
) -> None:
    assert side_of(feedback(action), dwell_liked_ms=5_000) == side


def test_a_long_look_speaks_for_an_image_and_a_short_one_says_nothing() -> None:
    sides = [
        side_of(feedback("dwell", dwell_ms=ms), dwell_liked_ms=5_000) for ms in (0, 4_999, 5_000)
    ]
    assert sides == [None, None, "liked"]


def test_a_later_word_about_an_image_replaces_an_earlier_one() -> None:
    kept = merged(
        [reference("a", "liked", at=1)], [reference("a", "disliked", "hide", at=2)], per_side=5
    )
    assert [(r.image_id, r.side) for r in kept] == [("a", "disliked")]


def test_a_word_that_comes_late_does_not_replace_a_later_one() -> None:
    kept = merged(
        [reference("a", "disliked", "hide", at=2)], [reference("a", "liked", at=1)], per_side=5
    )
    assert [r.side for r in kept] == ["disliked"]


def test_a_click_does_not_take_back_what_was_stated() -> None:
    stated = reference("a", "disliked", "reference_dislike", at=1)
    assert merged([stated], [reference("a", "liked", "click", at=2)], per_side=5) == (stated,)


def test_each_side_is_bounded_for_itself() -> None:
    likes = [reference(f"l{n}", at=n) for n in range(9)]
    dislikes = [reference(f"d{n}", "disliked", "dislike", at=n) for n in range(2)]
    kept = merged(likes, dislikes, per_side=3)
    assert images(kept) == ["l8", "l7", "l6", "d1", "d0"]
    assert len(of_side(kept, "liked")) == 3


def test_when_room_is_short_clicks_go_before_likes_and_likes_before_what_was_stated() -> None:
    told: list[Reference] = [
        reference("stated", "liked", "reference_like", at=1),
        reference("said", "liked", "like", at=2),
        reference("shown", "liked", "click", at=3),
    ]
    kept = [images(merged((), told, per_side=n)) for n in (3, 2, 1)]
    assert kept == [["stated", "said", "shown"], ["stated", "said"], ["stated"]]


def test_nothing_new_changes_nothing() -> None:
    once = merged((), [reference(str(n), at=n) for n in range(9)], per_side=4)
    assert merged(once, (), per_side=4) == once
    assert merged(once, once, per_side=4) == once


def test_the_outcome_is_the_same_for_every_order_of_a_few() -> None:
    few = [
        reference("a", "liked", "click", at=1),
        reference("a", "disliked", "hide", at=2),
        reference("b", "liked", "reference_like", at=1),
        reference("b", "disliked", "dislike", at=3),
        reference("c", "disliked", "reference_dislike", at=2),
    ]
    outcomes = {merged((), p, per_side=2) for p in itertools.permutations(few)}
    assert len(outcomes) == 1


def random_references(rng: random.Random) -> list[Reference]:
    actions: list[Action] = [a for a in get_args(Action) if a not in ("view", "dwell")]
    drawn = []
    for n in range(rng.randrange(1, 40)):
        action = rng.choice(actions)
        side = side_of(feedback(action), dwell_liked_ms=5_000)
        assert side is not None
        made = reference(f"i{rng.randrange(12)}", side, action, at=rng.randrange(6))
        drawn.append(made.model_copy(update={"event_id": f"e{n}"}))
    return drawn


@pytest.mark.parametrize("seed", range(60))
def test_the_outcome_does_not_depend_on_order_nor_on_what_was_kept_before(seed: int) -> None:
    rng = random.Random(seed)
    told, per_side = random_references(rng), rng.randrange(1, 6)
    expected = merged((), told, per_side=per_side)
    for _ in range(10):
        rng.shuffle(told)
        cut = rng.randrange(len(told) + 1)
        assert merged(told[:cut], told[cut:], per_side=per_side) == expected
    assert len({r.content_hash for r in expected}) == len(expected)
    assert all(len(of_side(expected, side)) <= per_side for side in ("liked", "disliked"))


@pytest.mark.parametrize("seed", range(30))
def test_with_room_enough_it_does_not_matter_how_it_was_portioned(seed: int) -> None:
    rng = random.Random(1000 + seed)
    told = random_references(rng)
    kept: tuple[Reference, ...] = ()
    for one in rng.sample(told, len(told)):
        kept = merged(kept, [one], per_side=20)
    assert kept == merged((), told, per_side=20)
