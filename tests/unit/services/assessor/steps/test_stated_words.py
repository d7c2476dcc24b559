"""Words that a user stated or vetoed move the images that show them, by some places."""

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assessor.steps.reranking.order import ordered
from services.assessor.steps.reranking.stated_words import StatedWords, likeness_of, moved
from shared.domain.corrections import CorrectedWord, Correction
from shared.domain.subjects.element import SUBJECT, ProfileElement
from shared.domain.subjects.words import Subjects, SubjectSide, SubjectWord
from shared.domain.taste import Element
from shared.store.protocol import StoredCorrections
from tests.unit.services.assessor.slates import names, scored_image
from tests.unit.services.assessor.users import NOW, color_taste, profile

Shown = Mapping[Element, Collection[str]]


def stated(*entries: Correction, synonyms: Mapping[str, str] | None = None) -> StatedWords:
    """Of a user who is predicted to like red things and birds, and to dislike blue."""
    corrections = StoredCorrections(
        tenant="default", user_id="ana", version=1, entries=entries, model_version="colors-1",
        updated_at=NOW, synonyms={Element.COLOR: synonyms or {}},
    )  # fmt: skip
    birds = Subjects(preference=SubjectSide(words=(SubjectWord(word="bird", weight=1),)))
    known = profile(color_taste()).model_copy(update={"predicted_subjects": birds})
    return StatedWords.of(known.model_copy(update={"corrections": corrections}))


def correction(side: str, element: ProfileElement = Element.COLOR, **words: object) -> Correction:
    return Correction.model_validate({"side": side, "element": element, **words})


def direction(words: StatedWords, *colors: str, subjects: Collection[str] = ()) -> float:
    return words.direction(look={Element.COLOR: colors}, subjects=list(subjects))


def test_a_pinned_word_lifts_and_a_pinned_dislike_lowers() -> None:
    words = stated(
        correction("preference", pinned=("green",)), correction("non_preference", pinned=("pink",))
    )
    assert direction(words, "green") == 1
    assert direction(words, "pink") == -1
    assert direction(words, "green", "pink") == 0
    assert direction(words, "red", "blue") == 0, "words of the model move nothing by themselves"


def test_a_written_word_counts_and_one_of_weight_zero_does_not() -> None:
    edited = (CorrectedWord(word="green"), CorrectedWord(word="gray", weight=0))
    words = stated(correction("preference", edited=edited))
    assert (direction(words, "green"), direction(words, "gray")) == (1, 0)


def test_a_veto_takes_back_what_the_model_predicted() -> None:
    words = stated(
        correction("preference", vetoed=("red", "blue", "pink")),
        correction("non_preference", vetoed=("red", "blue", "pink")),
    )
    assert direction(words, "red") == -1
    assert direction(words, "blue") == 1
    assert direction(words, "pink") == 0, "the model never predicted it"


def test_near_synonyms_and_forms_of_a_word_are_one_word() -> None:
    words = stated(correction("preference", pinned=("teal",)), synonyms={"cyan": "teal"})
    assert (direction(words, "cyan"), direction(words, "Teals")) == (1, 1)
    assert direction(words, "cyan", "teal") == 1


def test_the_narrowest_subject_that_a_correction_names_decides() -> None:
    words = stated(
        correction("preference", SUBJECT, pinned=("animal",), vetoed=("birds",)),
        correction("preference", pinned=("green",)),
    )
    assert direction(words, subjects=["dog", "animal"]) == 1
    assert direction(words, subjects=["bird", "animal"]) == -1
    assert direction(words, "green", subjects=["dog", "animal"]) == 2


def test_likeness_decides_where_no_word_is_sure() -> None:
    words = stated(correction("preference", SUBJECT, pinned=("dog",), vetoed=("bird",)))
    look: Shown = {}

    def of(*subjects: str, **likeness: float) -> float:
        return words.direction(look=look, subjects=subjects, likeness=likeness)

    assert of(dog=0.4) == 0.4
    assert of(dog=0.4, bird=0.2) == pytest.approx(0.2)
    assert of(dog=0.9, bird=-0.9) == 1
    assert of("dog", dog=-0.5) == 1, "the sure word decides"
    assert of("boat", dog=-0.5) == -0.5


def test_likeness_is_the_place_between_the_least_and_the_most_probable_image() -> None:
    rated = {"a": 0.9, "b": 0.03, "c": 0.001}
    likeness = likeness_of({name: {"dog": value} for name, value in rated.items()})
    assert (likeness["a"]["dog"], likeness["c"]["dog"]) == (1, -1)
    assert likeness["b"]["dog"] == pytest.approx(0, abs=0.01)
    unlikely = {"a": {"dog": 0.00009, "cat": 0.5}, "b": {"dog": 0.0, "cat": 0.5}}
    assert likeness_of(unlikely) == {name: {"dog": 0, "cat": 0} for name in unlikely}
    assert likeness_of({}) == {}


def test_a_user_without_corrections_has_no_directions() -> None:
    assert not StatedWords.of(None).directions
    assert not StatedWords.of(profile(color_taste())).directions
    assert not stated().has_look
    assert not stated(correction("preference", SUBJECT, pinned=("bird",))).has_look


def order(directions: Mapping[str, float], slate: str = "abcdef", **options: int) -> str:
    images = [scored_image(name, 25 - place) for place, name in enumerate(slate)]
    return names(moved(images, directions, size=options.get("size", len(images))))


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        ({}, "abcdef"),
        ({"f": 1}, "abcfde"),
        ({"a": -1}, "bcadef"),
        ({"a": 1}, "abcdef"),
        ({"e": 1, "f": 1}, "abecfd"),
        ({"f": 2}, "afbcde"),
        ({"a": -1, "b": 1}, "bcadef"),
    ],
)
def test_an_image_passes_two_others_for_each_word(
    directions: Mapping[str, int], expected: str
) -> None:
    assert order(directions) == expected


def test_in_a_long_feed_a_word_moves_images_further() -> None:
    images = [scored_image(str(place), 25 - place / 10) for place in range(100)]
    after = moved(images, {"60": 1}, size=100)
    assert [image.image_id for image in after].index("60") == 45
    assert after[45].moved_by_words == 15
    assert {image.moved_by_words for image in after} == {0, 15}


def test_seen_images_stay_behind_whatever_they_show() -> None:
    images = [scored_image(name, total) for name, total in zip("abcd", (4, 3, 2, 1), strict=True)]
    feed = ordered(images, seen_ids={"d"}, author_cap=0, size=4, directions={"d": 1, "c": 1})
    assert names(feed) == "cabd"


@given(st.lists(st.sampled_from((-1, 0, 1)), min_size=2, max_size=20))
def test_each_side_moves_the_right_way_where_it_has_room(directions: list[int]) -> None:
    images = [scored_image(f"{place}", 25 - place) for place in range(len(directions))]
    by_id = {image.image_id: one for image, one in zip(images, directions, strict=True)}
    after = [image.image_id for image in moved(images, by_id, size=len(images))]
    assert sorted(after) == sorted(by_id)
    count = len(images)
    for way, ends in ((1, range(count)), (-1, range(count - 1, -1, -1))):
        showing = [name for name, one in by_id.items() if one == way]
        assert [name for name in after if name in showing] == showing, "equal ones keep their order"
        before, now = sum(map(int, showing)), sum(map(after.index, showing))
        if before == sum(ends[: len(showing)]):
            assert now == before, "they are at the end already"
        else:
            assert way * (before - now) > 0
