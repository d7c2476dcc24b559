"""A feed names the references that explain a score, from what is stored; no model is called."""

from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from shared.domain.errors import Unavailable
from shared.domain.joint_tastes import JointTaste
from shared.domain.taste import Element, TasteSide, WeightedWord
from shared.events import ItemEvidence
from shared.store.protocol import Reference, ReferenceDescription, Side
from tests.fakes.images import plain_image
from tests.unit.services.assessor.assessor import Assessor
from tests.unit.services.assessor.test_subject_scoring import ACTIONS, BIRDS, FLOWERS, Setup
from tests.unit.services.assessor.users import NOW, request, store_descriptions


def described(color: str, side: Side, *, number: int = 0, version: str = "colors-1") -> Reference:
    """A reference whose description names its color."""
    return Reference(
        image_id=f"{side}-{color}-{number}",
        uri=f"drawing:{color}",
        content_hash=plain_image(color, color).content_hash,
        side=side,
        action=ACTIONS[side],
        occurred_at=NOW,
        event_id=f"{side}-{color}-{number}",
        description=ReferenceDescription(model_version=version, words=((Element.COLOR, (color,)),)),
    )


REFERENCES = [
    *(described("red", "liked", number=n) for n in range(3)),
    described("pink", "liked"),
    described("blue", "disliked"),
]


async def evidence(
    assessor: Assessor, *colors: str, references: Sequence[Reference], **fields: object
) -> dict[str, ItemEvidence | None]:
    """Evidence by image id, for a user who likes red and dislikes blue."""
    await assessor.store_profile_of_ana(references=tuple(references))
    await store_descriptions(assessor.image_store, colors, assessor.embedder)
    feed = await assessor.feed(request(*colors, **fields))
    return {item.image_id: item.evidence for item in feed.items}


@pytest.fixture
async def assessor() -> AsyncIterator[Assessor]:
    assessor = Assessor()
    yield assessor
    await assessor.background_description.stop()


async def test_a_liked_word_names_the_likes_that_share_it(assessor: Assessor) -> None:
    red = (await evidence(assessor, "red", references=REFERENCES))["red"]
    assert red is not None
    assert red.text == "red, as in 3 of your 4 likes"
    assert [(r.image_id, r.side, r.shared_words) for r in red.supports] == [
        (f"liked-red-{n}", "liked", ("red",)) for n in range(3)
    ]
    assert [(w.element, w.word, w.confidence, w.shared_by) for w in red.words] == [
        ("color", "red", 1.0, 3)
    ]
    assert red.against == ()


async def test_a_disliked_word_and_a_missing_one_speak_against_an_image(assessor: Assessor) -> None:
    by_id = await evidence(assessor, "blue", "yellow", references=REFERENCES)
    blue, yellow = by_id["blue"], by_id["yellow"]
    assert blue is not None
    assert blue.text == "blue, as in the one that you dislike"
    assert [r.image_id for r in blue.against] == ["disliked-blue-0"]
    assert yellow is not None
    assert yellow.text == "yellow, and you like red"
    assert (yellow.supports, yellow.against) == ((), ())


@pytest.mark.parametrize(
    "references",
    [
        [],
        [
            described("red", "liked", version="another-model").model_copy(
                update={"content_hash": "of an image that this model has not described"}
            )
        ],
        [described("green", "liked", number=n) for n in range(3)],
        [described("red", "liked"), described("red", "disliked")],
    ],
    ids=["no references", "words of another model", "no shared word", "a word of both sides"],
)
async def test_without_data_nothing_is_claimed(
    assessor: Assessor, references: list[Reference]
) -> None:
    by_id = await evidence(assessor, "red", references=references)
    assert by_id == {"red": None}


async def test_evidence_is_limited_to_explained_images(assessor: Assessor) -> None:
    assert await evidence(assessor, "red", references=REFERENCES, explain="none") == {"red": None}


async def test_an_outage_of_the_store_leaves_a_feed_without_evidence(
    assessor: Assessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = [r.model_copy(update={"description": None}) for r in REFERENCES]
    await assessor.store_profile_of_ana(references=tuple(bare))
    calls = assessor.model.calls
    monkeypatch.setattr(assessor.image_store, "descriptions", _unavailable)
    feed = await assessor.feed(request("red"))
    assert (feed.status, feed.items[0].evidence) == ("ok", None)
    assert calls["describe"] == 0


async def _unavailable(**_: object) -> dict[str, object]:
    raise Unavailable("store", "it restarts")


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    setup = Setup()
    yield setup
    await setup.assessor.background_description.stop()


def store_similar_vectors(setup: Setup) -> None:
    """Vectors of birds and of flowers that differ among themselves, as those of pictures do."""
    rng = np.random.default_rng(11)
    for colors, direction in ((BIRDS, 0), (FLOWERS, 1)):
        for color in colors:
            vector = np.abs(rng.normal(0, 0.3, setup.encoder.dimension)).astype(np.float32)
            vector[direction] += 1
            content_hash = plain_image(color, color).content_hash
            setup.store.by_hash[content_hash] = vector / np.linalg.norm(vector)


async def test_a_feed_by_subject_names_references_with_their_effect(setup: Setup) -> None:
    await setup.store_profile(0.95)
    store_similar_vectors(setup)
    feed = await setup.assessor.feed(request("red", "blue"))
    by_id = {item.image_id: item for item in feed.items}
    red, blue = by_id["red"].evidence, by_id["blue"].evidence
    assert red is not None
    assert blue is not None
    assert red.text.startswith("resembles ")
    assert red.supports
    assert all(r.side == "liked" and (r.effect or 0) > 0 for r in red.supports)
    assert blue.against
    assert all(r.side == "disliked" and (r.effect or 0) < 0 for r in blue.against)
    assert setup.assessor.model.calls["describe"] == 0


async def test_an_image_of_a_joint_taste_resembles_likes_of_this_taste_alone(setup: Setup) -> None:
    await setup.store_profile(0.95)
    store_similar_vectors(setup)
    stored = await setup.assessor.profiles.get(tenant="default", user_id="ana")
    assert stored is not None
    likes = [reference.image_id for reference in stored.references if reference.side == "liked"]
    tastes = tuple(
        JointTaste(
            taste_id=f"taste-{number}",
            preference=TasteSide(color=(WeightedWord(word=word, weight=1),)),
            non_preference=TasteSide(),
            reference_ids=tuple(ids),
            share=0.5,
            weight=0.5,
        )
        for number, (word, ids) in enumerate((("red", likes[:2]), ("white", likes[2:])))
    )
    await setup.assessor.store_profile_of_ana(
        references=stored.references,
        subject_weight=stored.subject_weight,
        predicted_tastes=tastes,
    )
    feed = await setup.assessor.feed(request("red"))
    (item,) = feed.items
    assert item.evidence is not None
    assert {r.image_id for r in item.evidence.supports} <= set(likes[:2])
    assert "of your 3 likes" in item.evidence.text
