"""The weights of a user follow the references, the clicks, and the images that were not chosen."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from services.profile.prediction.unchosen_images import UnchosenImageReader
from services.profile.prediction.weight_evidence import PredictedTastes, WeightEvidence, Weights
from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.domain.user import User
from shared.domain.weights.weight_estimation import PRIOR_SUBJECT
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.tenant_images import TenantImages
from shared.events.types.feedback import Action
from shared.store.protocol import Impressions, Reference, ReferenceDescription, Side
from tests.contract.store.stores import described, known
from tests.fakes.image_encoder import SubjectEncoder
from tests.fakes.stores import InMemoryImages, InMemoryImageVectors, InMemoryImpressions

ANA = User("default", "ana")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = "m-1"
SUBJECTS = {"red": "bird", "green": "flower", "blue": "car"}
POPULATION = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)
ACTIONS: Mapping[Side, Action] = {"liked": "click", "disliked": "dislike"}


def taste(**liked: str) -> Taste:
    words = {element: (WeightedWord(word=word, weight=1),) for element, word in liked.items()}
    return Taste(preference=TasteSide.model_validate(words))


class Setup:
    """Stores with the words and the vectors of images."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(3)
        self.vectors = InMemoryImageVectors()
        self.images = InMemoryImages()
        self.impressions = InMemoryImpressions()
        encoded = EncodedImages(SubjectEncoder(SUBJECTS), self.vectors)
        self.evidence = WeightEvidence(
            encoded,
            TenantImages(encoded, self.images),
            self.unchosen_images(),
        )

    def unchosen_images(self, *, references_per_side: int = 40) -> UnchosenImageReader:
        return UnchosenImageReader(
            self.images, self.impressions, references_per_side=references_per_side
        )

    def reference(
        self, side: Side, name: str, *, subject: int, action: Action | None = None, **words: str
    ) -> Reference:
        """A reference with these words, near the axis of its subject."""
        self.vectors.by_hash[name] = self.vector(subject)
        return Reference(
            image_id=name, uri=f"drawing:{name}", content_hash=name, side=side,
            action=action or ACTIONS[side], occurred_at=NOW, event_id=name,
            description=ReferenceDescription(
                model_version=MODEL,
                words=tuple((Element(element), (word,)) for element, word in words.items()),
            ),
        )  # fmt: skip

    def vector(self, subject: int) -> np.ndarray:
        vector = 0.3 * self.rng.random(13).astype(np.float32)
        vector[subject] += 1
        return vector / np.linalg.norm(vector)

    async def add_image(self, name: str, *, subject: int | None = None, **words: str) -> None:
        """An image of the tenant, described, and encoded where it has a subject."""
        image = known(name).model_copy(update={"content_hash": name, "tenant": ANA.tenant})
        await self.images.remember([image])
        await self.images.describe([await described(name, MODEL, **words)])
        if subject is not None:
            self.vectors.by_hash[name] = self.vector(subject)

    async def view(self, names: Sequence[str]) -> None:
        seen_at = {name: NOW + timedelta(seconds=n) for n, name in enumerate(names)}
        empty = Impressions(tenant=ANA.tenant, user_id=ANA.user_id, seen_at={})
        await self.impressions.put(empty.with_impressions(seen_at, limit=1_000, viewed=names))

    async def weights(
        self,
        references: Sequence[Reference],
        of: Taste,
        population: ElementWeights = EQUAL_WEIGHTS,
    ) -> Weights:
        return await self.evidence.weights(
            ANA, references, {}, PredictedTastes([of]), population=population, model_version=MODEL
        )


async def test_a_user_whose_references_differ_in_subject_alone_goes_by_the_subject() -> None:
    setup = Setup()
    same = {"color": "blue", "detail": "busy"}
    references = [setup.reference("liked", f"l{n}", subject=0, **same) for n in range(5)]
    references += [setup.reference("disliked", f"d{n}", subject=1, **same) for n in range(5)]
    weights = await setup.weights(references, taste(color="blue", detail="busy"))
    assert weights.ranking.subject > 0.95
    assert weights.subject is not None
    assert weights.subject.weight == weights.ranking.subject
    assert weights.subject.subject_separation > 3 > abs(weights.subject.look_separation)


async def test_a_user_whose_references_share_the_subject_goes_by_the_look() -> None:
    setup = Setup()
    muted = {"color": "blue", "saturation": "muted", "detail": "busy"}
    vivid = {"color": "red", "saturation": "vivid", "detail": "busy"}
    references = [setup.reference("liked", f"l{n}", subject=0, **muted) for n in range(5)]
    references += [setup.reference("disliked", f"d{n}", subject=0, **vivid) for n in range(5)]
    weights = await setup.weights(references, taste(color="blue", saturation="muted"))
    assert weights.ranking.subject < PRIOR_SUBJECT


@pytest.mark.parametrize("side", ["liked", "disliked"])
async def test_one_reference_has_the_weights_of_all_users(side: Side) -> None:
    setup = Setup()
    one = setup.reference(side, "one", subject=0, color="blue")
    weights = (await setup.weights([one], taste(color="blue"), POPULATION)).ranking
    assert weights.subject == pytest.approx(PRIOR_SUBJECT, abs=1e-3)
    assert weights.color == pytest.approx(0.6 * 2.25 / 5, abs=1e-3)
    assert (await setup.weights([], Taste(), POPULATION)).ranking == weights


@pytest.mark.parametrize("side", ["liked", "disliked"])
async def test_one_side_alone_is_compared_with_other_images_of_the_tenant(side: Side) -> None:
    setup = Setup()
    for n in range(24):
        words = {"color": f"tone{n % 6}", "detail": f"level{n % 5}"}
        await setup.add_image(f"other {n}", subject=1 + n % 3, **words)
    birds = [
        setup.reference(side, f"r{n}", subject=0, color=f"tone{n % 6}", detail=f"level{n % 5}")
        for n in range(8)
    ]
    by_subject = (await setup.weights(birds, taste(color="tone0"))).ranking.subject
    assert by_subject > PRIOR_SUBJECT + 0.2
    blue = [
        setup.reference(side, f"b{n}", subject=1 + n % 3, color="tone1", detail="level1")
        for n in range(8)
    ]
    liked = taste(color="tone1", detail="level1")
    if side == "disliked":
        liked = Taste(non_preference=liked.preference)
    by_look = (await setup.weights(blue, liked)).ranking.subject
    assert by_look < PRIOR_SUBJECT - 0.1


async def clicked_by_color(setup: Setup) -> list[Reference]:
    """Twelve clicks on blue images of every detail, among as many views of others."""
    details = ("busy", "plain", "fine")
    references = [
        setup.reference("liked", f"c{n}", subject=n % 3, color="blue", detail=details[n % 3])
        for n in range(12)
    ]
    for n in range(12):
        await setup.add_image(f"v{n}", color="red", detail=details[n % 3])
    return references


async def test_an_element_that_separates_clicked_from_viewed_images_weighs_more() -> None:
    setup = Setup()
    references = await clicked_by_color(setup)
    await setup.view([f"v{n}" for n in range(12)])
    weights = (await setup.weights(references, taste(color="blue", detail="busy"))).ranking
    assert weights.color > 1.2 * weights.detail
    # Nothing is known about the other elements: they have equal weights.
    assert weights.medium == weights.art_style == weights.saturation


async def test_without_views_the_catalog_stands_for_images_that_were_not_chosen() -> None:
    setup = Setup()
    references = await clicked_by_color(setup)
    weights = (await setup.weights(references, taste(color="blue", detail="busy"))).ranking
    assert weights.color > 1.1 * weights.detail


async def test_images_that_were_chosen_are_no_negatives() -> None:
    setup = Setup()
    references = await clicked_by_color(setup)
    for reference in references:
        await setup.add_image(reference.content_hash, color="blue", detail="busy")
    await setup.view([*(f"v{n}" for n in range(12)), *(r.image_id for r in references)])
    unchosen = await setup.unchosen_images().read(ANA, references, model_version=MODEL)
    assert unchosen.were_viewed
    assert [words[Element.COLOR] for words in unchosen.words.values()] == [("red",)] * 12


STATED: Mapping[Side, Action] = {"liked": "reference_like", "disliked": "reference_dislike"}


def stated(setup: Setup) -> list[Reference]:
    """Five blue images of subject 0 against five red ones of subject 1: both tell them apart."""
    return [
        setup.reference(side, f"{side}{n}", subject=subject, action=STATED[side], color=color)
        for side, subject, color in (("liked", 0, "blue"), ("disliked", 1, "red"))
        for n in range(5)
    ]  # fmt: skip


BLUE_NOT_RED = Taste(
    preference=taste(color="blue").preference, non_preference=taste(color="red").preference
)


async def after_feeds(
    setup: Setup,
    *,
    chosen: Sequence[tuple[int, str]] = (),
    passed: Sequence[tuple[int, str]] = (),
    refused: Sequence[tuple[int, str]] = (),
    first: Sequence[Reference] | None = None,
    were_viewed: bool = True,
) -> Weights:
    """The weights after choices and views of images with these subjects and colors.

    `first` are the references without feeds; `were_viewed`: whether a feed showed the others.
    """
    references = list(stated(setup) if first is None else first)
    for n, (subject, color) in enumerate(passed):
        await setup.add_image(f"p{n}", subject=subject, color=color)
    sides: tuple[tuple[Side, Sequence[tuple[int, str]]], ...]
    sides = ("liked", chosen), ("disliked", refused)
    feedback = []
    for side, shown in sides:
        for n, (subject, color) in enumerate(shown):
            feedback.append(setup.reference(side, f"f{side}{n}", subject=subject, color=color))
            await setup.add_image(f"f{side}{n}", color=color)
    names = [reference.image_id for reference in feedback] if were_viewed else []
    await setup.view([*names, *(f"p{n}" for n in range(len(passed)))])
    return await setup.weights([*references, *feedback], BLUE_NOT_RED)


BLUE, RED = [(0, "blue")] * 12, [(0, "red")] * 12


async def test_clicks_among_images_of_one_subject_do_not_confirm_the_subject() -> None:
    before = (await (setup := Setup()).weights(stated(setup), taste(color="blue"))).ranking.subject
    weights = await after_feeds(Setup(), chosen=BLUE, passed=RED)
    assert weights.ranking.subject < before - 0.05
    assert weights.subject is not None
    assert weights.subject.weight == weights.ranking.subject


async def test_clicks_that_follow_the_subject_raise_its_share() -> None:
    colors = ("blue", "red")
    by_subject = await after_feeds(
        Setup(),
        chosen=[(0, colors[n % 2]) for n in range(12)],
        passed=[(1, colors[n % 2]) for n in range(12)],
    )
    by_color = await after_feeds(
        Setup(),
        chosen=[(n % 2, "blue") for n in range(12)],
        passed=[(n % 2, "red") for n in range(12)],
    )
    assert by_subject.ranking.subject > by_color.ranking.subject + 0.1


async def test_dislikes_in_feeds_move_it_too() -> None:
    by_look = await after_feeds(Setup(), chosen=BLUE, passed=BLUE[:8], refused=RED)
    by_subject = await after_feeds(
        Setup(), chosen=BLUE, passed=BLUE[:8], refused=[(1, "blue")] * 12
    )
    assert by_look.ranking.subject < by_subject.ranking.subject - 0.02


async def test_feedback_on_images_that_no_feed_showed_leaves_the_share() -> None:
    nothing = await after_feeds(Setup(), passed=RED)
    elsewhere = await after_feeds(Setup(), passed=RED, chosen=BLUE, were_viewed=False)
    shown = await after_feeds(Setup(), passed=RED, chosen=BLUE)
    assert shown.ranking.subject < nothing.ranking.subject - 0.05
    assert elsewhere.ranking.subject == pytest.approx(nothing.ranking.subject, abs=0.02)


@pytest.mark.parametrize(("statements", "views"), [(2, 12), (5, 7)])
async def test_a_few_statements_or_views_keep_the_share_by_all_references(
    statements: int, views: int
) -> None:
    shares = []
    for passed in (RED, [(1, "red")] * 12):
        setup = Setup()
        few = [r for r in stated(setup) if int(r.image_id[-1]) < statements]
        weights = await after_feeds(setup, first=few, chosen=BLUE, passed=passed[:views])
        shares.append(weights.ranking.subject)
    # Clicks count as likes, whatever was passed over.
    assert shares[0] == pytest.approx(shares[1], abs=0.001)


async def test_elements_keep_their_proportions_also_where_statements_are_of_one_subject() -> None:
    def by_subject(setup: Setup) -> list[Reference]:
        return [
            setup.reference(side, f"{side}{n}", subject=subject, action=STATED[side])
            for side, subject in (("liked", 0), ("disliked", 1))
            for n in range(20)
        ]

    setup = Setup()
    first = by_subject(setup)
    before = await setup.weights(first, BLUE_NOT_RED, POPULATION)
    assert before.ranking.subject > 0.99
    weights = await after_feeds(setup, first=first, chosen=BLUE, passed=RED)
    assert weights.ranking.subject < 0.97
    assert weights.ranking.color > 2 * weights.ranking.medium


async def test_images_whose_like_was_dropped_from_a_full_side_are_not_passed_over() -> None:
    setup = Setup()
    names = [f"v{n}" for n in range(24)]
    for name in names:
        await setup.add_image(name, color="blue")
    await setup.view(names)
    clicks = [
        setup.reference("liked", name, subject=0, color="blue").model_copy(
            update={"occurred_at": NOW + timedelta(seconds=n)}
        )
        for n, name in enumerate(names[:12])
    ]
    kept = clicks[4:]
    unchosen = await setup.unchosen_images(references_per_side=8).read(
        ANA, kept, model_version=MODEL
    )
    assert set(unchosen.words) == set(names[12:])
    assert unchosen.viewed == set(names[4:])


async def test_a_reference_without_a_vector_does_not_stop_the_choices_from_counting() -> None:
    setup = Setup()
    whole = await after_feeds(setup, chosen=BLUE, passed=RED)
    references = [
        *stated(setup),
        *(setup.reference("liked", f"fliked{n}", subject=0, color="blue") for n in range(12)),
    ]
    del setup.vectors.by_hash["fliked3"], setup.vectors.by_hash["p4"]
    part = await setup.weights(references, BLUE_NOT_RED)
    assert part.ranking.subject == pytest.approx(whole.ranking.subject, abs=0.1)


async def test_an_outage_of_the_store_leaves_the_weights_of_the_population() -> None:
    setup = Setup()
    references = await clicked_by_color(setup)
    setup.vectors.unavailable = "it restarts"
    weights = await setup.weights(references, taste(color="blue"), POPULATION)
    assert weights.ranking.color == pytest.approx((1 - PRIOR_SUBJECT) * 2.25 / 5, abs=1e-3)
    assert weights.subject is None
