"""A pinned word of the look moves images also of a user who goes by the subject alone."""

from collections.abc import AsyncIterator

import pytest

from shared.domain.corrections import Correction, stated_elements
from shared.domain.errors import Unavailable
from shared.domain.subjects.element import SUBJECT
from shared.domain.taste import Element
from shared.domain.weights.ranking_weights import STATED_SHARE, RankingWeights
from tests.unit.services.assessor.assessor import image_ids
from tests.unit.services.assessor.test_subject_scoring import Setup
from tests.unit.services.assessor.users import pinned, request, store_descriptions

BY_SUBJECT = RankingWeights(
    art_style=0.0, color=0.005, medium=0.0, saturation=0.0, detail=0.0, subject=0.995
)


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    setup = Setup()
    yield setup
    await setup.assessor.background_description.stop()


async def test_the_element_of_a_pinned_word_gets_a_share_that_the_feed_names(setup: Setup) -> None:
    await setup.store_profile(0.995, weights=BY_SUBJECT)
    slate = ("red", "orange", "pink", "yellow")
    before = await setup.assessor.feed(request(*slate))
    last = image_ids(before)[-1]
    await setup.assessor.profiles.correct(pinned(last))
    after = await setup.assessor.feed(request(*slate, request_id="r-2"))
    assert before.ranking_weights == BY_SUBJECT
    assert after.ranking_weights is not None
    assert after.ranking_weights.color == STATED_SHARE
    # Red is liked as well, by the predicted taste.
    assert set(image_ids(after)[:2]) == {"red", last}
    for item in after.items:
        assert item.elements is not None
        assert item.subject is not None
        expected = 5 * (0.2 * item.elements.color.score + 0.8 * item.subject)
        assert item.score_total == pytest.approx(expected, abs=1e-3)


def test_vetoes_and_subjects_state_no_element_of_the_look() -> None:
    entries = [
        Correction(side="preference", element=Element.COLOR, pinned=("red",)),
        Correction(side="preference", element=Element.DETAIL, vetoed=("plain",)),
        Correction(side="preference", element=SUBJECT, pinned=("bird",)),
    ]
    assert stated_elements(entries) == {Element.COLOR}


async def test_a_described_image_with_a_pinned_word_passes_two_others(setup: Setup) -> None:
    await setup.store_profile(0.995, weights=BY_SUBJECT)
    slate = ("orange", "pink", "yellow", "green", "navy", "black")
    before = image_ids(await setup.assessor.feed(request(*slate)))
    last = before[-1]
    await store_descriptions(setup.assessor.image_store, slate, setup.assessor.embedder)
    await setup.assessor.profiles.correct(pinned(last))
    after = await setup.assessor.feed(request(*slate, request_id="r-2"))
    places = {item.image_id: item.moved_by_words for item in after.items}
    assert places == dict.fromkeys(slate, 0) | {last: 2}
    by_total = sorted(after.items, key=lambda item: -(item.score_total or 0))
    assert [i.image_id for i in by_total].index(last) == image_ids(after).index(last) + 2


async def test_while_the_store_of_descriptions_is_out_words_of_the_look_move_nothing(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    await setup.store_profile(0.995, weights=BY_SUBJECT)
    slate = ("orange", "pink", "yellow", "green", "navy", "black")
    await store_descriptions(setup.assessor.image_store, slate, setup.assessor.embedder)
    await setup.assessor.profiles.correct(pinned("black"))

    async def stopped(**_: object) -> None:
        raise Unavailable("store", "it is stopped")

    monkeypatch.setattr(setup.assessor.image_store, "described_words", stopped)
    feed = await setup.assessor.feed(request(*slate))
    assert len(feed.items) == len(slate)
    assert not any(item.moved_by_words for item in feed.items)
