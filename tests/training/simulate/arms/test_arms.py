"""Recorded days are ranked again end to end; only what an arm changes tells the arms apart."""

from pathlib import Path

import numpy as np
import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import Element
from tests.training.simulate.arms.recordings import AttributeEncoder, TruthfulEngine, recorded
from training.prefersim.values.vocabulary import VALUES
from training.simulate.arms.embedding_model import mixed, vector_scores
from training.simulate.arms.known_references import catalog_key, known_at
from training.simulate.arms.measure_arms import Day, adapter_arm, frozen_arms, reference_arms
from training.simulate.arms.pictures import VECTORS, Pictures
from training.simulate.arms.recorded_days import NoRecording, Recording
from training.simulate.arms.serving_rule import EndToEnd, Slate

COLOR_FIRST = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)


def _blind_to_color(element: Element, word: str) -> str:
    return VALUES[Element.COLOR][0] if element is Element.COLOR else word


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return recorded(tmp_path_factory.mktemp("seed-1"))


@pytest.fixture(scope="module")
def pictures(recording: Recording) -> Pictures:
    return Pictures(recording, AttributeEncoder(recording))


def test_clicks_of_earlier_days_follow_the_stated_references(recording: Recording) -> None:
    first, later = known_at(recording, 0)[2], known_at(recording, 2)[2]
    assert [r.side for r in first.references] == ["liked"] * 5 + ["disliked"] * 5
    assert not first.passed
    clicked = [v.clicked for day in (0, 1) for v in recording.visits(day) if v.user == 2]
    liked = [r.content_hash for r in later.references if r.side == "liked"]
    # Stated ones first, then the latest day's clicks.
    assert all(key.startswith("2/liked/") for key in liked[:5])
    assert set(liked[5:]) == {catalog_key(i) for of_day in clicked for i in of_day}
    assert catalog_key(clicked[1][0]) in liked[5:7]
    assert not set(later.passed) & set(liked)
    assert len(later.passed) >= 3


def test_a_model_that_reads_better_ranks_better_and_weights_are_told_apart(
    recording: Recording, pictures: Pictures
) -> None:
    day = Day.of(recording, 1, wide_users=6)
    blind = EndToEnd(TruthfulEngine(recording, _blind_to_color), pictures)
    frozen = frozen_arms(day, blind, pictures, COLOR_FIRST)
    adapter = adapter_arm(day, EndToEnd(TruthfulEngine(recording), pictures), COLOR_FIRST)

    def mean(arm: dict[str, dict[str, float]]) -> float:
        return float(np.mean(list(arm["ndcg_by_user"].values())))

    assert mean(adapter) > mean(frozen["frozen with weights"]) + 0.01
    assert mean(frozen["frozen"]) != mean(frozen["frozen with weights"])
    # The same model is the same arm: nothing but the adapter differs.
    same = adapter_arm(day, blind, COLOR_FIRST)
    assert same["ndcg_by_user"] == frozen["frozen with weights"]["ndcg_by_user"]
    references = reference_arms(day)
    assert mean(references["oracle"]) == pytest.approx(1)
    assert mean(references["random"]) < mean(adapter)
    assert 0 < references["collapsed"]["coverage_at_5"] < references["oracle"]["coverage_at_5"]


def test_each_image_is_described_and_encoded_once(recording: Recording, pictures: Pictures) -> None:
    engine = TruthfulEngine(recording)
    ranker = EndToEnd(engine, pictures)
    for number in (0, 1, 1):
        ranker.tastes(known_at(recording, number), range(6))
    images = {r.content_hash for known in known_at(recording, 1) for r in known.references}
    assert engine.described == len(images)
    pictures.vectors([catalog_key(0)])
    stored = (recording.folder / VECTORS).stat().st_mtime_ns
    Pictures(recording, AttributeEncoder(recording)).vectors([catalog_key(1)])
    assert (recording.folder / VECTORS).stat().st_mtime_ns == stored


def test_the_share_of_the_vectors_is_chosen_on_other_users() -> None:
    rng = np.random.default_rng(3)
    slates = [Slate(user, rng.permutation(60)[:20]) for user in range(10)]
    appeals = {user: rng.random(60) for user in range(10)}
    true = [appeals[s.user][s.candidates] for s in slates]
    noise = [rng.random(20) for _ in slates]
    for totals, by_vectors, expected in ((noise, true, 1.0), (true, noise, 0.0)):
        scores, shares = mixed(totals, by_vectors, slates, appeals)
        assert set(shares.values()) == {expected}
        best = true if expected == 0 else by_vectors
        assert all(
            (np.argsort(a) == np.argsort(b)).all() for a, b in zip(scores, best, strict=True)
        )
    # A fold's own users do not choose: for one user in each fold, the others prefer the vectors.
    odd = [t if s.user % 5 == 0 else n for s, t, n in zip(slates, true, noise, strict=True)]
    even = [n if s.user % 5 == 0 else t for s, t, n in zip(slates, true, noise, strict=True)]
    assert mixed(odd, even, slates, appeals)[1][0] == 1.0


def test_a_users_own_model_on_vectors_learns_from_clicks_and_needs_both_sides(
    recording: Recording, pictures: Pictures
) -> None:
    slates = [Slate(user, np.arange(64)) for user in range(6)]
    scores = vector_scores(pictures, known_at(recording, 2), slates)
    correlations = [
        np.corrcoef(s, recording.users[n].appeal(recording.catalog.shown))[0, 1]
        for n, s in enumerate(scores)
    ]
    assert np.mean(correlations) > 0.5
    nothing = [type(known_at(recording, 0)[0])()] * 6
    assert not np.concatenate(vector_scores(pictures, nothing, slates)).any()


def test_other_folders_and_days_without_candidates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRecording, match="not the folder of a simulated seed"):
        Recording.open(tmp_path)
    recording = recorded(tmp_path / "seed", days=1)
    file = recording.folder / "day-00.json"
    file.write_text('{"visits": [{"user": 0, "viewed": [1], "clicked": []}]}')
    with pytest.raises(NoRecording, match="name no candidates"):
        recording.visits(0)


def test_equal_weights_are_plain_sums(recording: Recording, pictures: Pictures) -> None:
    day = Day.of(recording, 0, wide_users=0)
    ranker = EndToEnd(TruthfulEngine(recording), pictures)
    equal = frozen_arms(day, ranker, pictures, EQUAL_WEIGHTS)
    assert equal["frozen"]["ndcg_by_user"] == equal["frozen with weights"]["ndcg_by_user"]
    assert "coverage_at_5" not in equal["frozen"]


def test_the_same_question_is_put_to_a_model_once(recording: Recording, pictures: Pictures) -> None:
    engine = TruthfulEngine(recording)
    ranker = EndToEnd(engine, pictures)
    day = Day.of(recording, 1, wide_users=2)
    # Wide slates hold the candidates of the user's own slate.
    of_user = {slate.user: set(slate.candidates) for slate in day.slates}
    assert all(of_user[wide.user] <= set(wide.candidates) for wide in day.wide)
    tastes = ranker.tastes(day.known, range(6))
    digits = ranker.digits([*day.slates, *day.wide], tastes)
    pairs = {(s.user, int(n)) for s in (*day.slates, *day.wide) for n in s.candidates}
    tastes_of = {(tastes[user], image) for user, image in pairs}
    assert engine.scored == len(tastes_of) < sum(map(len, digits))
    predicted = engine.predicted
    ranker.tastes(day.known, range(6))
    again = ranker.digits(day.slates, tastes)
    assert (engine.scored, engine.predicted) == (len(tastes_of), predicted)
    assert all((a == b).all() for a, b in zip(again, digits, strict=False))


def test_a_day_can_be_ranked_for_some_users_only(recording: Recording) -> None:
    day = Day.of(recording, 0, wide_users=2, users=3)
    assert {slate.user for slate in day.slates} == {0, 1, 2}
    assert [slate.user for slate in day.wide] == [0, 1]
    assert set(reference_arms(day)["oracle"]["ndcg_by_user"]) == {"0", "1", "2"}
