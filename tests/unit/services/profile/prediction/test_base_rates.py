"""Drift detection knows which words are frequent in what the user could choose from."""

from collections.abc import Iterable, Mapping

import numpy as np
import pytest

from services.profile.prediction.base_rates import UNKNOWN_BASE_RATES, BaseRates
from services.profile.prediction.drift.reference_likelihood import STRENGTHS, Choices
from services.profile.prediction.drift.word_hypotheses import word_hypotheses
from services.profile.prediction.drift_detection import detect_drift
from services.profile.prediction.shown_words import CATALOG_IMAGES
from shared.domain.taste import Element
from shared.events.types.feedback import Action
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import PredictedTaste
from tests.unit.services.profile.sample_references import described_reference
from tests.unit.services.profile.skewed_catalog import SLATES, WORDS, person

PEOPLE = range(1_000, 1_010)
FEW_PEOPLE = range(1_000, 1_006)
"""Seeds of people on whom nothing was chosen."""
FEEDBACK: list[tuple[Action, Action | None]] = [
    ("click", None), ("like", None), ("click", "hide"), ("like", "dislike"),
]  # fmt: skip
FREQUENT = (Element.ART_STYLE, Element.COLOR)


def changed(
    skew: Mapping[Element, float],
    feedback: tuple[Action, Action | None],
    *,
    drifts: bool,
    slates: int = SLATES,
    people: Iterable[int] = PEOPLE,
) -> int:
    """How many of the people have another taste after their feedback than the stated one."""
    like, dislike = feedback
    simulated = [
        person(seed, skew=skew, like=like, dislike=dislike, drifts=drifts, slates=slates)
        for seed in people
    ]
    return sum(detect_drift(p.references, p.stated, p.catalog) != p.stated for p in simulated)


@pytest.mark.parametrize("share", [0.0, 0.7, 0.9])
@pytest.mark.parametrize("feedback", FEEDBACK[:3])
def test_a_stated_taste_survives_the_feedback_on_any_catalog(
    feedback: tuple[Action, Action | None], share: float
) -> None:
    assert changed(dict.fromkeys(FREQUENT, share), feedback, drifts=False) == 0


@pytest.mark.parametrize("share", [0.0, 0.7, 0.9])
@pytest.mark.parametrize("feedback", FEEDBACK[2:])  # likes alone show what is new, not what is old
def test_a_real_drift_is_followed_on_any_catalog(
    feedback: tuple[Action, Action | None], share: float
) -> None:
    skew = dict.fromkeys(FREQUENT, share)
    followed = changed(skew, feedback, drifts=True, slates=8, people=FEW_PEOPLE)
    assert followed > len(FEW_PEOPLE) * 0.7


def test_views_protect_a_user_who_sees_a_skewed_part_of_a_uniform_catalog() -> None:
    skew = dict.fromkeys(FREQUENT, 0.7)
    people = [person(s, skew=skew, like="like", dislike=None, drifts=False) for s in FEW_PEOPLE]
    rng = np.random.default_rng(7)
    uniform = BaseRates.from_descriptions(
        [{e: (str(rng.choice(words)),) for e, words in WORDS.items()} for _ in range(300)]
    )
    shown = [p.catalog.filled_up(uniform, to=CATALOG_IMAGES) for p in people]
    assert sum(shown[0].image_weights) == pytest.approx(144 + CATALOG_IMAGES)
    for p, images in zip(people, shown, strict=True):
        assert detect_drift(p.references, p.stated, images) == p.stated


def test_a_word_gains_little_from_the_words_that_it_is_shown_with() -> None:
    # Blue is liked. Most blue images are in ink, so that most likes are in ink as well.
    shown = [("blue", "ink")] * 40 + [("teal", "gold")] * 40 + [("blue", "gold")] * 10
    images = BaseRates.from_descriptions(
        [{Element.COLOR: (color,), Element.MEDIUM: (medium,)} for color, medium in shown]
    )
    liked = [
        described_reference("blue", "like", medium=medium, number=number, day=number)
        for number, medium in enumerate(["ink"] * 16 + ["gold"] * 4)
    ]
    stated = taste_by_vote([PredictedTaste({Element.COLOR: ("blue",)}, {})])
    evidence = np.full(len(liked), np.log(4))
    color, medium = (
        word_hypotheses(liked, evidence, element, stated, images)
        for element in (Element.COLOR, Element.MEDIUM)
    )
    assert medium is not None
    assert color is None  # All likes are blue: no other word is compared.
    choices = Choices(np.ones((1, len(liked))), evidence, images)
    blue = 2.0 * images.shown_words(Element.COLOR, ["blue"]).T
    strong = list(STRENGTHS).index(1.0)
    ink = next(n for n, row in enumerate(medium.liked[:-1]) if row[medium.words.index("ink")])
    alone = choices.log_likelihoods(medium, None)[strong, 0, ink]
    with_color = choices.log_likelihoods(medium, blue)[strong, 0, ink]
    assert alone > 2
    assert with_color < alone / 2


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
