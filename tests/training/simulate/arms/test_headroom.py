"""The headroom puts the truth in place of the model's answers, also where weights are estimated."""

import numpy as np
import pytest

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import ELEMENTS, Element
from tests.training.simulate.arms.recordings import AttributeEncoder, TruthfulEngine, recorded
from training.evaluation.scoring import certain_profile
from training.prefersim.values.vocabulary import VALUES
from training.simulate.arms.known_references import catalog_key, known_at, stated_key
from training.simulate.arms.pictures import Pictures
from training.simulate.arms.serving_rule import EndToEnd, Slate
from training.simulate.headroom.variants import Case, headroom_totals, ndcg_by_user, true_words


def _blind_to_styles(element: Element, word: str) -> str:
    return VALUES[element][0] if element is Element.ART_STYLE else word


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, EndToEnd]:
    recording = recorded(tmp_path_factory.mktemp("seed-1"), days=1)
    pictures = Pictures(recording, AttributeEncoder(recording))
    rng = np.random.default_rng(1)
    slates = [Slate(user, rng.permutation(64)[:20]) for user in range(6) for _ in range(3)]
    case = Case(
        recording.population, recording.users, recording.catalog, known_at(recording, 0), slates,
        EQUAL_WEIGHTS, pictures.shown,
    )  # fmt: skip
    return case, EndToEnd(TruthfulEngine(recording, _blind_to_styles), pictures)


def test_true_words_are_those_of_catalog_and_references(measured: tuple[Case, EndToEnd]) -> None:
    case, _ = measured
    words = true_words(case, ELEMENTS)
    assert len(words) == 64 + 6 * 10
    row = case.catalog.shown[3]
    color = VALUES[Element.COLOR][int(row[ELEMENTS.index(Element.COLOR)])]
    assert words[catalog_key(3)][Element.COLOR] == (color,)
    assert stated_key(5, "disliked", 4) in words


def test_a_model_blind_to_styles_gains_by_true_styles_and_what_it_reads_adds_nothing(
    measured: tuple[Case, EndToEnd],
) -> None:
    case, ranker = measured
    totals = headroom_totals(case, ranker, say=lambda _: None)
    values = {
        name: float(np.mean(list(ndcg_by_user(case, of_slates, seed=1).values())))
        for name, of_slates in totals.items()
    }
    frozen = values["frozen model, learned weights"]
    style = values["true tastes and descriptions of art style"]
    assert style > frozen
    assert values["true tastes, true descriptions"] > frozen
    assert values["oracle"] == pytest.approx(1)


def test_true_descriptions_change_the_weights_of_a_user(
    measured: tuple[Case, EndToEnd],
) -> None:
    case, ranker = measured
    ranker.tastes(case.known, range(6))  # describes the references
    own_taste = case.users[0].taste
    taste = certain_profile(own_taste.like_words, own_taste.dislike_words)
    informed = ranker.with_words(true_words(case, (Element.ART_STYLE,)))
    own, true = (r.weights(case.known[0], taste, EQUAL_WEIGHTS)[0] for r in (ranker, informed))
    assert own != true
    again = ranker.weights(case.known[0], taste, EQUAL_WEIGHTS)[0]
    assert again == own, "the model's own words are kept"
