"""An image is ranked by the taste that it fits best, by the model and without it."""

from collections.abc import Mapping
from typing import Any

import pytest

from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.embedding.taste_vectors import description_vector, taste_vectors
from shared.store.protocol import Described, EmbeddedTaste, ImageDescription
from shared.vlm.protocol import Scores, ScoringInput
from tests.fakes.images import plain_image
from tests.fakes.model import color_of
from tests.fakes.scores import certain_scores
from tests.unit.services.assessor.assessor import Assessor, image_ids, tiers
from tests.unit.services.assessor.users import color_taste, pinned, request

MEADOW, NIGHT = "meadow", "night"


def joint_taste(taste_id: str, color: str, medium: str) -> JointTaste:
    def side(**words: str) -> TasteSide:
        return TasteSide.model_validate(
            {element: (WeightedWord(word=word, weight=1),) for element, word in words.items()}
        )

    return JointTaste(
        taste_id=taste_id,
        preference=side(color=color, medium=medium),
        non_preference=side(color="blue"),
        reference_ids=(f"{taste_id}-1", f"{taste_id}-2"),
        share=0.5,
        weight=0.5,
    )


TASTES = (joint_taste(MEADOW, "red", "oil"), joint_taste(NIGHT, "green", "ink"))
LOOKS = {
    "red": {"color": "red", "medium": "oil"},
    "green": {"color": "green", "medium": "ink"},
    "orange": {"color": "red", "medium": "ink"},
    "blue": {"color": "blue", "medium": "oil"},
}
"""What the images show, by their name: orange mixes the words of both tastes."""


def by_words(candidate: ScoringInput) -> Scores:
    """5 for a liked word, 0 for a disliked one, else 2."""
    shown = LOOKS[color_of(candidate.image)]

    def digit(element: Element) -> int:
        word = shown.get(element.value)
        liked = {w.word for w in candidate.taste.preference[element]}
        disliked = {w.word for w in candidate.taste.non_preference[element]}
        return 5 if word in liked else 0 if word in disliked else 2

    digits = {e: certain_scores(digit(e)).digits[e] for e in ELEMENTS}
    return Scores(digits)


async def store_tastes(assessor: Assessor, *tastes: JointTaste, **fields: Any) -> None:
    merged = TasteSide.model_validate(
        {
            "color": [{"word": w, "weight": 1} for w in ("red", "green")],
            "medium": [{"word": w, "weight": 1} for w in ("oil", "ink")],
        }
    )
    taste = Taste(preference=merged, non_preference=color_taste().non_preference)
    await assessor.store_profile_of_ana(predicted=taste, predicted_tastes=tastes, **fields)
    await assessor.profiles.put_joint(
        [EmbeddedTaste(t, await taste_vectors(t.taste, assessor.embedder)) for t in tastes],
        tenant="default",
        user_id="ana",
    )


async def described(assessor: Assessor, image: str, looks: Mapping[str, str]) -> Described:
    words = {Element(element): (word,) for element, word in looks.items()}
    content_hash = plain_image("", image).content_hash
    return Described(
        ImageDescription(content_hash=content_hash, model_version="colors-1", words=words),
        await description_vector(words, assessor.embedder),
    )


@pytest.fixture
def scored(assessor: Assessor, monkeypatch: pytest.MonkeyPatch) -> list[ScoringInput]:
    """The inputs that the model scores by the words of `LOOKS`."""
    inputs: list[ScoringInput] = []

    async def score(candidates: Any) -> list[Scores]:
        await assessor.model._answer("score")
        inputs.extend(candidates)
        return [by_words(candidate) for candidate in candidates]

    monkeypatch.setattr(assessor.model, "score", score)
    return inputs


async def test_an_image_gets_the_score_and_the_id_of_its_best_taste(
    assessor: Assessor, scored: list[ScoringInput]
) -> None:
    await store_tastes(assessor, *TASTES)
    feed = await assessor.feed(request("blue", "orange", "green", "red"))
    assert image_ids(feed) == ["green", "red", "orange", "blue"]
    best = {item.image_id: (item.score, item.taste_id) for item in feed.items}
    assert best["red"] == (16, MEADOW)
    assert best["green"] == (16, NIGHT)
    # Each of its words is liked, but in different tastes.
    assert best["orange"] == (13, MEADOW)
    assert len(scored) == 8


async def test_tastes_with_the_same_words_are_scored_once(
    assessor: Assessor, scored: list[ScoringInput]
) -> None:
    await store_tastes(assessor, TASTES[0], TASTES[1], joint_taste("other", "red", "oil"))
    feed = await assessor.feed(request("green", "red"))
    assert len(scored) == 4
    assert {item.image_id: item.taste_id for item in feed.items} == {"green": NIGHT, "red": MEADOW}


async def test_one_merged_profile_would_rank_the_mixed_image_like_the_others(
    assessor: Assessor, scored: list[ScoringInput]
) -> None:
    await store_tastes(assessor)
    feed = await assessor.feed(request("orange", "green", "red"))
    assert {item.score for item in feed.items} == {16}


async def test_a_user_with_one_taste_is_scored_once_and_no_item_names_a_taste(
    assessor: Assessor, scored: list[ScoringInput]
) -> None:
    await store_tastes(assessor)
    feed = await assessor.feed(request("green", "red"))
    assert len(scored) == 2
    assert "taste_id" not in feed.model_dump_json()


async def test_rationales_explain_the_taste_that_was_scored(
    assessor: Assessor, scored: list[ScoringInput], monkeypatch: pytest.MonkeyPatch
) -> None:
    explained: list[Taste] = []
    explain = assessor.model.explain

    async def recording(inputs: Any) -> Any:
        explained.extend(i.candidate.taste for i in inputs)
        return await explain(inputs)

    monkeypatch.setattr(assessor.model, "explain", recording)
    await store_tastes(assessor, *TASTES)
    await assessor.feed(request("green", "red"))
    assert explained == [TASTES[1].taste, TASTES[0].taste]


@pytest.mark.parametrize("corrected", [False, True])
async def test_without_the_model_descriptions_are_compared_with_each_taste(
    assessor: Assessor, *, corrected: bool
) -> None:
    await store_tastes(assessor, *TASTES)
    if corrected:
        # The stored vectors are of the prediction alone.
        await assessor.profiles.correct(pinned("pink"))
    await assessor.image_store.describe(
        [await described(assessor, name, words) for name, words in LOOKS.items()]
    )
    assessor.model.unavailable["score"] = "it restarts"
    feed = await assessor.feed(request("orange", "blue", "green", "red"))
    assert {*tiers(feed).values()} == {"embedding"}
    assert {item.image_id: item.taste_id for item in feed.items}["green"] == NIGHT
    if not corrected:
        assert image_ids(feed)[:2] == ["green", "red"]


async def test_a_correction_changes_the_score_by_every_taste(
    assessor: Assessor, scored: list[ScoringInput]
) -> None:
    await store_tastes(assessor, *TASTES)
    await assessor.profiles.correct(pinned("orange"))
    await assessor.feed(request("red"))
    assert all(
        "orange" in {word.word for word in candidate.taste.preference.color} for candidate in scored
    )
