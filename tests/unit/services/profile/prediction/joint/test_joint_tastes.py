"""A user whose likes form several groups has a taste for each, with the references that made it."""

from typing import Any

import pytest

from services.profile.prediction.joint.joint_tastes import JointTastes
from services.profile.prediction.profile_prediction import Prediction
from shared.domain.corrections import Correction
from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import Element
from shared.embedding.images.encoded_images import EncodedImages
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, StoredCorrections, StoredProfile
from tests.fakes.image_encoder import SubjectEncoder
from tests.fakes.images import ColorImages
from tests.fakes.model import COLORS, ColorModel
from tests.fakes.stores import InMemoryImageVectors
from tests.unit.services.profile.prediction.test_profile_prediction import predictor_of
from tests.unit.services.profile.sample_references import NOON, described_reference

LOOKS: dict[str, dict[str, Any]] = {
    "red": {"art_style": "cubism", "medium": "oil", "saturation": "vivid", "detail": "rich"},
    "green": {"art_style": "pixel art", "medium": "ink", "saturation": "soft", "detail": "plain"},
    "blue": {"art_style": "pop art", "medium": "chalk", "saturation": "bold", "detail": "fine"},
}
"""The other words of the images of each color."""


def references(color: str, count: int, action: Action = "like", **fields: Any) -> list[Reference]:
    fields = {**LOOKS[color], **fields}
    return [described_reference(color, action, number=n, **fields) for n in range(count)]


class Setup:
    """A predictor with joint tastes, and the images of all references."""

    def __init__(self, encoded_images: EncodedImages | None = None) -> None:
        self.images = ColorImages()
        self.model = ColorModel()
        self.predictor = predictor_of(self.images, joint_tastes=JointTastes(encoded_images))

    async def predict(
        self,
        shown: list[Reference],
        stored: StoredProfile | None = None,
    ) -> Prediction:
        for reference in shown:
            self.images.drawn_as[reference.uri] = reference.image_id.partition("-")[0]
        by_side = sorted(shown, key=lambda reference: reference.side, reverse=True)
        return await self.predictor.predict(by_side, self.model, stored=stored)


def stored_profile(*tastes: JointTaste, **fields: Any) -> StoredProfile:
    return StoredProfile(
        tenant="default", user_id="ana", prediction_version=1, predicted={}, model_version="m",
        updated_at=NOON, predicted_tastes=tastes, **fields,
    )  # fmt: skip


def colors(taste: JointTaste) -> list[str]:
    return [word.word for word in taste.preference.color]


TWO = [*references("red", 6), *references("green", 4), *references("blue", 5, "dislike")]


@pytest.fixture
def setup() -> Setup:
    # The content of these images must differ: a fake loader hashes colors alone.
    return Setup()


async def test_two_groups_of_likes_are_two_tastes_with_their_references(setup: Setup) -> None:
    first, second = (await setup.predict(TWO)).joint_tastes
    assert (colors(first), colors(second)) == (["red"], ["green"])
    assert {*first.reference_ids} == {r.image_id for r in references("red", 6)}
    assert {*second.reference_ids} == {r.image_id for r in references("green", 4)}
    assert [word.word for word in second.non_preference.color] == ["blue"]
    assert (first.share, second.share, second.weight) == (0.6, 0.4, 0.4)


async def test_the_merged_profile_does_not_depend_on_the_tastes(setup: Setup) -> None:
    merged = await setup.predict(TWO)
    without = predictor_of(setup.images)
    by_side = sorted(TWO, key=lambda reference: reference.side, reverse=True)
    assert (await without.predict(by_side, setup.model)).taste == merged.taste
    assert {word.word for word in merged.taste.preference.color} == {"red", "green"}


async def test_a_user_with_one_taste_costs_no_further_call_of_the_model(setup: Setup) -> None:
    prediction = await setup.predict([*references("red", 9), *references("blue", 5, "dislike")])
    assert prediction.joint_tastes == ()
    assert setup.model.calls["predict"] == 1


async def test_a_taste_weighs_as_much_as_its_evidence(setup: Setup) -> None:
    stated = references("red", 4, "reference_like")
    first, second = (await setup.predict([*stated, *references("green", 4)])).joint_tastes
    assert (first.share, second.share) == (0.5, 0.5)
    assert first.weight == pytest.approx(2 / 3, abs=1e-4)
    assert second.weight == pytest.approx(1 / 3, abs=1e-4)


async def test_a_taste_keeps_its_id_while_it_has_most_of_its_references(setup: Setup) -> None:
    before = (await setup.predict(TWO)).joint_tastes
    # The smaller taste grows and is now the first.
    more = [*TWO, *references("green", 9, day=1)[4:]]
    after = (await setup.predict(more, stored_profile(*before))).joint_tastes
    assert [colors(taste) for taste in after] == [["green"], ["red"]]
    assert [taste.taste_id for taste in after] == [before[1].taste_id, before[0].taste_id]


async def test_a_later_drift_leaves_no_joint_tastes(setup: Setup) -> None:
    later = references("green", 12, day=3)
    prediction = await setup.predict(
        [*references("red", 6), *later, *references("blue", 5, "dislike")]
    )
    assert [word.word for word in prediction.taste.preference.color] == ["green"]
    assert prediction.joint_tastes == ()


async def test_a_correction_acts_on_every_taste(setup: Setup) -> None:
    tastes = (await setup.predict(TWO)).joint_tastes
    corrections = StoredCorrections(
        tenant="default", user_id="ana", version=1, model_version="m", updated_at=NOON,
        entries=(
            Correction(side="preference", element=Element.COLOR, pinned=("gold",), vetoed=("red",)),
        ),
    )  # fmt: skip
    first, second = stored_profile(*tastes, corrections=corrections).tastes
    assert (colors(first), colors(second)) == (["gold"], ["gold", "green"])


BIRDS_AND_SHIPS = {"red": "bird", "green": "bird", "blue": "ship", "yellow": "ship"}


def alike_in_words(*, disliked_look: str = "red") -> tuple[Setup, list[Reference]]:
    """Likes of two subjects in the same words, and dislikes of a third in those of one look."""
    subjects = {**BIRDS_AND_SHIPS, **dict.fromkeys(COLORS[4:], "flower")}
    setup = Setup(EncodedImages(SubjectEncoder(subjects), InMemoryImageVectors()))
    liked = [
        described_reference(color, "like", number=n, **LOOKS["red"])
        for n in range(4)
        for color in BIRDS_AND_SHIPS
    ]
    disliked = [
        described_reference(color, "dislike", **LOOKS[disliked_look]) for color in COLORS[4:]
    ]
    return setup, [without_color(reference) for reference in (*liked, *disliked)]


def without_color(reference: Reference) -> Reference:
    """The reference, whose description does not name the color."""
    assert reference.description is not None
    words = tuple(entry for entry in reference.description.words if entry[0] != Element.COLOR)
    description = reference.description.model_copy(update={"words": words})
    return reference.model_copy(update={"description": description})


async def test_images_decide_where_the_words_separate_nothing() -> None:
    setup, shown = alike_in_words()
    tastes = (await setup.predict(shown)).joint_tastes
    assert [{*colors(taste)} for taste in tastes] == [{"red", "green"}, {"blue", "yellow"}]


async def test_images_do_not_decide_where_the_words_separate_likes_from_dislikes() -> None:
    setup, shown = alike_in_words(disliked_look="blue")
    assert (await setup.predict(shown)).joint_tastes == ()
