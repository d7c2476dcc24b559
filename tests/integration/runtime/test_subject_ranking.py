"""Real photographs are ranked by what they show, with the shipped model and the real encoder."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from PIL import Image
from skimage import data

from services.profile.prediction.unchosen_images import UnchosenImageReader
from services.profile.prediction.weight_evidence import PredictedTastes, WeightEvidence
from shared.domain.taste import Taste
from shared.domain.user import User
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.weight_estimation import PRIOR_SUBJECT
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.images.tenant_images import TenantImages
from shared.prompting.prediction_voting import taste_by_vote
from shared.store.protocol import Reference, ReferenceDescription, Side
from shared.vlm.engine.batching_engine import BatchingEngine, load_model
from shared.vlm.protocol import References
from shared.vlm.settings import ModelSettings
from tests.fakes.stores import InMemoryImages, InMemoryImageVectors

pytestmark = pytest.mark.model
SIDE = 220


@pytest.fixture(scope="module")
def model() -> Iterator[BatchingEngine]:
    model = load_model(ModelSettings())
    yield model
    model.close()


@pytest.fixture(scope="module")
def encoder() -> Iterator[PretrainedEncoder]:
    encoder = PretrainedEncoder()
    yield encoder
    encoder.close()


def crops(name: str) -> list[Image.Image]:
    """Overlapping parts of one photograph of the scikit-image package."""
    photograph = Image.fromarray(getattr(data, name)())
    width, height = photograph.size
    return [
        photograph.crop((left, top, left + SIDE, top + SIDE))
        for top in (0, (height - SIDE) // 2, height - SIDE)
        for left in (0, (width - SIDE) // 3, 2 * (width - SIDE) // 3, width - SIDE)
    ]


def reference(side: Side, number: int) -> Reference:
    return Reference(
        image_id=f"{side}-{number}", uri="drawing:x", content_hash=f"{side}-{number}", side=side,
        action="like" if side == "liked" else "dislike", event_id=f"{side}-{number}",
        occurred_at=datetime(2026, 1, 31, tzinfo=UTC),
    )  # fmt: skip


async def scores(
    model: BatchingEngine, encoder: PretrainedEncoder, liked: str, disliked: str
) -> tuple[float, Sequence[float], Sequence[float]]:
    """The share of the subject, and the subject scores of new crops of both photographs."""
    encoded = EncodedImages(encoder, InMemoryImageVectors())
    images = {"liked": crops(liked), "disliked": crops(disliked)}
    sides: tuple[Side, Side] = ("liked", "disliked")
    references = [(reference(side, n), images[side][n]) for side in sides for n in range(0, 12, 2)]
    taste = taste_by_vote(
        await model.predict(
            [References(tuple(images["liked"][::2][:5]), tuple(images["disliked"][::2][:5]))]
        )
    )
    weights = await weights_of(encoded, references, taste, model)
    stored = await encoded.references([reference for reference, _ in references])
    new = {side: await encoder.encode(images[side][1::2]) for side in sides}
    return weights.subject, list(stored.scores(new["liked"])), list(stored.scores(new["disliked"]))


async def weights_of(
    encoded: EncodedImages,
    references: Sequence[tuple[Reference, Image.Image]],
    taste: Taste,
    model: BatchingEngine,
) -> RankingWeights:
    """What a user with these references goes by, as the profile service measures it."""
    described = await model.describe([pixels for _, pixels in references])
    with_words = [
        reference.model_copy(
            update={
                "description": ReferenceDescription(
                    model_version=model.model_version, words=tuple(description.words.items())
                )
            }
        )
        for (reference, _), description in zip(references, described, strict=True)
    ]
    store = InMemoryImages()
    evidence = WeightEvidence(
        encoded,
        TenantImages(encoded, store),
        UnchosenImageReader(store, None, references_per_side=40),
    )
    weights = await evidence.weights(
        User("default", "ana"),
        with_words,
        {reference.content_hash: pixels for reference, pixels in references},
        PredictedTastes([taste]),
        population=model.element_weights,
        model_version=model.model_version,
    )
    return weights.ranking


@pytest.mark.parametrize(("liked", "disliked"), [("chelsea", "coffee"), ("coffee", "astronaut")])
def test_new_pictures_of_the_liked_subject_score_higher(
    model: BatchingEngine, encoder: PretrainedEncoder, liked: str, disliked: str
) -> None:
    subject, better, worse = asyncio.run(scores(model, encoder, liked, disliked))
    assert 0 <= subject <= 1
    right = sum(high > low for high in better for low in worse)
    assert right >= 0.9 * len(better) * len(worse)


def test_likes_alone_have_the_weights_of_all_users(
    model: BatchingEngine, encoder: PretrainedEncoder
) -> None:
    async def run() -> RankingWeights:
        encoded = EncodedImages(encoder, InMemoryImageVectors())
        images = [(reference("liked", n), crop) for n, crop in enumerate(crops("chelsea")[:3])]
        return await weights_of(encoded, images, taste_by_vote([]), model)

    assert asyncio.run(run()).subject == pytest.approx(PRIOR_SUBJECT, abs=1e-3)
