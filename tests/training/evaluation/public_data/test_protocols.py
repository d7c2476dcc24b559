"""Properties of the protocols: no leak, the margin, and no effect of the order of rows."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from training.evaluation.benchmark.public_data.cases.from_choices import cases_of_choices
from training.evaluation.benchmark.public_data.cases.from_ratings import cases_of_ratings
from training.evaluation.benchmark.public_data.cases.protocol import Protocol
from training.evaluation.benchmark.public_data.values import (
    Choice,
    Place,
    Rating,
    UserCases,
)
from training.evaluation.benchmark.public_data.writing.left_out import LeftOut

SCORES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 5)), min_size=1, max_size=80)
CHOICES = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 14), st.integers(0, 8), st.integers(0, 3)),
    min_size=1, max_size=50,
)  # fmt: skip
PROTOCOLS = st.builds(
    Protocol,
    references=st.integers(1, 4), pairs=st.integers(1, 12), seed=st.integers(0, 3),
    margin=st.sampled_from([1.0, 2.0, 3.0]), judged_share=st.sampled_from([0.2, 0.5, 0.7]),
)  # fmt: skip


def ratings_of(scores: list[tuple[int, int]]) -> list[Rating]:
    return [
        Rating("ada", f"i{image}", score, Place("f", n)) for n, (image, score) in enumerate(scores)
    ]


def choices_of(rows: list[tuple[int, int, int, int]]) -> list[Choice]:
    return [
        Choice("ada", f"i{better}", f"i{worse}", f"p{prompt}", f"t{at}", Place("f", n))
        for n, (better, worse, prompt, at) in enumerate(rows)
        if better != worse
    ]


def without_leak(cases: UserCases) -> bool:
    judged = {image for pair in cases.pairs for image in (pair.better, pair.worse)}
    references = [*cases.liked, *cases.disliked]
    return not judged & set(references) and len(set(references)) == len(references)


@settings(max_examples=100, deadline=None)
@given(SCORES, PROTOCOLS)
def test_ratings_give_pairs_with_the_margin_and_no_image_twice(
    scores: list[tuple[int, int]], protocol: Protocol
) -> None:
    by_image: dict[str, set[int]] = {}
    for image, score in scores:
        by_image.setdefault(f"i{image}", set()).add(score)
    cases = cases_of_ratings("ada", ratings_of(scores), protocol, LeftOut())
    if not isinstance(cases, UserCases):
        assert cases.reason in ("too_few_references", "too_few_pairs")
        return
    assert without_leak(cases)
    assert all(len(by_image[image]) == 1 for image in cases.images)
    score_of = {image: max(values) for image, values in by_image.items()}
    assert 1 <= len(cases.pairs) <= protocol.pairs
    for pair in cases.pairs:
        assert score_of[pair.better] - score_of[pair.worse] >= protocol.margin
    judged = [image for pair in cases.pairs for image in (pair.better, pair.worse)]
    assert len(set(judged)) == len(judged)
    assert min(len(cases.liked), len(cases.disliked)) >= protocol.references
    least_liked = min(score_of[image] for image in cases.liked)
    assert least_liked - max(score_of[i] for i in cases.disliked) >= protocol.margin


@settings(max_examples=60, deadline=None)
@given(SCORES, PROTOCOLS, st.randoms(use_true_random=False))
def test_the_order_of_ratings_does_not_matter(
    scores: list[tuple[int, int]], protocol: Protocol, rng: random.Random
) -> None:
    ratings = ratings_of(scores)
    again = list(ratings)
    rng.shuffle(again)
    first, second = LeftOut(), LeftOut()
    assert cases_of_ratings("ada", ratings, protocol, first) == cases_of_ratings(
        "ada", again, protocol, second
    )
    assert first.rows == second.rows


@settings(max_examples=100, deadline=None)
@given(CHOICES, PROTOCOLS)
def test_choices_give_pairs_without_images_of_the_references(
    rows: list[tuple[int, int, int, int]], protocol: Protocol
) -> None:
    choices = choices_of(rows)
    cases = cases_of_choices("ada", choices, protocol, LeftOut())
    if not isinstance(cases, UserCases):
        assert cases.reason == "too_few_references"
        return
    assert without_leak(cases)
    assert min(len(cases.liked), len(cases.disliked)) >= protocol.references
    assert 1 <= len(cases.pairs) <= protocol.pairs
    answers = {(choice.better, choice.worse) for choice in choices}
    for pair in cases.pairs:
        assert (pair.better, pair.worse) in answers
        assert (pair.worse, pair.better) not in answers


def test_a_prompt_is_never_on_both_sides() -> None:
    rows = [(10 * k + n, 10 * k + 5 + n, k, k) for k in range(8) for n in range(3)]
    choices = choices_of(rows)
    cases = cases_of_choices("ada", choices, Protocol(references=4), LeftOut())
    assert isinstance(cases, UserCases)
    prompt_of = {image: c.prompt for c in choices for image in (c.better, c.worse)}
    judged = {prompt_of[pair.better] for pair in cases.pairs}
    assert judged == {"p4", "p5", "p6", "p7"}  # the later half
    assert not judged & {prompt_of[image] for image in (*cases.liked, *cases.disliked)}


@settings(max_examples=60, deadline=None)
@given(CHOICES, PROTOCOLS, st.randoms(use_true_random=False))
def test_the_order_of_choices_does_not_matter(
    rows: list[tuple[int, int, int, int]], protocol: Protocol, rng: random.Random
) -> None:
    choices = choices_of(rows)
    again = list(choices)
    rng.shuffle(again)
    assert cases_of_choices("ada", choices, protocol, LeftOut()) == cases_of_choices(
        "ada", again, protocol, LeftOut()
    )


def test_users_with_clear_scores_get_all_their_references_and_pairs() -> None:
    scores = [(n, 5 if n < 20 else 1) for n in range(40)]
    cases = cases_of_ratings("ada", ratings_of(scores), Protocol(), LeftOut())
    assert isinstance(cases, UserCases)
    assert (len(cases.liked), len(cases.disliked), len(cases.pairs)) == (8, 8, 10)


def test_another_seed_gives_other_cases() -> None:
    scores = [(n, 5 if n < 20 else 1) for n in range(40)]
    given_seeds = {
        str(cases_of_ratings("ada", ratings_of(scores), Protocol(seed=seed), LeftOut()))
        for seed in range(5)
    }
    assert len(given_seeds) == 5
