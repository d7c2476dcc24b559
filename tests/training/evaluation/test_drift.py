"""Drift is evaluated on simulated users: the same users for a seed, with and without a change."""

import numpy as np
import pytest

from training.evaluation.drift.people import Setting, live_day, lost_words, new_person

FEW = {"slates": 4, "slate_size": 8}


@pytest.mark.parametrize("skew", [0.0, 0.7])
def test_a_seed_determines_the_days_of_a_user(skew: float) -> None:
    setting = Setting(skew=skew, feedback="hides", **FEW)  # type: ignore[arg-type]
    people = [new_person(setting, seed=7, number=2) for _ in range(2)]
    first, second = ([live_day(person, setting, day) for day in range(2)] for person in people)
    assert first == second
    assert people[0].references == people[1].references
    assert 0 < min(first) <= max(first) <= 1


def test_a_change_starts_from_the_same_statements() -> None:
    steady, changed = (
        new_person(Setting(drifts=drifts), seed=7, number=1) for drifts in (False, True)
    )
    assert steady.stated_first == changed.stated_first
    assert (steady.shown == changed.shown).all()
    assert lost_words(steady) == lost_words(changed) == 0
    assert (steady.user.taste.likes != changed.user.taste.likes).any()


def test_a_stated_word_that_is_no_longer_shown_is_lost() -> None:
    person = new_person(Setting(), seed=7, number=1)
    person.taste = person.taste.model_copy(
        update={"preference": person.taste.preference.model_copy(update={"color": ()})}
    )
    assert lost_words(person) == 1


def test_only_the_wanted_feedback_is_given() -> None:
    for feedback, expected in (("clicks", {"click"}), ("hides", {"click", "hide"})):
        setting = Setting(feedback=feedback, slates=4)  # type: ignore[arg-type]
        person = new_person(setting, seed=7, number=3)
        live_day(person, setting, 0)
        actions = {r.action for r in person.references}
        assert actions <= expected | {"reference_like", "reference_dislike"}
        assert "click" in actions
    assert np.unique(person.viewed).size > 4
