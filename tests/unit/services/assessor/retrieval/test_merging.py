"""Each source fills the places of its share, and no image comes twice."""

from hypothesis import given
from hypothesis import strategies as st

from services.assessor.steps.retrieval.merging import Ranking, shortlisted
from services.assessor.steps.retrieval.shares import places
from shared.events.types.feed import Source

SOURCES: list[Source] = ["taste", "likes", "popular", "new"]
IDS = [f"i{number}" for number in range(30)]

rankings = st.lists(
    st.builds(
        Ranking,
        st.sampled_from(SOURCES),
        st.floats(0, 1),
        st.lists(st.sampled_from(IDS), unique=True).map(tuple),
    ),
    max_size=5,
)


@given(rankings, st.integers(0, 40), st.sets(st.sampled_from(IDS)))
def test_a_shortlist_has_each_image_once_and_none_that_is_left_out(
    searched: list[Ranking], limit: int, without: set[str]
) -> None:
    chosen = [image_id for image_id, _ in shortlisted(searched, limit=limit, without=without)]
    available = {i for ranking in searched for i in ranking.image_ids} - without
    assert len(chosen) == len(set(chosen))
    assert set(chosen) <= available
    # Places that one source cannot fill go to the others.
    assert len(chosen) == min(limit, len(available))


@given(rankings, st.integers(0, 40))
def test_each_image_comes_from_a_source_that_has_it(searched: list[Ranking], limit: int) -> None:
    for image_id, source in shortlisted(searched, limit=limit):
        assert any(r.source == source and image_id in r.image_ids for r in searched)


@given(
    st.lists(st.floats(0.01, 1), min_size=1, max_size=4),
    st.integers(1, 300),
)
def test_the_shares_are_kept_when_every_source_has_enough_images(
    shares: list[float], limit: int
) -> None:
    searched = [
        Ranking(SOURCES[n], share, tuple(f"{n}-{k}" for k in range(limit)))
        for n, share in enumerate(shares)
    ]
    sources = [source for _, source in shortlisted(searched, limit=limit)]
    for ranking in searched:
        exact = limit * ranking.share / sum(shares)
        assert abs(sources.count(ranking.source) - exact) < 1


def test_an_image_of_two_sources_counts_for_the_first_and_the_second_brings_another() -> None:
    chosen = shortlisted(
        [Ranking("taste", 0.5, ("a", "b", "c")), Ranking("likes", 0.5, ("a", "b", "d", "e"))],
        limit=4,
    )
    assert chosen == [("a", "taste"), ("b", "taste"), ("d", "likes"), ("e", "likes")]


def test_places_are_whole_numbers_with_the_exact_sum() -> None:
    assert places([0.75, 0.1, 0.1, 0.05], 10) == [8, 1, 1, 0]
    assert places([1, 1, 1], 10) == [4, 3, 3]
    assert places([0, 0], 10) == [0, 0]
