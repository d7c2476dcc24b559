"""Corrections are kept apart from predictions, once each, and published with them as one."""

import asyncio
from uuid import UUID, uuid5

import pytest

from services.profile.corrections import after
from shared.client.corrections import obeys
from shared.domain.corrections import MOST_VETOES, Correction
from shared.domain.ids import profile_event_id
from shared.domain.taste import MAX_WORDS
from shared.events import ProfileCorrected
from tests.unit.services.profile.profiles import Gated, Profiles, feedback, say, words


def all_said(*events: ProfileCorrected) -> tuple[Correction, ...]:
    said: tuple[Correction, ...] = ()
    for event in events:
        said = after(said, event)
    return said


def test_the_latest_pin_stands_first_and_a_ninth_pushes_out_the_first() -> None:
    said = all_said(*(say("pin", word=f"w{n}") for n in range(MAX_WORDS + 1)))
    assert said[0].pinned == tuple(f"w{n}" for n in range(MAX_WORDS, 0, -1))


def test_a_veto_takes_a_pin_back_and_a_pin_a_veto() -> None:
    (pinned,) = all_said(say("veto", word="red", side="preference"), say("pin", word="Red"))
    assert (pinned.pinned, pinned.vetoed) == (("Red",), ())
    (vetoed,) = all_said(say("pin", word="red"), say("veto", word="RED", side="preference"))
    assert (vetoed.pinned, vetoed.vetoed) == ((), ("RED",))


def test_a_veto_without_a_side_is_of_both() -> None:
    assert [one.side for one in all_said(say("veto", word="red"))] == [
        "preference",
        "non_preference",
    ]


def test_vetoes_are_bounded_and_the_oldest_goes() -> None:
    said = all_said(*(say("veto", word=f"w{n}", side="preference") for n in range(MOST_VETOES + 1)))
    assert len(said[0].vetoed) == MOST_VETOES
    assert said[0].vetoed[0] == "w1"


def test_an_edit_takes_the_place_of_pins_and_vetoes() -> None:
    (said,) = all_said(
        say("pin", word="red"),
        say("veto", word="green", side="preference"),
        say("edit", words=[{"word": "blue"}]),
    )
    assert said.edited is not None
    assert ([one.word for one in said.edited], said.pinned, said.vetoed) == (["blue"], (), ())


def test_a_word_stated_on_one_side_is_given_up_on_the_other() -> None:
    said = all_said(
        say("pin", word="red", side="non_preference"), say("pin", word="red", side="preference")
    )
    assert [(one.side, one.pinned) for one in said] == [("preference", ("red",))]


def test_a_reset_leaves_nothing_of_what_it_names() -> None:
    told = [say("pin", word="red"), say("pin", word="plain", element="detail")]
    assert [one.element for one in all_said(*told, say("reset", element="color"))] == ["detail"]
    assert all_said(*told, say("reset", side="non_preference")) == all_said(*told)
    assert all_said(*told, say("reset")) == ()


@pytest.mark.parametrize(
    "event",
    [
        say("pin", word="red"),
        say("veto", word="red"),
        say("edit", words=[{"word": "red", "weight": 0.5}], side="non_preference"),
        say("reset"),
    ],
)
async def test_a_correction_is_seen_in_the_profile_that_has_it(event: ProfileCorrected) -> None:
    profiles = Profiles()
    await profiles.take(feedback("red"))
    await profiles.correcting.take(say("pin", word="gold", side="non_preference"))
    before = profiles.updates()[-1]
    await profiles.correcting.take(event)
    assert obeys(profiles.updates()[-1], event)
    assert not obeys(before, event)


async def test_a_pin_outranks_the_model_and_survives_its_next_prediction() -> None:
    profiles = Profiles()
    await profiles.take(feedback("red"), feedback("blue", "dislike"))
    await profiles.correcting.take(say("pin", word="blue"))
    await profiles.correcting.take(say("veto", word="red"))
    await profiles.take(feedback("green", at=1))
    event = profiles.updates()[-1]
    assert words(event.preference) == ["blue", "green"]
    assert words(event.non_preference) == []
    assert event.profile_version == 4
    assert event.event_id == profile_event_id(tenant="default", user_id="ana", profile_version=4)


async def test_after_a_reset_the_predicted_words_are_back_without_a_prediction() -> None:
    profiles = Profiles()
    await profiles.take(feedback("red"))
    await profiles.correcting.take(say("edit", words=[{"word": "gold"}]))
    assert words(profiles.updates()[-1].preference) == ["gold"]
    await profiles.correcting.take(say("reset"))
    assert words(profiles.updates()[-1].preference) == ["red"]
    assert profiles.updates()[-1].corrections == ()
    assert profiles.model.calls["predict"] == 1


async def test_a_person_of_whom_nothing_else_is_known_can_state_their_taste() -> None:
    profiles = Profiles()
    await profiles.correcting.take(say("pin", word="gold"))
    event = profiles.updates()[-1]
    assert (words(event.preference), event.profile_version) == (["gold"], 1)
    assert (event.evidence.liked, event.model_version) == (0, "colors-1")
    await profiles.take(feedback("red"))
    assert words(profiles.updates()[-1].preference) == ["gold", "red"]


async def test_a_redelivered_correction_changes_nothing_and_only_publishes_again() -> None:
    profiles = Profiles()
    first, later = say("pin", word="gold"), say("veto", word="gold")
    for event in (first, later, first):
        await profiles.correcting.take(event)
    assert profiles.updates()[-1] == profiles.updates()[-2]
    assert words((await profiles.stored()).taste.preference) == []


async def test_a_correction_in_the_middle_of_a_prediction_is_not_lost() -> None:
    model = Gated()
    profiles = Profiles(model)
    predicting = asyncio.create_task(profiles.take(feedback("red")))
    await model.began.wait()
    await profiles.correcting.take(say("pin", word="gold"))
    model.go_on.set()
    await predicting
    assert words(profiles.updates()[-1].preference) == ["gold", "red"]


async def test_of_many_changes_at_once_the_last_word_published_is_the_highest_version() -> None:
    profiles = Profiles()
    corrections = [say("pin", word=f"w{n}", event_id=uuid5(UUID(int=0), str(n))) for n in range(5)]

    async def one_after_another() -> None:
        for event in corrections:
            await profiles.correcting.take(event)

    likes = [feedback(color, at=n) for n, color in enumerate(("red", "green", "blue"))]
    await asyncio.gather(one_after_another(), *(profiles.take(like) for like in likes))
    versions = [event.profile_version for event in profiles.updates()]
    assert versions == sorted(versions)
    assert versions[-1] == (await profiles.stored()).profile_version
    by_id = {event.event_id: event for event in profiles.updates()}
    assert all(by_id[event.event_id] == event for event in profiles.updates())


async def test_equal_user_ids_of_two_tenants_correct_two_tastes() -> None:
    profiles = Profiles()
    await profiles.correcting.take(say("pin", word="gold", tenant="elsewhere"))
    await profiles.take(feedback("red"))
    assert words((await profiles.stored()).taste.preference) == ["red"]
