"""The share of the subject follows what a user chose and passed over in feeds."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from services.profile.prediction.weight_evidence import Weights
from shared.domain.taste import Taste
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, Side
from tests.unit.services.profile.prediction.weight_setup import (
    ANA,
    MODEL,
    NOW,
    POPULATION,
    Setup,
    taste,
)

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
