"""The subject counts in a feed with the weight that the user's references give it."""

from collections.abc import AsyncIterator

import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import Taste
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.subject_weight import SubjectWeight
from shared.embedding.images.encoded_images import EncodedImages
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, Side
from tests.fakes.image_encoder import SubjectEncoder
from tests.fakes.images import plain_image
from tests.fakes.stores import InMemoryImageVectors
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.users import NOW, request, store_descriptions

BIRDS, FLOWERS = ("orange", "pink", "yellow", "red"), ("green", "navy", "black", "blue")
SUBJECTS = dict.fromkeys(BIRDS, "bird") | dict.fromkeys(FLOWERS, "flower")
ACTIONS: dict[Side, Action] = {"liked": "like", "disliked": "dislike"}


class Setup:
    """An assessor that ranks by subject, and the references of its user."""

    def __init__(self) -> None:
        self.store = InMemoryImageVectors()
        self.encoder = SubjectEncoder(SUBJECTS)
        self.encoded_images = EncodedImages(self.encoder, self.store)
        self.assessor = Assessor(encoded_images=self.encoded_images)

    async def store_profile(
        self,
        weight: float | None,
        *,
        references: int = 3,
        dislikes: int | None = None,
        weights: RankingWeights | None = None,
        taste: Taste | None = None,
    ) -> None:
        """A user with liked birds and disliked flowers, whose taste likes red and dislikes blue."""
        sides: dict[Side, tuple[str, ...]] = {"liked": BIRDS, "disliked": FLOWERS}
        images = [
            (side, plain_image(color, color))
            for side, colors in sides.items()
            for color in colors[: references if side == "liked" or dislikes is None else dislikes]
        ]
        await self.encoded_images.vectors({i.content_hash: i.pixels for _, i in images})
        self.encoder.encoded.clear()
        await self.assessor.store_profile_of_ana(
            taste=taste,
            subject_weight=None
            if weight is None
            else SubjectWeight(weight=weight, subject_separation=4, look_separation=1),
            ranking_weights=weights,
            references=tuple(
                Reference(
                    image_id=image.uri,
                    uri=f"drawing:{image.uri}",
                    content_hash=image.content_hash,
                    side=side,
                    action=ACTIONS[side],
                    occurred_at=NOW,
                    event_id=image.uri,
                )
                for side, image in images
            ),
        )


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    setup = Setup()
    yield setup
    await setup.assessor.background_description.stop()


async def test_a_user_who_goes_by_the_subject_is_ranked_by_it(setup: Setup) -> None:
    await setup.store_profile(0.9)
    # By look alone red is best and blue is worst; yellow and black are neutral.
    feed = await setup.assessor.feed(request("black", "yellow", "blue", "red"))
    assert image_ids(feed) == ["red", "yellow", "black", "blue"]
    assert feed.subject_weight == 0.9
    for item in feed.items:
        assert item.score is not None
        assert item.subject is not None
        assert (item.subject > 2.5) is (item.image_id in BIRDS)
        assert item.score_total == pytest.approx(
            0.1 * item.score + 0.9 * 5 * item.subject, abs=1e-3
        )


async def test_a_user_without_a_word_is_ranked_by_the_subject(setup: Setup) -> None:
    """References of pictures whose looks have no sure word in common."""
    await setup.store_profile(0.9, taste=Taste())
    feed = await setup.assessor.feed(request("black", "yellow", "blue", "red"))
    assert set(image_ids(feed)[:2]) == {"yellow", "red"}
    assert feed.status == "ok"
    assert all(item.score_total is not None for item in feed.items)


async def test_a_user_who_goes_by_the_look_is_ranked_by_it(setup: Setup) -> None:
    await setup.store_profile(0.02)
    feed = await setup.assessor.feed(request("yellow", "blue", "red"))
    assert image_ids(feed) == ["red", "yellow", "blue"]
    assert [item.score for item in feed.items] == [25.0, 10.0, 0.0]


async def test_each_candidate_is_encoded_once(setup: Setup) -> None:
    await setup.store_profile(0.5)
    await setup.assessor.feed(request("blue", "red", "yellow"))
    assert sorted(setup.encoder.encoded) == ["blue", "red"]  # yellow is a reference
    await setup.assessor.feed(request("blue", "red", "yellow", request_id="r-2"))
    assert sorted(setup.encoder.encoded) == ["blue", "red"]


async def test_without_weights_the_look_alone_counts(setup: Setup) -> None:
    await setup.store_profile(None)
    feed = await setup.assessor.feed(request("yellow", "red"))
    assert feed.subject_weight is None
    assert feed.ranking_weights is None
    assert all(item.subject is item.score_total is None for item in feed.items)
    assert all("subject" not in item.model_dump_json() for item in feed.items)


async def test_the_total_is_the_sum_of_the_six_scores_with_the_weights_of_the_user(
    setup: Setup,
) -> None:
    weights = RankingWeights(
        art_style=0.0, color=0.7, medium=0.0, saturation=0.0, detail=0.0, subject=0.3
    )
    await setup.store_profile(0.3, weights=weights)
    feed = await setup.assessor.feed(request("black", "yellow", "blue", "red"))
    assert feed.ranking_weights == weights
    for item in feed.items:
        assert item.elements is not None
        assert item.subject is not None
        expected = 5 * (0.7 * item.elements.color.score + 0.3 * item.subject)
        assert item.score_total == pytest.approx(expected, abs=1e-3)
    # The five-element assessment stays as it is: red is liked in one of five elements.
    assert {item.image_id: item.score for item in feed.items}["red"] == 25.0


@pytest.mark.parametrize(("likes", "dislikes"), [(1, 0), (0, 1), (4, 0), (1, 1)])
async def test_a_user_with_few_references_or_one_side_is_ranked_by_subject_too(
    setup: Setup, likes: int, dislikes: int
) -> None:
    await setup.store_profile(0.95, references=likes, dislikes=dislikes)
    slate = request("black", "yellow", "navy", "pink", "green", "orange")
    feed = await setup.assessor.feed(slate)
    assert feed.subject_weight == 0.95
    birds_first = [item.image_id in BIRDS for item in feed.items]
    assert birds_first == sorted(birds_first, reverse=True)


async def test_one_like_moves_the_next_feed(setup: Setup) -> None:
    # The taste is of another color than all images, so that the look says nothing.
    slate = ("black", "yellow", "navy", "pink")
    weights = RankingWeights.of(EQUAL_WEIGHTS, subject=0.4)
    await setup.store_profile(0.4, references=1, dislikes=0, weights=weights)
    feed = await setup.assessor.feed(request(*slate))
    assert set(image_ids(feed)[:2]) == {"yellow", "pink"}


async def test_references_without_vectors_leave_the_look_alone(setup: Setup) -> None:
    await setup.store_profile(0.9)
    setup.store.by_hash.clear()
    feed = await setup.assessor.feed(request("yellow", "red"))
    assert feed.ranking_weights is None


async def test_an_outage_of_the_store_leaves_a_feed_by_the_look(setup: Setup) -> None:
    await setup.store_profile(0.9)
    setup.store.unavailable = "it restarts"
    feed = await setup.assessor.feed(request("blue", "yellow", "red"))
    assert (feed.status, feed.subject_weight) == ("ok", None)
    assert image_ids(feed) == ["red", "yellow", "blue"]


async def test_without_the_model_new_images_are_ranked_by_their_resemblance_to_the_references(
    setup: Setup,
) -> None:
    await setup.store_profile(0.9)
    setup.assessor.model.unavailable["score"] = "out of memory"
    feed = await setup.assessor.feed(request("black", "yellow", "blue", "red"))
    assert set(image_ids(feed)[:2]) == {"yellow", "red"}
    assert feed.status == "degraded"
    assert feed.degraded_reason == (
        "the model is unavailable: out of memory; 0 images were ranked by their stored"
        " descriptions, 4 by their resemblance to the references"
    )
    for item in feed.items:
        assert item.score is item.elements is None
        assert item.tier == "embedding"
        assert item.score_total == pytest.approx(5 * (item.subject or 0))


async def test_without_the_model_one_like_ranks_new_images(setup: Setup) -> None:
    await setup.store_profile(0.4, references=1, dislikes=0)
    setup.assessor.model.unavailable["score"] = "out of memory"
    feed = await setup.assessor.feed(request("black", "yellow", "blue", "red"))
    assert set(image_ids(feed)[:2]) == {"yellow", "red"}


async def test_without_the_model_described_images_keep_their_six_scores(setup: Setup) -> None:
    await setup.store_profile(0.5)
    await store_descriptions(setup.assessor.image_store, ["red"], setup.assessor.embedder)
    setup.assessor.model.unavailable["score"] = "out of memory"
    feed = await setup.assessor.feed(request("black", "yellow", "red"))
    by_id = {item.image_id: item for item in feed.items}
    assert by_id["red"].score is not None
    assert by_id["yellow"].score is None
    assert image_ids(feed)[-1] == "black"
    assert feed.degraded_reason is not None
    assert "1 images were ranked by their stored descriptions, 2 by" in feed.degraded_reason
