"""A taste is predicted by groups, and what each image shows is asked once."""

import pytest
from prometheus_client import CollectorRegistry

from services.profile.metrics import ProfileMetrics
from services.profile.prediction.profile_prediction import Predicted, Predicting
from shared.domain.errors import Unprocessable
from shared.domain.taste import Element
from shared.events.types.feedback import Action
from shared.store.protocol import Reference
from tests.fakes.images import DrawnImages
from tests.fakes.model import COLORS, ColorModel
from tests.unit.services.profile.sample_references import told


def new(color: str, action: Action = "reference_like", *, day: float = 0) -> Reference:
    """A reference that nobody has described yet."""
    known = told(color, action, day=day)
    return known.model_copy(update={"shown": None, "uri": f"drawing:{color}"})


@pytest.fixture
def predicting() -> Predicting:
    return Predicting(DrawnImages(), ProfileMetrics(CollectorRegistry()))


async def test_no_image_is_described_while_one_prediction_says_it_all(
    predicting: Predicting,
) -> None:
    model = ColorModel()
    found = await predicting.taste([new(color) for color in COLORS[:5]], model)
    assert model.described == []
    assert [one.shown for one in found.references] == [None] * 5


async def test_each_image_is_described_once(predicting: Predicting) -> None:
    model = ColorModel()
    first = await predicting.taste([new(color) for color in COLORS[:6]], model)
    assert model.described == list(COLORS[:6])
    assert [one.shows(Element.COLOR) for one in first.references] == [(c,) for c in COLORS[:6]]
    second = await predicting.taste([*first.references, new(COLORS[6], "click", day=1)], model)
    assert model.described == list(COLORS[:7])
    assert second.references[:6] == first.references


async def test_another_model_looks_anew(predicting: Predicting) -> None:
    found = await predicting.taste([new(color) for color in COLORS[:6]], ColorModel())
    other = ColorModel("colors-2")
    seen = (await predicting.taste(found.references, other)).references
    assert other.described == list(COLORS[:6])
    assert {one.shown.model_version for one in seen if one.shown} == {"colors-2"}


async def test_an_image_that_is_gone_stays_a_reference_and_is_not_described() -> None:
    images = DrawnImages()
    images.refused[f"drawing:{COLORS[0]}"] = Unprocessable("no_such_file", "it is gone")
    model = ColorModel()
    predicting = Predicting(images, ProfileMetrics(CollectorRegistry()))
    found = await predicting.taste([new(color) for color in COLORS[:7]], model)
    assert model.described == list(COLORS[1:7])
    assert found.references[0].shown is None


async def test_of_many_references_the_first_are_predicted_from_and_all_are_described() -> None:
    model = ColorModel()
    predicting = Predicting(DrawnImages(), ProfileMetrics(CollectorRegistry()), per_side=6)
    liked = [new(color) for color in COLORS[:8]]
    found = await predicting.taste([*liked, new(COLORS[0], "reference_dislike")], model)
    assert sorted(model.described) == sorted([*COLORS[:8], COLORS[0]])
    assert [len(one.liked) for one in model.asked] == [5, 1]
    assert all(one.shown for one in found.references)


async def test_what_is_beyond_and_described_is_not_loaded_again() -> None:
    images, model = DrawnImages(), ColorModel()
    predicting = Predicting(images, ProfileMetrics(CollectorRegistry()), per_side=6)
    found = await predicting.taste([new(color) for color in COLORS[:8]], model)
    images.refused[f"drawing:{COLORS[7]}"] = Unprocessable("no_such_file", "it is gone")
    again = await predicting.taste(found.references, model)
    assert again == found


async def test_the_same_references_give_the_same_taste_whenever_they_were_described(
    predicting: Predicting,
) -> None:
    model = ColorModel()
    before = [new("red", day=0), new("blue", "reference_dislike")]
    later = [new(COLORS[n % 3 + 2], "like", day=n + 1) for n in range(12)]
    at_once = await predicting.taste([*before, *later], model)
    kept = Predicted(at_once.taste, tuple(before))
    for one in later:
        kept = await predicting.taste([*kept.references, one], model)
    assert kept == at_once
