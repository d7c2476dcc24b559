"""Rank the same slates with parts of the truth in place of the model's answers.

Descriptions decide twice: they are what a candidate is scored by, and what a user's own weights are
estimated from. So true descriptions replace the model's in both places.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.element_weights import EQUAL_WEIGHTS, SUM, ElementWeights
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.prompting.prompt import shown_words
from training.evaluation.scoring import certain_profile
from training.prefersim.users.true_answers import score_element
from training.prefersim.values.vocabulary import Attributes
from training.simulate.arms.known_references import Known
from training.simulate.arms.serving_rule import EndToEnd, Slate, weigh_slates
from training.simulate.catalog import Catalog
from training.simulate.measure.metrics import Floats, ndcg
from training.simulate.population import AnyUser, Population

LEARNED: Final = "learned"
EQUAL: Final = "equal"
KNOWN: Final = ((Element.ART_STYLE,), (Element.ART_STYLE, Element.MEDIUM))
"""Elements for which alone the truth replaces the model: what a model that knows them gains."""


@dataclass(frozen=True)
class Case:
    """Users with their references and slates, before any click."""

    population: Population
    users: Sequence[AnyUser]
    catalog: Catalog
    known: Sequence[Known]
    slates: Sequence[Slate]
    learned: ElementWeights
    """Element weights that were learned from other users."""
    shown: Mapping[str, Attributes]
    """The true values of each image by key. (5 or 6,)"""


Totals = Sequence[Floats]


def headroom_totals(
    case: Case, ranker: EndToEnd, *, say: Callable[[str], None]
) -> dict[str, Totals]:
    """The totals of each slate by variant."""
    numbers = sorted({slate.user for slate in case.slates})
    say("predicting the profiles")
    predicted = ranker.tastes(case.known, numbers)
    say("scoring with the predicted profiles")
    digits = ranker.digits(case.slates, predicted)
    true = {n: certain_profile(case.users[n].taste.like_words, case.users[n].taste.dislike_words)
            for n in numbers}  # fmt: skip
    say("scoring with the true profiles")
    with_true = ranker.digits(case.slates, true)
    weights = {EQUAL: EQUAL_WEIGHTS, LEARNED: case.learned}

    def weighed(
        tastes: Mapping[int, Taste], rows: Sequence[Floats], known: Sequence[Element] = ()
    ) -> dict[str, list[Floats]]:
        teller = ranker.with_words(true_words(case, known)) if known else ranker
        return weigh_slates(teller, case.known, case.slates, weights, tastes=tastes, digits=rows)

    frozen = weighed(predicted, digits)
    read, both = (rule_digits(case, tastes) for tastes in (predicted, true))
    totals = {
        "frozen model, equal weights": frozen[EQUAL],
        "frozen model, learned weights": frozen[LEARNED],
        "frozen model, each user's true weights": _truly_weighed(case, digits),
        "true tastes, the model's digits": weighed(true, with_true)[LEARNED],
        "predicted tastes, true descriptions": weighed(predicted, read, ELEMENTS)[LEARNED],
    }
    for elements in KNOWN:
        tastes = {n: _replaced(predicted[n], true[n], elements) for n in numbers}
        rows = [
            _columns(own, of_truth, elements) for own, of_truth in zip(digits, both, strict=True)
        ]
        name = " and ".join(element.label for element in elements)
        totals[f"true tastes and descriptions of {name}"] = weighed(tastes, rows, elements)[LEARNED]
    return totals | {
        "true tastes, true descriptions": weighed(true, both, ELEMENTS)[LEARNED],
        "true tastes and descriptions, each user's true weights": _truly_weighed(case, both),
        "oracle": [
            case.users[s.user].appeal(case.catalog.shown)[s.candidates] for s in case.slates
        ],
    }


def true_words(case: Case, elements: Sequence[Element]) -> dict[str, dict[Element, Sequence[str]]]:
    """The true words of these elements by image."""
    return {
        key: {e: (case.population.vocabulary[e][int(row[ELEMENTS.index(e)])],) for e in elements}
        for key, row in case.shown.items()
    }


def _replaced(taste: Taste, true: Taste, elements: Sequence[Element]) -> Taste:
    """The taste with the true words of these elements."""
    sides = (
        shown_words(own) | {e: shown_words(of_truth).get(e, ()) for e in elements}
        for own, of_truth in (
            (taste.preference, true.preference), (taste.non_preference, true.non_preference),
        )
    )  # fmt: skip
    return certain_profile(*sides)


def _columns(own: Floats, true: Floats, elements: Sequence[Element]) -> Floats:
    """The digits with the true columns of these elements. (candidates, 5)"""
    is_known = [element in elements for element in ELEMENTS]
    return np.where(is_known, true, own)


def rule_digits(case: Case, tastes: Mapping[int, Taste]) -> list[Floats]:
    """Digits by the rule of the simulator from the true words of images. (candidates, 5) each"""
    return [_rule_digits(case, slate, tastes[slate.user]) for slate in case.slates]


def ndcg_by_user(case: Case, totals: Totals, *, seed: int) -> dict[int, float]:
    """Mean NDCG@10 against the true appeal; equal totals are in random order."""
    rng = np.random.default_rng((seed, 0x71E5))
    values: dict[int, list[float]] = {}
    for slate, scores in zip(case.slates, totals, strict=True):
        order = slate.candidates[np.lexsort((rng.random(len(scores)), -scores))]
        appeal = case.users[slate.user].appeal(case.catalog.shown)
        values.setdefault(slate.user, []).append(ndcg(order, appeal))
    return {user: float(np.mean(of_user)) for user, of_user in values.items()}


def _truly_weighed(case: Case, digits: Sequence[Floats]) -> list[Floats]:
    """With each user's own element weights; subjects do not count."""
    return [
        rows @ (SUM * np.array(case.users[slate.user].weights))
        for rows, slate in zip(digits, case.slates, strict=True)
    ]


def _rule_digits(case: Case, slate: Slate, taste: Taste) -> Floats:
    likes, dislikes = shown_words(taste.preference), shown_words(taste.non_preference)
    columns = []
    for j, element in enumerate(ELEMENTS):
        table = [
            score_element(
                element, word, likes=likes.get(element, ()), dislikes=dislikes.get(element, ())
            ).digit
            for word in case.population.vocabulary[element]
        ]
        columns.append(np.array(table, np.float64)[case.catalog.shown[slate.candidates, j]])
    return np.stack(columns, axis=1)
