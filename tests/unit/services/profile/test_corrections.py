"""Corrections are stored apart from predictions, once each, and published merged with them."""

import asyncio
from uuid import UUID, uuid5

import pytest

from services.profile.corrections import with_event
from shared.client.corrections import contains_correction
from shared.domain.corrections import MAX_VETOES, Correction
from shared.domain.ids import profile_event_id
from shared.domain.taste import MAX_WORDS
from shared.events import ProfileCorrected
from tests.unit.services.profile.service_on_fakes import (
    GatedModel,
    ProfileSetup,
    correction,
    feedback,
    words,
)


def all_corrections(*events: ProfileCorrected) -> tuple[Correction, ...]:
    corrections: tuple[Correction, ...] = ()
    for event in events:
        corrections = with_event(corrections, event)
    return corrections


def test_the_latest_pin_is_first_and_the_oldest_of_too_many_is_dropped() -> None:
    (edited,) = all_corrections(*(correction("pin", word=f"w{n}") for n in range(MAX_WORDS + 1)))
    assert edited.pinned == tuple(f"w{n}" for n in range(MAX_WORDS, 0, -1))


def test_a_veto_removes_a_pin_and_a_pin_removes_a_veto() -> None:
    (pinned,) = all_corrections(
        correction("veto", word="red", side="preference"), correction("pin", word="Red")
    )
    assert (pinned.pinned, pinned.vetoed) == (("Red",), ())
    (vetoed,) = all_corrections(
        correction("pin", word="red"), correction("veto", word="RED", side="preference")
    )
    assert (vetoed.pinned, vetoed.vetoed) == ((), ("RED",))


def test_a_veto_without_a_side_applies_to_both_sides() -> None:
    assert [c.side for c in all_corrections(correction("veto", word="red"))] == [
        "preference",
        "non_preference",
    ]


def test_vetoes_are_bounded_and_the_oldest_is_dropped() -> None:
    vetoes = (correction("veto", word=f"w{n}", side="preference") for n in range(MAX_VETOES + 1))
    (stored,) = all_corrections(*vetoes)
    assert len(stored.vetoed) == MAX_VETOES
    assert stored.vetoed[0] == "w1"


def test_an_edit_replaces_pins_and_vetoes() -> None:
    (stored,) = all_corrections(
        correction("pin", word="red"),
        correction("veto", word="green", side="preference"),
        correction("edit", words=[{"word": "blue"}]),
    )
    assert stored.edited is not None
    assert [word.word for word in stored.edited] == ["blue"]
    assert (stored.pinned, stored.vetoed) == ((), ())


def test_a_word_stated_on_one_side_is_removed_from_the_other() -> None:
    corrections = all_corrections(
        correction("pin", word="red", side="non_preference"),
        correction("pin", word="red", side="preference"),
    )
    assert [(c.side, c.pinned) for c in corrections] == [("preference", ("red",))]


def test_a_reset_removes_the_corrections_that_it_names() -> None:
    pins = [correction("pin", word="red"), correction("pin", word="plain", element="detail")]
    assert [c.element for c in all_corrections(*pins, correction("reset", element="color"))] == [
        "detail"
    ]
    assert all_corrections(*pins, correction("reset", side="non_preference")) == all_corrections(
        *pins
    )
    assert all_corrections(*pins, correction("reset")) == ()


@pytest.mark.parametrize(
    "event",
    [
        correction("pin", word="red"),
        correction("veto", word="red"),
        correction("edit", words=[{"word": "red", "weight": 0.5}], side="non_preference"),
        correction("reset"),
    ],
)
async def test_the_published_profile_contains_the_correction(event: ProfileCorrected) -> None:
    setup = ProfileSetup()
    await setup.process(feedback("red"))
    await setup.corrections.apply(correction("pin", word="gold", side="non_preference"))
    before = setup.updates()[-1]
    await setup.corrections.apply(event)
    assert contains_correction(setup.updates()[-1], event)
    assert not contains_correction(before, event)


async def test_a_pin_overrides_the_model_also_after_the_next_prediction() -> None:
    setup = ProfileSetup()
    await setup.process(feedback("red"), feedback("blue", "dislike"))
    await setup.corrections.apply(correction("pin", word="blue"))
    await setup.corrections.apply(correction("veto", word="red"))
    await setup.process(feedback("green", at=1))
    event = setup.updates()[-1]
    assert words(event.preference) == ["blue", "green"]
    assert words(event.non_preference) == []
    assert event.profile_version == 4
    assert event.event_id == profile_event_id(tenant="default", user_id="ana", profile_version=4)


async def test_after_a_reset_the_predicted_words_return_without_a_prediction() -> None:
    setup = ProfileSetup()
    await setup.process(feedback("red"))
    await setup.corrections.apply(correction("edit", words=[{"word": "gold"}]))
    assert words(setup.updates()[-1].preference) == ["gold"]
    await setup.corrections.apply(correction("reset"))
    assert words(setup.updates()[-1].preference) == ["red"]
    assert setup.updates()[-1].corrections == ()
    assert setup.model.calls["predict"] == 1


async def test_a_user_without_feedback_can_state_a_taste() -> None:
    setup = ProfileSetup()
    await setup.corrections.apply(correction("pin", word="gold"))
    event = setup.updates()[-1]
    assert (words(event.preference), event.profile_version) == (["gold"], 1)
    assert (event.evidence.liked, event.model_version) == (0, "colors-1")
    await setup.process(feedback("red"))
    assert words(setup.updates()[-1].preference) == ["gold", "red"]


async def test_a_redelivered_correction_changes_nothing_and_only_publishes_again() -> None:
    setup = ProfileSetup()
    first, later = correction("pin", word="gold"), correction("veto", word="gold")
    for event in (first, later, first):
        await setup.corrections.apply(event)
    assert setup.updates()[-1] == setup.updates()[-2]
    assert words((await setup.stored()).taste.preference) == []


async def test_a_correction_during_a_prediction_is_not_lost() -> None:
    model = GatedModel()
    setup = ProfileSetup(model)
    predicting = asyncio.create_task(setup.process(feedback("red")))
    await model.started.wait()
    await setup.corrections.apply(correction("pin", word="gold"))
    model.release.set()
    await predicting
    assert words(setup.updates()[-1].preference) == ["gold", "red"]


async def test_the_highest_version_of_concurrent_changes_is_published_last() -> None:
    setup = ProfileSetup()
    corrections = [
        correction("pin", word=f"w{n}", event_id=uuid5(UUID(int=0), str(n))) for n in range(5)
    ]

    async def one_after_another() -> None:
        for event in corrections:
            await setup.corrections.apply(event)

    likes = [feedback(color, at=n) for n, color in enumerate(("red", "green", "blue"))]
    await asyncio.gather(one_after_another(), *(setup.process(like) for like in likes))
    versions = [event.profile_version for event in setup.updates()]
    assert versions == sorted(versions)
    assert versions[-1] == (await setup.stored()).profile_version
    by_id = {event.event_id: event for event in setup.updates()}
    assert all(by_id[event.event_id] == event for event in setup.updates())


async def test_a_correction_applies_only_to_its_own_tenant() -> None:
    setup = ProfileSetup()
    await setup.corrections.apply(correction("pin", word="gold", tenant="elsewhere"))
    await setup.process(feedback("red"))
    assert words((await setup.stored()).taste.preference) == ["red"]
