"""Feedback becomes references, a stored profile and a published profile, once per event."""

from uuid import UUID

import pytest

from services.profile.feedback.ignored import Ignored
from services.profile.prediction.base_rates import BaseRates
from services.profile.prediction.shown_words import CATALOG_IMAGES
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.ids import profile_event_id
from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.domain.user import User
from shared.embedding.taste_vectors import taste_vectors
from shared.events import Feedback
from shared.events.wire.record import Record
from shared.messaging.contract import Delivery
from shared.store.protocol import KnownImage
from shared.store.removal.protocol import RemovedImage
from tests.contract.store.stores import described, known
from tests.fakes.images import plain_image
from tests.fakes.model import COLORS
from tests.unit.services.profile.service_on_fakes import (
    NOW,
    ProfileSetup,
    correction,
    feedback,
    words,
)


@pytest.fixture
def setup() -> ProfileSetup:
    return ProfileSetup()


async def test_likes_and_dislikes_become_a_stored_and_a_published_profile(
    setup: ProfileSetup,
) -> None:
    await setup.process(feedback("red"), feedback("blue", "hide", at=1))
    stored = await setup.stored()
    assert (words(stored.taste.preference), words(stored.taste.non_preference)) == (
        ["red"],
        ["blue"],
    )
    (event,) = setup.updates()
    assert (event.preference, event.non_preference) == (
        stored.taste.preference,
        stored.taste.non_preference,
    )
    assert (event.user_id, event.profile_version, event.model_version) == ("ana", 1, "colors-1")
    assert (event.evidence.liked, event.evidence.disliked) == (1, 1)
    assert event.reference_ids == ("id-red", "id-blue")
    assert event.event_id == profile_event_id(tenant="default", user_id="ana", profile_version=1)


async def test_the_stored_vectors_are_those_of_the_stored_taste(setup: ProfileSetup) -> None:
    await setup.process(feedback("red"), feedback("blue", "dislike"))
    vectors = await setup.store.vectors(tenant="default", user_id="ana")
    expected = await taste_vectors((await setup.stored()).taste, setup.embedder)
    assert vectors is not None
    assert (vectors.preference == expected.preference).all()
    assert (vectors.non_preference == expected.non_preference).all()


async def test_events_within_the_debounce_time_become_one_prediction(setup: ProfileSetup) -> None:
    await setup.process(*(feedback(color, at=n) for n, color in enumerate(COLORS[:5])))
    assert setup.model.calls["predict"] == 1
    assert {event.profile_version for event in setup.updates()} == {1}


async def test_each_later_batch_makes_a_new_version(setup: ProfileSetup) -> None:
    for n, color in enumerate(("red", "green")):
        await setup.process(feedback(color, at=n))
    assert [event.profile_version for event in setup.updates()] == [1, 2]
    assert set(words((await setup.stored()).taste.preference)) == {"red", "green"}


async def test_a_redelivered_event_changes_nothing_and_only_publishes_again(
    setup: ProfileSetup,
) -> None:
    await setup.process(feedback("red"), feedback("blue", "dislike"))
    before = await setup.stored()
    for _ in range(3):
        await setup.process(feedback("red"))
    assert await setup.stored() == before
    assert (setup.store.puts, setup.model.calls["predict"]) == (1, 1)
    assert len({event.event_id for event in setup.updates()}) == 1
    assert len(setup.updates()) == 4


async def test_an_event_that_arrives_twice_in_one_batch_counts_once(setup: ProfileSetup) -> None:
    await setup.process(feedback("red"), feedback("red"))
    stored = await setup.stored()
    assert (stored.profile_version, len(stored.references)) == (1, 1)
    assert len(stored.applied_event_ids) == 1


async def test_only_the_new_event_counts_in_a_batch_with_a_redelivered_event(
    setup: ProfileSetup,
) -> None:
    await setup.process(feedback("red"))
    await setup.process(feedback("red"), feedback("green", at=1))
    stored = await setup.stored()
    assert stored.profile_version == 2
    assert [r.image_id for r in stored.references] == ["id-green", "id-red"]
    assert len(stored.applied_event_ids) == 2


async def test_a_redelivery_after_a_failed_publication_publishes_the_stored_profile(
    setup: ProfileSetup,
) -> None:
    setup.publisher.unavailable = "no leader"
    with pytest.raises(Unavailable):
        await setup.process(feedback("red"))
    setup.publisher.unavailable = None
    await setup.process(feedback("red"))
    assert [event.profile_version for event in setup.updates()] == [1]
    assert setup.model.calls["predict"] == 1


async def test_nothing_is_stored_while_the_model_is_unavailable(
    setup: ProfileSetup,
) -> None:
    setup.model.unavailable["predict"] = "out of memory"
    with pytest.raises(Unavailable):
        await setup.process(feedback("red"))
    assert (setup.store.puts, setup.publisher.events) == (0, [])
    setup.model.unavailable.clear()
    await setup.process(feedback("red"))
    assert words((await setup.stored()).taste.preference) == ["red"]


@pytest.mark.parametrize(
    "event", [feedback("red", "view"), feedback("red", "dwell", dwell_ms=1_000)]
)
async def test_views_and_short_dwells_are_no_evidence(setup: ProfileSetup, event: Feedback) -> None:
    await setup.process(event)
    assert (setup.store.puts, setup.publisher.events, setup.image_loader.loads) == (0, [], 0)


async def test_feedback_without_a_uri_on_an_unranked_image_becomes_a_dead_letter(
    setup: ProfileSetup,
) -> None:
    with pytest.raises(Unprocessable, match="send the image's uri") as error:
        await setup.process(feedback("red", uri=None))
    assert error.value.reason == "unknown_image"
    assert "'id-red'" in error.value.detail


async def test_feedback_on_a_removed_image_becomes_a_dead_letter_that_stops_no_service(
    setup: ProfileSetup,
) -> None:
    key, position = ImageKey("default", "id-red"), RecordPosition(0, 1, 1)
    await setup.removed_images.add({key: RemovedImage(position)})
    with pytest.raises(Unprocessable, match="the app has removed the image 'id-red'") as error:
        await setup.process(feedback("red", uri=None))
    assert (error.value.reason, error.value.external) == ("removed_from_catalog", True)


async def test_feedback_on_an_image_of_an_earlier_feed_needs_no_uri(setup: ProfileSetup) -> None:
    known = KnownImage(
        tenant="default",
        image_id="id-red",
        uri="drawing:red",
        content_hash=plain_image("", "red").content_hash,
        seen_at=NOW,
    )
    await setup.image_store.remember([known])
    await setup.process(feedback("red", uri=None))
    assert (await setup.stored()).references[0].uri == "drawing:red"
    with pytest.raises(Unprocessable):
        await setup.process(feedback("red", uri=None, tenant="elsewhere"))


async def test_an_unreadable_image_becomes_a_dead_letter_and_no_reference(
    setup: ProfileSetup,
) -> None:
    setup.image_loader.refused["drawing:red"] = Unprocessable("not_an_image", "it is text")
    with pytest.raises(Unprocessable, match="not_an_image"):
        await setup.process(feedback("red"))
    assert setup.store.puts == 0


async def test_lost_references_are_left_out_and_counted_and_the_others_still_count(
    setup: ProfileSetup,
) -> None:
    await setup.process(feedback("red"), feedback("green", at=1))
    setup.image_loader.refused["drawing:red"] = Unprocessable("no_such_file", "it is gone")
    setup.image_loader.refused["drawing:green"] = Unavailable("https", "too slow")
    await setup.process(feedback("white", at=2))
    stored = await setup.stored()
    assert words(stored.taste.preference) == ["white"]
    assert len(stored.references) == 3
    lost = "preferstream_profile_references_lost_total"
    assert setup.registry.get_sample_value(lost) == 2


async def test_many_references_are_predicted_five_per_side_and_vote(setup: ProfileSetup) -> None:
    liked = [feedback(color, "reference_like", at=n) for n, color in enumerate(COLORS[:7])]
    await setup.process(*liked, feedback("navy", "hide", at=9))
    sizes = [(len(r.liked), len(r.disliked)) for r in setup.model.predicted_from]
    assert sizes == [(5, 1), (2, 1)]
    (disliked,) = (await setup.stored()).taste.non_preference.color
    assert (disliked.word, disliked.weight, disliked.count) == ("navy", 1.0, 2)


async def test_stored_references_are_bounded_per_side() -> None:
    setup = ProfileSetup(references_per_side=3)
    for n, color in enumerate(COLORS[:6]):
        await setup.process(feedback(color, at=n))
    stored = [r.image_id for r in (await setup.stored()).references]
    assert stored == [f"id-{color}" for color in reversed(COLORS[3:6])]
    assert setup.updates()[-1].evidence.liked == 3


async def test_applied_event_ids_are_bounded_and_the_newest_are_last() -> None:
    setup = ProfileSetup(profile_deduplication_size=2)
    events = [feedback(color, at=n) for n, color in enumerate(COLORS[:4])]
    for event in events:
        await setup.process(event)
    assert (await setup.stored()).applied_event_ids == tuple(str(e.event_id) for e in events[2:])


async def test_equal_user_ids_of_two_tenants_are_two_users(setup: ProfileSetup) -> None:
    await setup.process(feedback("red"), feedback("blue", tenant="elsewhere"))
    assert words((await setup.stored()).taste.preference) == ["red"]
    assert words((await setup.stored(tenant="elsewhere")).taste.preference) == ["blue"]


async def test_answers_that_cannot_be_parsed_are_counted(setup: ProfileSetup) -> None:
    setup.model.problems = ("no word for color in the likes",)
    await setup.process(feedback("red"))
    problems = "preferstream_profile_answer_problems_total"
    assert setup.registry.get_sample_value(problems) == 1


async def test_drift_is_judged_by_the_words_of_the_tenants_images(
    setup: ProfileSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[BaseRates] = []

    def record(references: object, voted: Taste, base_rates: BaseRates) -> Taste:
        used.append(base_rates)
        return voted

    monkeypatch.setattr("services.profile.prediction.profile_prediction.detect_drift", record)
    for number, color in enumerate(["blue"] * 6 + ["red"]):
        name = f"{color} {number}"
        image = known(name).model_copy(update={"content_hash": name})
        await setup.image_store.remember([image])
        version = setup.model.model_version
        await setup.image_store.describe([await described(name, version, color=color)])
    await setup.process(feedback("red"))
    (rates,) = used
    assert list(rates.of(Element.COLOR, ["blue", "red", "teal"])) == [0.7, 0.2, 0.1]


async def test_the_base_rates_of_a_user_with_many_references_come_from_views(
    setup: ProfileSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[BaseRates] = []

    def record(references: object, voted: Taste, base_rates: BaseRates) -> Taste:
        used.append(base_rates)
        return voted

    monkeypatch.setattr("services.profile.prediction.profile_prediction.detect_drift", record)
    monkeypatch.setattr("services.profile.service.MIN_REFERENCES", 3)
    for name in [f"blue {number}" for number in range(60)]:
        await setup.image_store.remember([known(name).model_copy(update={"content_hash": name})])
        version = setup.model.model_version
        await setup.image_store.describe([await described(name, version, color="blue")])
        event = feedback("red", "view", image_id=name)
        await setup.handlers.feedback(event, Delivery(Record("t", 0, 0, 0, None, b"")))
    await setup.process(*(feedback(color, at=n) for n, color in enumerate(COLORS[:4])))
    (rates,) = used
    assert rates.images(Element.COLOR) == 60 + CATALOG_IMAGES


async def test_near_synonyms_count_as_one_word_in_the_users_spelling(setup: ProfileSetup) -> None:
    setup.embedder.equate("blue", "navy")
    await setup.process(feedback("navy"), feedback("blue", at=1), feedback("red", "dislike"))
    stored = await setup.stored()
    assert len(words(stored.taste.preference)) == 1
    assert stored.synonyms[Element.COLOR].keys() == {"blue", "navy"}


@pytest.mark.parametrize("veto_first", [True, False])
async def test_a_veto_removes_the_near_synonyms_of_its_word(
    setup: ProfileSetup, veto_first: bool
) -> None:
    setup.embedder.equate("blue", "navy")
    veto = correction("veto", word="navy")
    if veto_first:
        await setup.corrections.apply(veto)
    await setup.process(feedback("blue"), feedback("red", at=1))
    if not veto_first:
        await setup.corrections.apply(veto)
    assert words((await setup.stored()).taste.preference) == ["red"]
    assert words(setup.updates()[-1].preference) == ["red"]


async def test_feedback_that_overrules_a_statement_is_noted_in_the_event(
    setup: ProfileSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.process(feedback("blue", "reference_like"), feedback("red", "reference_dislike"))
    assert setup.updates()[-1].history == ()

    def drifted(references: object, voted: Taste, base_rates: BaseRates) -> Taste:
        green = TasteSide(color=(WeightedWord(word="green", weight=1),))
        return Taste(preference=green, non_preference=voted.non_preference)

    monkeypatch.setattr("services.profile.prediction.profile_prediction.detect_drift", drifted)
    await setup.process(feedback("green", "like", at=60))
    (entry,) = setup.updates()[-1].history
    assert (entry.kind, entry.stated, entry.words) == ("overruled", ("blue",), ("green",))
    assert (entry.statements, entry.feedback, entry.at) == (1, {"like": 1}, NOW)
    overruled = "preferstream_profile_statements_overruled_total"
    assert setup.registry.get_sample_value(overruled) == 1


async def test_a_pinned_word_is_overruled_by_nothing(
    setup: ProfileSetup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.process(feedback("blue", "reference_like"))
    await setup.corrections.apply(correction("pin", word="blue"))

    def drifted(references: object, voted: Taste, base_rates: BaseRates) -> Taste:
        return Taste(preference=TasteSide(color=(WeightedWord(word="green", weight=1),)))

    monkeypatch.setattr("services.profile.prediction.profile_prediction.detect_drift", drifted)
    await setup.process(feedback("green", "like", at=60))
    event = setup.updates()[-1]
    assert words(event.preference) == ["blue", "green"]
    assert event.history == ()


async def test_of_contradictory_feedback_on_one_image_the_later_counts_and_the_other_is_counted(
    setup: ProfileSetup,
) -> None:
    await setup.process(feedback("red"), feedback("red", "dislike", at=1), feedback("blue", at=2))
    await setup.process(feedback("blue", "hide", at=3))
    stored = await setup.stored()
    assert [(r.image_id, r.side) for r in stored.references] == [
        ("id-blue", "disliked"),
        ("id-red", "disliked"),
    ]
    assert words(stored.taste.preference) == []
    assert setup.updates()[-1].evidence.ignored == {"replaced": 2}
    ignored = "preferstream_profile_feedback_ignored_total"
    assert setup.registry.get_sample_value(ignored, {"reason": "replaced"}) == 2


async def test_a_click_does_not_contradict_a_dislike(setup: ProfileSetup) -> None:
    await setup.process(feedback("red", "dislike"))
    await setup.process(feedback("red", "click", at=1), feedback("blue", at=2))
    assert [r.side for r in (await setup.stored()).references] == ["liked", "disliked"]
    assert setup.updates()[-1].evidence.ignored == {"replaced": 1}


async def test_a_restart_keeps_the_counts_of_ignored_feedback() -> None:
    setup = ProfileSetup(references_per_side=1)
    await setup.process(feedback("red", at=5))
    first = setup.updates()
    puts = setup.store.puts
    # Older clicks than the like that fills the side: no prediction follows from them.
    await setup.process(feedback("blue", "click", at=1), feedback("green", "click", at=2))
    assert (await setup.stored()).ignored_feedback == {"side_full": 2}
    assert setup.store.puts == puts
    assert setup.updates() == first
    restarted = ProfileSetup(references_per_side=1, store=setup.store)
    await restarted.process(feedback("navy", at=9))
    assert restarted.updates()[-1].evidence.ignored == {"side_full": 3}


async def test_a_version_published_again_has_the_counts_of_its_prediction() -> None:
    setup = ProfileSetup(references_per_side=1)
    await setup.process(feedback("red", at=5))
    await setup.process(feedback("blue", "click", at=1))
    assert (await setup.stored()).ignored_feedback == {"side_full": 1}
    await setup.process(feedback("red", at=5))
    first, again = setup.updates()
    assert again == first


async def test_a_redelivery_of_ignored_feedback_counts_once() -> None:
    setup = ProfileSetup(references_per_side=1)
    ignored = feedback("blue", "click", at=1)
    replaced = feedback("red", "click", at=2)
    await setup.process(feedback("red", at=5), replaced)
    await setup.process(ignored, ignored)
    restarted = ProfileSetup(references_per_side=1, store=setup.store)
    await restarted.process(ignored, replaced)
    stored = await setup.stored()
    assert stored.ignored_feedback == {"replaced": 1, "side_full": 1}
    assert stored.profile_version == 1
    assert str(ignored.event_id) in stored.applied_event_ids


async def test_many_ignored_events_do_not_hide_that_a_reference_was_applied() -> None:
    setup = ProfileSetup(references_per_side=1, profile_deduplication_size=2)
    await setup.process(feedback("red", at=9))
    for at in range(4):
        await setup.process(feedback("blue", "click", at=at))
    await setup.process(feedback("red", at=9))
    assert (await setup.stored()).profile_version == 1
    assert setup.model.calls["predict"] == 1


async def test_a_retry_after_a_failed_write_counts_ignored_feedback_once() -> None:
    setup = ProfileSetup(references_per_side=1)
    liked, ignored = feedback("red", at=5), feedback("red", "click", at=1)
    setup.model.unavailable["predict"] = "out of memory"
    with pytest.raises(Unavailable):
        await setup.process(liked, ignored)
    setup.model.unavailable.clear()
    await setup.process(liked, ignored)
    metric = "preferstream_profile_feedback_ignored_total"
    assert setup.registry.get_sample_value(metric, {"reason": "replaced"}) == 1


async def test_ignored_feedback_of_a_user_with_corrections_alone_waits_for_a_profile(
    setup: ProfileSetup,
) -> None:
    await setup.corrections.apply(correction("veto", word="blue"))
    await setup.service._update_profile(User("default", "ana"), [Ignored("side_full", "e")])
    await setup.process(feedback("red"))
    assert (await setup.stored()).ignored_feedback == {"side_full": 1}


async def test_ten_thousand_likes_of_a_second_leave_a_full_side_and_a_reason() -> None:
    setup = ProfileSetup(references_per_side=5)
    setup.image_loader.drawn_as = {f"drawing:{n}": COLORS[n % 10] for n in range(10_000)}
    events = [
        feedback(COLORS[n % 10], at=0, uri=f"drawing:{n}", image_id=str(n),
                 event_id=UUID(int=n + 1)) for n in range(10_000)
    ]  # fmt: skip
    await setup.process(*events)
    evidence = setup.updates()[-1].evidence
    assert (evidence.liked, evidence.disliked) == (5, 0)
    ignored = (await setup.stored()).ignored_feedback
    assert ignored.keys() <= {"side_full", "replaced"}
    assert sum(ignored.values()) == 10_000 - 5
    assert setup.model.calls["predict"] <= 3
