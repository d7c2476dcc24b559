"""A word is a subject of a user when several references of one side share it, and few others."""

import pytest

from shared.domain.subjects.words import NamedReference, Side, Subjects, subjects_of

BIRD, DOG, CAT = ("bird", "animal"), ("dog", "mammal", "animal"), ("cat", "mammal", "animal")
FLOWER: tuple[str, ...] = ("flower", "plant")
NONE: tuple[str, ...] = ()


def references(side: Side, *words: tuple[str, ...]) -> list[NamedReference]:
    return [NamedReference(f"{side}-{n}", side, shown) for n, shown in enumerate(words)]


def subjects(*liked: tuple[str, ...], disliked: tuple[tuple[str, ...], ...] = ()) -> Subjects:
    return subjects_of([*references("liked", *liked), *references("disliked", *disliked)])


def liked_words(shown: Subjects) -> list[tuple[str, int]]:
    return [(word.word, word.count) for word in shown.preference.words]


def test_a_word_of_four_of_five_likes_is_named_with_the_references_that_show_it() -> None:
    shown = subjects(BIRD, BIRD, NONE, BIRD, BIRD, disliked=(FLOWER, FLOWER, FLOWER))
    (bird,) = shown.preference.words
    assert (bird.word, bird.count, bird.weight) == ("bird", 4, 0.8)
    assert bird.image_ids == ("liked-0", "liked-1", "liked-3", "liked-4")
    assert shown.preference.references == 5
    (flower,) = shown.non_preference.words
    assert (flower.word, flower.count) == ("flower", 3)


@pytest.mark.parametrize(
    "liked", [(BIRD,), (BIRD, NONE, NONE), (BIRD, BIRD, NONE, NONE, NONE, NONE), (NONE, NONE), ()]
)
def test_a_word_of_one_reference_or_of_few_of_many_is_not_named(
    liked: tuple[tuple[str, ...], ...],
) -> None:
    assert subjects(*liked).preference.words == ()


def test_what_both_sides_show_is_no_taste() -> None:
    shown = subjects(BIRD, BIRD, BIRD, disliked=(BIRD, BIRD, BIRD))
    assert shown.preference.words == shown.non_preference.words == ()


def test_dogs_against_cats_are_told_apart_by_the_narrow_word() -> None:
    shown = subjects(DOG, DOG, DOG, disliked=(CAT, CAT, CAT))
    assert liked_words(shown) == [("dog", 3)]
    assert [word.word for word in shown.non_preference.words] == ["cat"]


def test_different_animals_share_the_broad_word() -> None:
    assert liked_words(subjects(DOG, CAT, BIRD, disliked=(FLOWER, FLOWER))) == [("animal", 3)]
    assert liked_words(subjects(DOG, DOG, CAT, CAT, disliked=(BIRD, BIRD))) == [("mammal", 4)]


def test_two_subjects_of_one_user_are_both_named() -> None:
    assert liked_words(subjects(BIRD, BIRD, BIRD, FLOWER, FLOWER)) == [("bird", 3), ("flower", 2)]


def test_examples_stand_for_a_side_without_a_word() -> None:
    shown = subjects_of(references("liked", NONE, NONE), examples={"liked": ["liked-1"]})
    assert (shown.preference.words, shown.preference.examples) == ((), ("liked-1",))
