"""A pinned or vetoed subject outranks what the vectors of the references give."""

import pytest

from shared.domain.corrections import CorrectedWord, Correction
from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.subjects.corrections import (
    NEUTRAL,
    STATED_WEIGHT,
    StatedSubjects,
    SubjectScale,
    apply_to_subjects,
)
from shared.domain.subjects.element import SUBJECT
from shared.domain.subjects.forms import SAME
from shared.domain.subjects.words import Subjects, SubjectSide, SubjectWord
from shared.domain.taste import ELEMENTS, Element
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.images.naming.hypernyms import HYPERNYMS

BIRD, DOG = ("bird", "animal"), ("dog", "mammal", "animal")


def liked(**fields: object) -> Correction:
    return Correction.model_validate({"side": "preference", "element": SUBJECT, **fields})


def disliked(**fields: object) -> Correction:
    return Correction.model_validate({"side": "non_preference", "element": SUBJECT, **fields})


def score(value: float, words: tuple[str, ...], *corrections: Correction) -> float:
    return StatedSubjects.of(corrections).score(value, words)


def total(look: float, subject: float, weight: float) -> float:
    """The total of a look, 0-25, of five equal scores and of a subject, 0-5."""
    weights = RankingWeights.of(EQUAL_WEIGHTS, subject=weight)
    return weights.total(dict.fromkeys(ELEMENTS, look / 5), subject)


@pytest.mark.parametrize("value", [0.1, 2.5, 4.9])
def test_a_pinned_subject_gives_the_score_also_against_the_vectors(value: float) -> None:
    assert score(value, BIRD, liked(pinned=("Birds",))) == 5.0
    assert score(value, BIRD, disliked(pinned=("bird",))) == 0.0
    assert score(value, ("flower", "plant"), liked(pinned=("bird",))) == value
    assert score(value, (), liked(pinned=("bird",))) == value


@pytest.mark.parametrize("word", ["plane", "Airplanes", "aircraft"])
def test_everyday_names_of_a_subject_are_the_words_of_the_encoder(word: str) -> None:
    assert score(0.1, ("aircraft", "vehicle"), liked(pinned=(word,))) == 5.0
    aircraft = SubjectSide(words=(SubjectWord(word="aircraft", weight=0.8, count=4),))
    veto = liked(vetoed=(word,))
    assert apply_to_subjects(Subjects(preference=aircraft), [veto]).preference.words == ()


def test_the_everyday_names_stand_for_words_of_the_encoder() -> None:
    assert set(SAME.values()) <= set(HYPERNYMS)
    assert not set(SAME) & set(HYPERNYMS)


def test_a_vetoed_subject_is_no_reason_for_or_against_an_image() -> None:
    veto = (liked(vetoed=("bird",)), disliked(vetoed=("bird",)))
    assert score(4.9, BIRD, *veto) == score(0.2, BIRD, *veto) == NEUTRAL
    assert score(4.9, DOG, *veto) == 4.9
    # On one side, only the liking or only the dislike is taken away.
    assert (score(4.9, BIRD, veto[0]), score(0.2, BIRD, veto[0])) == (NEUTRAL, 0.2)
    assert (score(4.9, BIRD, veto[1]), score(0.2, BIRD, veto[1])) == (4.9, NEUTRAL)


def test_the_narrowest_corrected_word_of_an_image_decides() -> None:
    corrections = (liked(pinned=("animal",)), disliked(pinned=("dog",)))
    assert score(2.0, BIRD, *corrections) == 5.0
    assert score(2.0, DOG, *corrections) == 0.0


def test_an_edited_word_counts_with_its_weight() -> None:
    assert score(1.0, BIRD, liked(edited=({"word": "bird", "weight": 0.5},))) == 3.75


def test_corrections_of_the_look_change_no_subject() -> None:
    color = Correction(side="preference", element=Element.COLOR, pinned=("bird",))
    assert StatedSubjects.of([color]).is_empty
    assert score(1.0, BIRD, color) == 1.0


@pytest.mark.parametrize("weight", [None, 0.02, 0.3, 0.9])
def test_a_stated_subject_counts_at_least_half_and_keeps_the_order_of_all_other_images(
    weight: float | None,
) -> None:
    scale = SubjectScale.of(weight, StatedSubjects.of([liked(pinned=("bird",))]))
    assert scale.weight >= STATED_WEIGHT
    images = [(12.0, 4.0), (20.0, 1.0), (18.0, 2.0), (10.0, 4.9)]
    before = [total(look, subject, weight or 0.0) for look, subject in images]
    after = [total(look, scale.score(subject), scale.weight) for look, subject in images]
    assert sorted(range(4), key=before.__getitem__) == sorted(range(4), key=after.__getitem__)


def test_without_a_stated_word_the_weight_stays() -> None:
    scale = SubjectScale.of(0.3, StatedSubjects.of([liked(vetoed=("bird",))]))
    assert (scale.weight, scale.score(4.0)) == (0.3, 4.0)


def test_the_profile_shows_pinned_words_first_and_no_vetoed_ones() -> None:
    bird = SubjectWord(word="bird", weight=0.8, count=4, image_ids=("a", "b"))
    predicted = Subjects(preference=SubjectSide(words=(bird,), references=5))
    corrected = apply_to_subjects(
        predicted, [liked(pinned=("boat", "Bird")), disliked(vetoed=("flower",))]
    )
    assert corrected.preference.words == (
        SubjectWord(word="boat", weight=1.0),
        SubjectWord(word="Bird", weight=1.0, count=4, image_ids=("a", "b")),
    )
    assert corrected.preference.references == 5
    assert apply_to_subjects(predicted, [liked(vetoed=("birds",))]).preference.words == ()
    # A word that is pinned as disliked is no longer liked.
    moved = apply_to_subjects(predicted, [disliked(pinned=("bird",))])
    assert (moved.preference.words, moved.non_preference.words[0].word) == ((), "bird")


def test_an_edit_replaces_the_predicted_words() -> None:
    predicted = Subjects(preference=SubjectSide(words=(SubjectWord(word="bird", weight=1.0),)))
    words = (CorrectedWord(word="dog", weight=0.5),)
    assert apply_to_subjects(predicted, [liked(edited=words)]).preference.words == (
        SubjectWord(word="dog", weight=0.5),
    )
    assert apply_to_subjects(predicted, [liked(edited=())]).preference.words == ()
