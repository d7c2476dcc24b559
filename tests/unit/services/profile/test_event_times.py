"""Which feedback counts does not depend on clocks that are ahead or set back."""

from datetime import datetime, timedelta, timezone

from services.profile.feedback.references import merge_references
from shared.domain.times.time_bounds import no_later_than_arrival
from shared.events import Feedback
from tests.unit.services.profile.service_on_fakes import NOW, ProfileSetup, feedback, words

HOUR_SECONDS = 3_600
DAY_SECONDS = 24 * HOUR_SECONDS


def _received(event: Feedback, *, at: int) -> Feedback:
    """The event as a service receives it from a record that Kafka got at this second."""
    arrival = NOW + timedelta(seconds=at)
    occurred_at = no_later_than_arrival(
        event.occurred_at, timestamp_ms=round(arrival.timestamp() * 1000), now=arrival
    )
    return event.model_copy(update={"occurred_at": occurred_at})


async def test_a_like_from_the_future_does_not_outrank_later_feedback_on_its_image() -> None:
    setup = ProfileSetup()
    like = _received(feedback("red", at=23 * HOUR_SECONDS), at=0)
    dislike = _received(feedback("red", "dislike", at=60), at=60)
    await setup.process(like)
    await setup.process(dislike)
    (reference,) = (await setup.stored()).references
    assert reference.side == "disliked"


async def test_a_like_from_the_future_does_not_push_out_later_likes() -> None:
    setup = ProfileSetup(references_per_side=2)
    await setup.process(_received(feedback("red", at=23 * HOUR_SECONDS), at=0))
    for at, color in ((60, "green"), (120, "blue")):
        await setup.process(_received(feedback(color, at=at), at=at))
    kept = {reference.image_id for reference in (await setup.stored()).references}
    assert kept == {"id-green", "id-blue"}


async def test_a_like_after_the_clock_was_set_back_counts() -> None:
    setup = ProfileSetup()
    await setup.process(_received(feedback("red", at=0), at=0))
    await setup.process(_received(feedback("blue", at=-HOUR_SECONDS), at=-HOUR_SECONDS))
    stored = await setup.stored()
    assert sorted(words(stored.taste.preference)) == ["blue", "red"]
    assert stored.prediction_version == 2


async def test_a_late_upload_of_an_old_like_keeps_its_older_time() -> None:
    setup = ProfileSetup()
    old = _received(feedback("red", at=-9 * DAY_SECONDS), at=0)
    await setup.process(_received(feedback("red", "dislike", at=-DAY_SECONDS), at=-DAY_SECONDS))
    await setup.process(old)
    (reference,) = (await setup.stored()).references
    assert reference.side == "disliked"
    assert merge_references([reference], [], per_side=5) == (reference,)


async def test_a_stored_like_of_the_year_9999_does_not_stay_the_latest() -> None:
    setup = ProfileSetup()
    await setup.process(feedback("red"))
    stored = await setup.stored()
    far = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-5)))
    (like,) = stored.references
    vectors = await setup.store.vectors(tenant="default", user_id="ana")
    assert vectors is not None
    await setup.store.put(
        stored.model_copy(update={"references": (like.model_copy(update={"occurred_at": far}),)}),
        vectors,
    )
    await setup.process(feedback("red", "dislike", at=60))
    (reference,) = (await setup.stored()).references
    assert reference.side == "disliked"
