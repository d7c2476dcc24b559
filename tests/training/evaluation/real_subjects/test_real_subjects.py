"""Words of pictures and of profiles are counted as right only where all of them are."""

import pytest

from shared.embedding.images.naming.hypernyms import HYPERNYMS
from training.evaluation.real_pictures.picture_sets import PictureSet
from training.evaluation.real_subjects.measure import (
    NamedPicture,
    picture_naming,
    profile_naming,
    profile_subjects,
    side_result,
    simulated_profiles,
)
from training.evaluation.real_subjects.named_set import NamedSet
from training.evaluation.real_subjects.named_sets import NAMED_SETS, sets_for

FARM = NamedSet(
    PictureSet("farm", "photograph", "farm", "development", "*.png"),
    "mammal",
    {"cattle": "cow calf", "bird": "hen"},
)


def picture(*words: str, right: str, number: int = 0) -> NamedPicture:
    return NamedPicture("set", f"{right}-{number}", words, frozenset(right.split(", ")))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("farm/cow_2.png", {"cattle", "mammal", "animal"}),
        ("x.rcc!farm/brown-HEN3.webp", {"bird", "animal"}),
        ("farm/donkey.png", {"mammal", "animal"}),
    ],
)
def test_the_file_name_gives_the_right_words(path: str, words: set[str]) -> None:
    assert FARM.right_words(path) == words


def test_every_right_word_is_a_word_of_the_table_and_no_package_has_both_uses() -> None:
    for named_set in NAMED_SETS:
        words = {word for word in named_set.others.split(", ") if word} | set(named_set.by_name)
        assert words <= set(HYPERNYMS), named_set.name
    packages = [
        {named.pictures.package for named in sets_for(use)} for use in ("development", "held_out")
    ]
    assert not packages[0] & packages[1]


def test_a_picture_with_one_wrong_word_is_wrong_and_one_without_words_is_not_counted() -> None:
    naming = picture_naming(
        [
            picture("bird", "animal", right="bird, animal"),
            picture("dog", "mammal", "animal", right="cat, mammal, animal"),
            picture(right="bird, animal"),
            picture("animal", right="dog, mammal, animal"),
        ]
    )
    assert (naming.count, naming.named.value) == (4, 0.75)
    assert naming.right is not None
    assert naming.right.value == pytest.approx(2 / 3)
    assert naming.right.low < 0.4
    assert picture_naming([picture(right="bird")]).right is None


def test_a_word_of_a_profile_is_right_when_half_of_its_references_show_it() -> None:
    birds = [picture("bird", right="bird", number=n) for n in range(3)]
    others = [picture("bird", right="flower", number=n) for n in range(2)]
    side = profile_subjects([*birds, *others], []).preference
    assert side_result(("a", "b"), side, [*birds, *others]).is_right
    wrong = profile_subjects([*birds[:2], *others], []).preference
    assert side_result(("a", "b"), wrong, [*birds[:1], *others]).is_right is False


def test_profiles_are_simulated_for_every_pair_of_sets_on_both_sides() -> None:
    sets = {
        "birds": [picture("bird", right="bird", number=n) for n in range(6)],
        "shapes": [picture(right="", number=n) for n in range(6)],
        "few": [picture(right="")],
    }
    results = list(simulated_profiles(sets, users_per_pair=2, seed=1))
    assert [result.words for result in results] == [("bird",), (), (), ("bird",)]
    naming = profile_naming(results, seed=1)
    assert (naming.count, naming.named.value) == (4, 0.5)
    assert naming.right is not None
    assert naming.right.value == 1.0
