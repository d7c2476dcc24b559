"""The weights of a user follow the references, the clicks, and the images that were not chosen."""

import pytest

from shared.domain.taste import Element, Taste
from shared.domain.weights.weight_estimation import PRIOR_SUBJECT
from shared.store.protocol import Reference, Side
from tests.unit.services.profile.prediction.weight_setup import (
    ANA,
    MODEL,
    POPULATION,
    Setup,
    taste,
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


async def test_an_outage_of_the_store_leaves_the_weights_of_the_population() -> None:
    setup = Setup()
    references = await clicked_by_color(setup)
    setup.vectors.unavailable = "it restarts"
    weights = await setup.weights(references, taste(color="blue"), POPULATION)
    assert weights.ranking.color == pytest.approx((1 - PRIOR_SUBJECT) * 2.25 / 5, abs=1e-3)
    assert weights.subject is None
