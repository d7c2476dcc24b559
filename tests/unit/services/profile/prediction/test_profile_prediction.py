"""A profile is predicted by groups of references, and each image is described once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from services.profile.metrics import ProfileMetrics
from services.profile.prediction.bulkhead import Bulkhead
from services.profile.prediction.profile_prediction import Prediction, ProfilePredictor
from services.profile.prediction.thoughts import MAX_CHARACTERS
from shared.domain.errors import Unprocessable
from shared.domain.taste import Element
from shared.events.types.feedback import Action
from shared.store.protocol import Reference
from shared.vlm.protocol import PredictedTaste, References
from tests.fakes.images import ColorImages
from tests.fakes.model import COLORS, ColorModel
from tests.unit.services.profile.sample_references import described_reference


def new(color: str, action: Action = "reference_like", *, day: float = 0) -> Reference:
    """A reference without a description."""
    reference = described_reference(color, action, day=day)
    return reference.model_copy(update={"description": None, "uri": f"drawing:{color}"})


def predictor_of(images: ColorImages, **limits: Any) -> ProfilePredictor:
    metrics = ProfileMetrics(CollectorRegistry())
    return ProfilePredictor(images, metrics, Bulkhead(places=2, slow_places=2), **limits)


@pytest.fixture
def predictor() -> ProfilePredictor:
    return predictor_of(ColorImages())


async def test_a_single_reference_is_described_with_its_prediction(
    predictor: ProfilePredictor,
) -> None:
    model = ColorModel()
    prediction = await predictor.predict([new("red")], model)
    assert model.described == ["red"]
    assert prediction.references[0].described_words(Element.COLOR) == ("red",)


async def test_each_image_is_described_once(predictor: ProfilePredictor) -> None:
    model = ColorModel()
    first = await predictor.predict([new(color) for color in COLORS[:6]], model)
    assert model.described == list(COLORS[:6])
    assert [r.described_words(Element.COLOR) for r in first.references] == [
        (color,) for color in COLORS[:6]
    ]
    second = await predictor.predict([*first.references, new(COLORS[6], "click", day=1)], model)
    assert model.described == list(COLORS[:7])
    assert second.references[:6] == first.references


async def test_another_model_describes_the_images_again(predictor: ProfilePredictor) -> None:
    prediction = await predictor.predict([new(color) for color in COLORS[:6]], ColorModel())
    other = ColorModel("colors-2")
    again = (await predictor.predict(prediction.references, other)).references
    assert other.described == list(COLORS[:6])
    assert {r.description.model_version for r in again if r.description} == {"colors-2"}


async def test_a_lost_image_stays_a_reference_and_is_not_described() -> None:
    images = ColorImages()
    images.refused[f"drawing:{COLORS[0]}"] = Unprocessable("no_such_file", "it is gone")
    model = ColorModel()
    predictor = predictor_of(images)
    prediction = await predictor.predict([new(color) for color in COLORS[:7]], model)
    assert model.described == list(COLORS[1:7])
    assert prediction.references[0].description is None


async def test_the_model_predicts_from_the_first_references_and_describes_all() -> None:
    model = ColorModel()
    predictor = predictor_of(ColorImages(), per_side=6)
    liked = [new(color) for color in COLORS[:8]]
    prediction = await predictor.predict([*liked, new(COLORS[0], "reference_dislike")], model)
    assert sorted(model.described) == sorted([*COLORS[:8], COLORS[0]])
    assert [len(group.liked) for group in model.predicted_from] == [5, 1]
    assert all(r.description for r in prediction.references)


async def test_a_described_reference_beyond_the_first_is_not_loaded_again() -> None:
    images, model = ColorImages(), ColorModel()
    predictor = predictor_of(images, per_side=6)
    prediction = await predictor.predict([new(color) for color in COLORS[:8]], model)
    images.refused[f"drawing:{COLORS[7]}"] = Unprocessable("no_such_file", "it is gone")
    again = await predictor.predict(prediction.references, model)
    assert again == prediction


async def test_the_same_references_give_the_same_profile_at_once_or_one_by_one(
    predictor: ProfilePredictor,
) -> None:
    model = ColorModel()
    before = [new("red", day=0), new("blue", "reference_dislike")]
    later = [new(COLORS[n % 3 + 2], "like", day=n + 1) for n in range(12)]
    at_once = await predictor.predict([*before, *later], model)
    one_by_one = Prediction(at_once.taste, tuple(before))
    for reference in later:
        one_by_one = await predictor.predict([*one_by_one.references, reference], model)
    assert one_by_one == at_once


async def test_the_thoughts_of_all_groups_are_kept_and_cut(predictor: ProfilePredictor) -> None:
    class Thinking(ColorModel):
        async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
            predicted = await super().predict(references)
            return [replace(taste, thoughts="thought " * 300) for taste in predicted]

    references = [new(color, day=n) for n, color in enumerate(COLORS)]
    prediction = await predictor.predict(references, Thinking())
    assert prediction.thoughts.startswith("thought thought")
    assert len(prediction.thoughts) <= MAX_CHARACTERS
    assert (await predictor.predict(references, ColorModel())).thoughts == ""
