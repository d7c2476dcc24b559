"""A profile states what its user goes by, from the first reference on."""

import pytest

from shared.domain.weights.weight_estimation import PRIOR_SUBJECT
from shared.embedding.images.encoded_images import EncodedImages
from tests.fakes.image_encoder import SubjectEncoder
from tests.fakes.stores import InMemoryImageVectors
from tests.unit.services.profile.service_on_fakes import ProfileSetup, feedback

SUBJECTS = dict.fromkeys(("orange", "pink", "yellow"), "bird") | dict.fromkeys(
    ("green", "navy", "black"), "flower"
)


class Setup:
    """The profile service with an image encoder."""

    def __init__(self) -> None:
        self.vectors = InMemoryImageVectors()
        self.encoder = SubjectEncoder(SUBJECTS)
        self.profile = ProfileSetup(encoded_images=EncodedImages(self.encoder, self.vectors))


@pytest.mark.parametrize("action", ["like", "dislike"])
async def test_one_reference_has_the_weights_of_all_users(action: str) -> None:
    setup = Setup()
    await setup.profile.process(feedback("pink", action))
    update = setup.profile.updates()[-1]
    assert update.ranking_weights is not None
    assert update.ranking_weights.subject == pytest.approx(PRIOR_SUBJECT, abs=1e-3)
    assert update.subject_weight is None
    assert (await setup.profile.stored()).ranking_weights == update.ranking_weights


async def test_references_that_differ_in_subject_give_the_subject_a_larger_share() -> None:
    setup = Setup()
    await setup.profile.process(
        *(feedback(color, at=n) for n, color in enumerate(("orange", "pink", "yellow"))),
        *(feedback(color, "dislike", at=n) for n, color in enumerate(("green", "navy", "black"))),
    )
    update = setup.profile.updates()[-1]
    assert update.ranking_weights is not None
    assert update.ranking_weights.subject > 0.9
    assert update.subject_weight is not None
    assert update.subject_weight.weight == update.ranking_weights.subject


async def test_all_references_of_one_side_may_go() -> None:
    setup = Setup()
    colors = ("orange", "pink", "yellow")
    await setup.profile.process(
        *(feedback(color, "dislike", at=n) for n, color in enumerate(colors))
    )
    await setup.profile.process(*(feedback(color, at=9 + n) for n, color in enumerate(colors)))
    update = setup.profile.updates()[-1]
    assert (update.evidence.liked, update.evidence.disliked) == (3, 0)
    assert update.ranking_weights is not None
    assert update.subject_weight is None


async def test_without_an_image_encoder_a_profile_has_no_weights() -> None:
    setup = ProfileSetup()
    await setup.process(feedback("pink"))
    assert setup.updates()[-1].ranking_weights is None
    assert "ranking_weights" not in setup.updates()[-1].model_dump_json()
