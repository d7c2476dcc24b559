"""Of a user's new events, only the images that can change the references are loaded."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from services.profile.feedback.image_choice import Choice, choose
from services.profile.feedback.new_reference import new_reference
from services.profile.feedback.references import SIDES, merge_references
from shared.events import Feedback
from shared.store.protocol import Reference
from tests.fakes.images import plain_image
from tests.fakes.model import COLORS
from tests.unit.services.profile.service_on_fakes import feedback


def reference(event: Feedback, side: Any = "liked") -> Reference:
    uri = event.uri or ""
    return new_reference(event, side, plain_image(uri, uri.removeprefix("drawing:")))


def chosen(events: Sequence[Feedback], stored: Sequence[Reference] = (), **changes: Any) -> Choice:
    used = {"applied_ids": (), "uris": {}, "per_side": 3, "dwell_liked_ms": 5_000, **changes}
    return choose(events, stored=stored, **used)


def uris(choice: Choice, side: Any = "liked") -> list[str]:
    return [image.uri.removeprefix("drawing:") for image in choice.to_load[side]]


def test_images_are_loaded_with_the_highest_weight_first_and_then_the_latest() -> None:
    events = [
        feedback("red", "click", at=9), feedback("green", at=1), feedback("blue", at=2),
        feedback("navy", "reference_like"), feedback("pink", "hide"),
    ]  # fmt: skip
    choice = chosen(events)
    assert uris(choice) == ["navy", "blue", "green", "red"]
    assert uris(choice, "disliked") == ["pink"]


def test_events_on_one_image_are_decided_by_the_one_that_a_merge_would_keep() -> None:
    events = [feedback("red", at=1), feedback("red", "dislike", at=2), feedback("red", "click")]
    choice = chosen(events)
    (image,) = choice.to_load["disliked"]
    assert (image.decisive, set(image.others)) == (events[1], {events[0], events[2]})
    assert choice.to_load["liked"] == []


def test_events_that_the_profile_contains_are_not_loaded() -> None:
    events = [feedback("red"), feedback("green")]
    choice = chosen(events, applied_ids={str(events[0].event_id)})
    assert (choice.applied, uris(choice)) == ((events[0],), ["green"])


def test_an_event_without_an_address_uses_the_stored_one() -> None:
    events = [feedback("red", uri=None), feedback("green", uri=None)]
    choice = chosen(events, uris={"id-red": "drawing:red"})
    assert (choice.unknown, uris(choice)) == ((events[1],), ["red"])


def test_an_event_that_ranks_below_a_full_side_is_not_loaded() -> None:
    stored = [reference(feedback(color, at=10 + n)) for n, color in enumerate(COLORS[:3])]
    older, lighter = feedback("navy", at=9), feedback("pink", "click", at=99)
    newer, other_side = feedback("white", at=20), feedback("black", "dislike", at=1)
    choice = chosen([older, lighter, newer, other_side], stored)
    assert set(choice.without_effect) == {older, lighter}
    assert (uris(choice), uris(choice, "disliked")) == (["white"], ["black"])
    assert uris(chosen([older], stored[:2])) == ["navy"]


def test_an_event_on_a_stored_image_needs_no_load() -> None:
    stored = [reference(feedback(color, at=10 + n)) for n, color in enumerate(COLORS[:3])]
    again = feedback(COLORS[0], "dislike", at=20)
    choice = chosen([again], stored)
    ((image, new),) = choice.again
    assert (image.decisive, new.content_hash, new.side) == (
        again, stored[0].content_hash, "disliked",
    )  # fmt: skip
    assert uris(choice, "disliked") == []


def test_an_event_on_a_stored_image_id_at_another_address_is_always_loaded() -> None:
    stored = [reference(feedback(color, at=10 + n)) for n, color in enumerate(COLORS[:3])]
    moved = feedback(COLORS[0], "click", at=1, uri="drawing:elsewhere")
    choice = chosen([moved], stored)
    assert [image.decisive for image in choice.moved] == [moved]
    assert choice.without_effect == ()


@pytest.mark.parametrize("seed", range(200))
def test_loading_only_the_chosen_images_gives_the_same_references_as_loading_all(seed: int) -> None:
    draw = random.Random(seed)
    actions = ["like", "dislike", "click", "hide", "reference_like", "reference_dislike"]

    def drawn(count: int) -> list[Feedback]:
        return [
            feedback(draw.choice(COLORS), draw.choice(actions), at=draw.randrange(1000))
            for _ in range(count)
        ]

    def references(events: Sequence[Feedback]) -> list[Reference]:
        liked = ("like", "click", "reference_like")
        return [reference(e, "liked" if e.type in liked else "disliked") for e in events]

    stored = merge_references((), references(drawn(12)), per_side=3)
    events = drawn(30)
    choice = chosen(events, stored)
    images = [image for side in SIDES for image in choice.to_load[side][:3]]
    images += [image for image, _ in choice.again]
    loaded = references([image.decisive for image in images])
    expected = merge_references(stored, references(events), per_side=3)
    assert merge_references(stored, loaded, per_side=3) == expected
