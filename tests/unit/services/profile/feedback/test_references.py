"""Merged references are one per image and bounded per side, in any order of arrival."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from services.profile.feedback.new_reference import side_of
from services.profile.feedback.references import likes_complete_since, merge_references
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
def test_each_action_has_its_side_and_a_view_has_none(action: str, side: Side | None) -> None:
    assert side_of(feedback(action), dwell_liked_ms=5_000) == side


def test_a_long_dwell_is_a_like_and_a_short_one_is_no_evidence() -> None:
    sides = [
        side_of(feedback("dwell", dwell_ms=ms), dwell_liked_ms=5_000) for ms in (0, 4_999, 5_000)
    ]
    assert sides == [None, None, "liked"]


def test_later_feedback_on_an_image_replaces_earlier_feedback() -> None:
    merged = merge_references(
        [reference("a", "liked", at=1)], [reference("a", "disliked", "hide", at=2)], per_side=5
    )
    assert [(r.image_id, r.side) for r in merged] == [("a", "disliked")]


def test_earlier_feedback_that_arrives_late_does_not_replace_later_feedback() -> None:
    merged = merge_references(
        [reference("a", "disliked", "hide", at=2)], [reference("a", "liked", at=1)], per_side=5
    )
    assert [r.side for r in merged] == ["disliked"]


def test_a_click_does_not_replace_a_stated_reference() -> None:
    stated = reference("a", "disliked", "reference_dislike", at=1)
    assert merge_references([stated], [reference("a", "liked", "click", at=2)], per_side=5) == (
        stated,
    )


def test_each_side_has_its_own_bound() -> None:
    likes = [reference(f"l{n}", at=n) for n in range(9)]
    dislikes = [reference(f"d{n}", "disliked", "dislike", at=n) for n in range(2)]
    merged = merge_references(likes, dislikes, per_side=3)
    assert images(merged) == ["l8", "l7", "l6", "d1", "d0"]


def test_a_full_side_drops_clicks_before_likes_and_likes_before_stated_references() -> None:
    references: list[Reference] = [
        reference("stated", "liked", "reference_like", at=1),
        reference("like", "liked", "like", at=2),
        reference("click", "liked", "click", at=3),
    ]
    merged = [images(merge_references((), references, per_side=n)) for n in (3, 2, 1)]
    assert merged == [["stated", "like", "click"], ["stated", "like"], ["stated"]]


def test_merging_no_or_the_same_references_changes_nothing() -> None:
    once = merge_references((), [reference(str(n), at=n) for n in range(9)], per_side=4)
    assert merge_references(once, (), per_side=4) == once
    assert merge_references(once, once, per_side=4) == once


def test_every_permutation_gives_the_same_result() -> None:
    few = [
        reference("a", "liked", "click", at=1),
        reference("a", "disliked", "hide", at=2),
        reference("b", "liked", "reference_like", at=1),
        reference("b", "disliked", "dislike", at=3),
        reference("c", "disliked", "reference_dislike", at=2),
    ]
    outcomes = {merge_references((), p, per_side=2) for p in itertools.permutations(few)}
    assert len(outcomes) == 1


def random_references(rng: random.Random) -> list[Reference]:
    actions: list[Action] = [a for a in get_args(Action) if a not in ("view", "dwell")]
    references = []
    for n in range(rng.randrange(1, 40)):
        action = rng.choice(actions)
        side = side_of(feedback(action), dwell_liked_ms=5_000)
        assert side is not None
        made = reference(f"i{rng.randrange(12)}", side, action, at=rng.randrange(6))
        references.append(made.model_copy(update={"event_id": f"e{n}"}))
    return references


@pytest.mark.parametrize("seed", range(60))
def test_the_result_does_not_depend_on_order_or_on_the_split_in_stored_and_new(seed: int) -> None:
    rng = random.Random(seed)
    references, per_side = random_references(rng), rng.randrange(1, 6)
    expected = merge_references((), references, per_side=per_side)
    for _ in range(10):
        rng.shuffle(references)
        cut = rng.randrange(len(references) + 1)
        assert merge_references(references[:cut], references[cut:], per_side=per_side) == expected
    assert len({r.content_hash for r in expected}) == len(expected)
    sides = [r.side for r in expected]
    assert all(sides.count(side) <= per_side for side in ("liked", "disliked"))


@pytest.mark.parametrize("seed", range(30))
def test_merging_one_by_one_equals_merging_at_once_while_no_side_is_full(seed: int) -> None:
    rng = random.Random(1000 + seed)
    references = random_references(rng)
    merged: tuple[Reference, ...] = ()
    for new in rng.sample(references, len(references)):
        merged = merge_references(merged, [new], per_side=20)
    assert merged == merge_references((), references, per_side=20)


def test_likes_are_complete_since_the_oldest_kept_click_of_a_full_side() -> None:
    clicks = [reference(f"c{n}", action="click", at=n) for n in range(6)]
    some = merge_references((), clicks[:3], per_side=4)
    since = likes_complete_since(some, per_side=4)
    assert since is not None
    assert since < NOON - timedelta(days=365)
    full = merge_references(some, clicks[3:], per_side=4)
    assert likes_complete_since(full, per_side=4) == NOON + timedelta(seconds=2)


def test_a_side_full_of_likes_keeps_no_click() -> None:
    likes = [reference(f"l{n}", at=n) for n in range(4)]
    kept = merge_references((), [*likes, reference("c", action="click", at=9)], per_side=4)
    assert likes_complete_since(kept, per_side=4) is None
    dislikes = [reference(f"d{n}", "disliked", "dislike", at=n) for n in range(4)]
    assert likes_complete_since([*likes[:3], *dislikes], per_side=4) is not None
