"""Drift detection knows which words are frequent in what the user could choose from."""

from collections.abc import Mapping

import numpy as np
import pytest

from services.profile.prediction.base_rates import UNKNOWN_BASE_RATES, BaseRates
from services.profile.prediction.drift_detection import detect_drift
from services.profile.prediction.shown_words import CATALOG_IMAGES
from shared.domain.taste import Element
from shared.events.types.feedback import Action
from tests.unit.services.profile.skewed_catalog import WORDS, person

PEOPLE = range(1_000, 1_040)
"""Seeds of people on whom nothing was chosen."""
FEEDBACK: list[tuple[Action, Action | None]] = [
    ("click", None), ("like", None), ("click", "hide"), ("like", "dislike"),
]  # fmt: skip
FREQUENT = (Element.ART_STYLE, Element.COLOR)


def changed(
    skew: Mapping[Element, float], feedback: tuple[Action, Action | None], *, drifts: bool
) -> int:
    """How many of the people have another taste after their feedback than the stated one."""
    like, dislike = feedback
    people = [person(seed, skew=skew, like=like, dislike=dislike, drifts=drifts) for seed in PEOPLE]
    return sum(detect_drift(p.references, p.stated, p.catalog) != p.stated for p in people)


@pytest.mark.parametrize("share", [0.0, 0.7, 0.9])
@pytest.mark.parametrize("feedback", FEEDBACK[:3])
def test_a_stated_taste_survives_the_feedback_on_any_catalog(
    feedback: tuple[Action, Action | None], share: float
) -> None:
    assert changed(dict.fromkeys(FREQUENT, share), feedback, drifts=False) <= 1


@pytest.mark.parametrize("share", [0.7, 0.9])
@pytest.mark.parametrize("feedback", FEEDBACK[1:3])  # 24 clicks alone show few drifts anywhere
def test_a_real_drift_is_followed_on_a_skewed_catalog(
    feedback: tuple[Action, Action | None], share: float
) -> None:
    # Fewer than on a uniform catalog: most images say nothing about two of the five elements.
    followed = changed(dict.fromkeys(FREQUENT, share), feedback, drifts=True)
    assert followed > len(PEOPLE) / 2


@pytest.mark.parametrize("feedback", FEEDBACK[1:2])
def test_views_protect_a_user_who_sees_a_skewed_part_of_a_uniform_catalog(
    feedback: tuple[Action, Action | None],
) -> None:
    like, dislike = feedback
    skew = dict.fromkeys(FREQUENT, 0.7)
    people = [person(s, skew=skew, like=like, dislike=dislike, drifts=False) for s in PEOPLE]
    catalog = BaseRates({e: dict.fromkeys(words, 25.0) for e, words in WORDS.items()})

    def overwritten(images: float) -> int:
        """How many are overwritten when the catalog counts as this many images."""
        rates = [p.catalog.filled_up(catalog, to=images) for p in people]
        return sum(
            detect_drift(p.references, p.stated, r) != p.stated
            for p, r in zip(people, rates, strict=True)
        )

    assert overwritten(CATALOG_IMAGES) <= 1
    assert overwritten(1e9) > len(people) / 2


def test_without_base_rates_a_frequent_word_looks_like_a_taste() -> None:
    people = [
        person(seed, skew=dict.fromkeys(FREQUENT, 0.7), like="like", dislike=None, drifts=False)
        for seed in PEOPLE
    ]
    wrong = [p for p in people if detect_drift(p.references, p.stated) != p.stated]
    assert len(wrong) > len(people) / 2


def test_unknown_base_rates_are_equal() -> None:
    rates = UNKNOWN_BASE_RATES.of(Element.COLOR, ["red", "blue", "teal", "gold"])
    np.testing.assert_allclose(rates, 0.25)


def test_base_rates_are_smoothed_shares_of_the_images() -> None:
    rates = BaseRates.from_descriptions(
        [{Element.COLOR: ("red",)}, {Element.COLOR: ("red", "blue")}, {Element.DETAIL: ("plain",)}]
    )
    np.testing.assert_allclose(
        rates.of(Element.COLOR, ["red", "blue", "teal"]), [2.5 / 5, 1.5 / 5, 1 / 5]
    )
    np.testing.assert_allclose(rates.of(Element.MEDIUM, ["digital", "charcoal"]), 0.5)


def test_forms_of_one_word_are_counted_together() -> None:
    rates = BaseRates.from_descriptions(
        [{Element.MEDIUM: ("pastel",)}, {Element.MEDIUM: ("Pastels",)}]
    )
    np.testing.assert_allclose(rates.of(Element.MEDIUM, ["pastels", "oil"]), [0.75, 0.25])
