"""Feedback becomes references, a stored profile and a published profile, once per event."""

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.ids import profile_event_id
from shared.embedding.taste_vectors import taste_vectors
from shared.events import Feedback
from shared.store.protocol import KnownImage
from tests.fakes.images import plain_image
from tests.fakes.model import COLORS
from tests.unit.services.profile.service_on_fakes import NOW, Profiles, feedback, words


@pytest.fixture
def profiles() -> Profiles:
    return Profiles()


async def test_likes_and_dislikes_become_a_stored_and_a_published_profile(
    profiles: Profiles,
) -> None:
    await profiles.process(feedback("red"), feedback("blue", "hide", at=1))
    stored = await profiles.stored()
    assert (words(stored.taste.preference), words(stored.taste.non_preference)) == (
        ["red"],
        ["blue"],
    )
    (event,) = profiles.updates()
    assert (event.preference, event.non_preference) == (
        stored.taste.preference,
        stored.taste.non_preference,
    )
    assert (event.user_id, event.profile_version, event.model_version) == ("ana", 1, "colors-1")
    assert (event.evidence.liked, event.evidence.disliked) == (1, 1)
    assert event.reference_ids == ("id-red", "id-blue")
    assert event.event_id == profile_event_id(tenant="default", user_id="ana", profile_version=1)


async def test_the_stored_vectors_are_those_of_the_stored_taste(profiles: Profiles) -> None:
    await profiles.process(feedback("red"), feedback("blue", "dislike"))
    vectors = await profiles.store.vectors(tenant="default", user_id="ana")
    expected = await taste_vectors((await profiles.stored()).taste, profiles.embedder)
    assert vectors is not None
    assert (vectors.preference == expected.preference).all()
    assert (vectors.non_preference == expected.non_preference).all()


async def test_events_within_the_debounce_time_become_one_prediction(profiles: Profiles) -> None:
    await profiles.process(*(feedback(color, at=n) for n, color in enumerate(COLORS[:5])))
    assert profiles.model.calls["predict"] == 1
    assert {event.profile_version for event in profiles.updates()} == {1}


async def test_each_later_batch_makes_a_new_version(profiles: Profiles) -> None:
    for n, color in enumerate(("red", "green")):
        await profiles.process(feedback(color, at=n))
    assert [event.profile_version for event in profiles.updates()] == [1, 2]
    assert set(words((await profiles.stored()).taste.preference)) == {"red", "green"}


async def test_a_redelivered_event_changes_nothing_and_only_publishes_again(
    profiles: Profiles,
) -> None:
    await profiles.process(feedback("red"), feedback("blue", "dislike"))
    before = await profiles.stored()
    for _ in range(3):
        await profiles.process(feedback("red"))
    assert await profiles.stored() == before
    assert (profiles.store.puts, profiles.model.calls["predict"]) == (1, 1)
    assert len({event.event_id for event in profiles.updates()}) == 1
    assert len(profiles.updates()) == 4


async def test_an_event_that_arrives_twice_in_one_batch_counts_once(profiles: Profiles) -> None:
    await profiles.process(feedback("red"), feedback("red"))
    stored = await profiles.stored()
    assert (stored.profile_version, len(stored.references)) == (1, 1)
    assert len(stored.applied_event_ids) == 1


async def test_of_a_redelivered_and_a_new_event_only_the_new_one_counts(profiles: Profiles) -> None:
    await profiles.process(feedback("red"))
    await profiles.process(feedback("red"), feedback("green", at=1))
    stored = await profiles.stored()
    assert stored.profile_version == 2
    assert [r.image_id for r in stored.references] == ["id-green", "id-red"]
    assert len(stored.applied_event_ids) == 2


async def test_when_publishing_fails_the_redelivery_publishes_the_stored_profile(
    profiles: Profiles,
) -> None:
    profiles.publisher.unavailable = "no leader"
    with pytest.raises(Unavailable):
        await profiles.process(feedback("red"))
    profiles.publisher.unavailable = None
    await profiles.process(feedback("red"))
    assert [event.profile_version for event in profiles.updates()] == [1]
    assert profiles.model.calls["predict"] == 1


async def test_when_the_model_is_unavailable_nothing_is_stored_until_the_redelivery(
    profiles: Profiles,
) -> None:
    profiles.model.unavailable["predict"] = "out of memory"
    with pytest.raises(Unavailable):
        await profiles.process(feedback("red"))
    assert (profiles.store.puts, profiles.publisher.events) == (0, [])
    profiles.model.unavailable.clear()
    await profiles.process(feedback("red"))
    assert words((await profiles.stored()).taste.preference) == ["red"]


@pytest.mark.parametrize(
    "event", [feedback("red", "view"), feedback("red", "dwell", dwell_ms=1_000)]
)
async def test_views_and_short_dwells_are_no_evidence(profiles: Profiles, event: Feedback) -> None:
    await profiles.process(event)
    assert (profiles.store.puts, profiles.publisher.events, profiles.images.loads) == (0, [], 0)


async def test_an_unranked_image_without_a_uri_becomes_a_dead_letter(
    profiles: Profiles,
) -> None:
    with pytest.raises(Unprocessable, match="send the image's uri") as error:
        await profiles.process(feedback("red", uri=None))
    assert error.value.reason == "unknown_image"
    assert "'id-red'" in error.value.detail


async def test_an_image_of_an_earlier_feed_needs_no_uri(profiles: Profiles) -> None:
    known = KnownImage(
        tenant="default",
        image_id="id-red",
        uri="drawing:red",
        content_hash=plain_image("", "red").content_hash,
        seen_at=NOW,
    )
    await profiles.image_store.remember([known])
    await profiles.process(feedback("red", uri=None))
    assert (await profiles.stored()).references[0].uri == "drawing:red"
    with pytest.raises(Unprocessable):
        await profiles.process(feedback("red", uri=None, tenant="elsewhere"))


async def test_an_unreadable_image_becomes_a_dead_letter_and_no_reference(
    profiles: Profiles,
) -> None:
    profiles.images.refused["drawing:red"] = Unprocessable("not_an_image", "it is text")
    with pytest.raises(Unprocessable, match="not_an_image"):
        await profiles.process(feedback("red"))
    assert profiles.store.puts == 0


async def test_lost_references_are_left_out_and_counted_and_the_others_still_count(
    profiles: Profiles,
) -> None:
    await profiles.process(feedback("red"), feedback("green", at=1))
    profiles.images.refused["drawing:red"] = Unprocessable("no_such_file", "it is gone")
    profiles.images.refused["drawing:green"] = Unavailable("https", "too slow")
    await profiles.process(feedback("white", at=2))
    stored = await profiles.stored()
    assert words(stored.taste.preference) == ["white"]
    assert len(stored.references) == 3
    lost = "preferstream_profile_references_lost_total"
    assert profiles.registry.get_sample_value(lost) == 2


async def test_many_references_are_predicted_five_per_side_and_vote(profiles: Profiles) -> None:
    liked = [feedback(color, "reference_like", at=n) for n, color in enumerate(COLORS[:7])]
    await profiles.process(*liked, feedback("navy", "hide", at=9))
    sizes = [(len(r.liked), len(r.disliked)) for r in profiles.model.predicted_from]
    assert sizes == [(5, 1), (2, 1)]
    (disliked,) = (await profiles.stored()).taste.non_preference.color
    assert (disliked.word, disliked.weight, disliked.count) == ("navy", 1.0, 2)


async def test_stored_references_are_bounded_per_side() -> None:
    profiles = Profiles(references_per_side=3)
    for n, color in enumerate(COLORS[:6]):
        await profiles.process(feedback(color, at=n))
    stored = [r.image_id for r in (await profiles.stored()).references]
    assert stored == [f"id-{color}" for color in reversed(COLORS[3:6])]
    assert profiles.updates()[-1].evidence.liked == 3


async def test_applied_event_ids_are_bounded_and_the_newest_are_last() -> None:
    profiles = Profiles(profile_deduplication_size=2)
    events = [feedback(color, at=n) for n, color in enumerate(COLORS[:4])]
    for event in events:
        await profiles.process(event)
    assert (await profiles.stored()).applied_event_ids == tuple(str(e.event_id) for e in events[2:])


async def test_equal_user_ids_of_two_tenants_are_two_users(profiles: Profiles) -> None:
    await profiles.process(feedback("red"), feedback("blue", tenant="elsewhere"))
    assert words((await profiles.stored()).taste.preference) == ["red"]
    assert words((await profiles.stored(tenant="elsewhere")).taste.preference) == ["blue"]


async def test_answers_that_cannot_be_parsed_are_counted(profiles: Profiles) -> None:
    profiles.model.problems = ("no word for color in the likes",)
    await profiles.process(feedback("red"))
    problems = "preferstream_profile_answer_problems_total"
    assert profiles.registry.get_sample_value(problems) == 1
