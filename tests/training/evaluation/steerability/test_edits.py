"""Which edits and slates are measured, from a catalog whose words are written out."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from PIL import Image

from shared.domain.subjects.element import SUBJECT
from shared.domain.subjects.words import Subjects, SubjectSide, SubjectWord
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.store.protocol import StoredProfile
from training.evaluation.steerability.edits import (
    CatalogImage,
    Edit,
    draw_control,
    draw_slate,
    edits_of,
    frequencies,
    showing_names,
)
from training.evaluation.steerability.simulated import draw_people, loaded, skewed_values

PIN_RED = Edit("pin", "preference", Element.COLOR, "red", "rare")


def catalog(colors: Sequence[str], subjects: Sequence[Sequence[str]] = ()) -> list[CatalogImage]:
    pixels = Image.new("RGB", (2, 2))
    named = list(subjects) or [()] * len(colors)
    return [
        CatalogImage(
            loaded(pixels, f"{number}"),
            {Element.COLOR: frozenset({color}), SUBJECT: frozenset(words)},
        )
        for number, (color, words) in enumerate(zip(colors, named, strict=True))
    ]


def profile(liked: str, disliked: str, subject: str = "bird") -> StoredProfile:
    sides = [
        TasteSide(color=(WeightedWord(word=word, weight=1.0, count=1),))
        for word in (liked, disliked)
    ]
    word = SubjectWord(word=subject, weight=1.0)
    return StoredProfile(
        tenant="default",
        user_id="ada",
        prediction_version=1,
        predicted=Taste(preference=sides[0], non_preference=sides[1]),
        model_version="words",
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
        predicted_subjects=Subjects(preference=SubjectSide(words=(word,), references=5)),
    )


def test_a_word_is_common_where_more_images_show_it_than_the_mean_word() -> None:
    images = catalog(["blue"] * 6 + ["red"] * 2 + ["green"])
    assert frequencies(images, Element.COLOR) == {"blue": "common", "green": "rare", "red": "rare"}
    assert frequencies(images, Element.MEDIUM) == {}


def test_pins_are_of_new_words_and_vetoes_of_words_of_the_profile() -> None:
    images = catalog(["blue"] * 6 + ["red"] * 2 + ["green"])
    edits = list(
        edits_of(profile("blue", "red"), images, np.random.default_rng(1), elements=[Element.COLOR])
    )
    pins = [(e.side, e.word) for e in edits if e.action == "pin"]
    # The liked common word is known already; on the other side it is new.
    assert ("preference", "blue") not in pins
    assert ("non_preference", "blue") in pins
    assert [(e.side, e.word, e.frequency) for e in edits if e.action == "veto"] == [
        ("preference", "blue", "common"),
        ("non_preference", "red", "rare"),
    ]


def test_a_veto_of_a_subject_is_of_a_subject_of_the_profile() -> None:
    images = catalog(["blue"] * 3, [["bird", "animal"], ["animal"], ["car"]])
    edits = list(
        edits_of(profile("blue", "red"), images, np.random.default_rng(1), elements=[SUBJECT])
    )
    assert [e.word for e in edits if e.action == "veto"] == ["bird"]


def test_liked_pins_and_vetoes_of_disliked_words_raise_and_the_others_lower() -> None:
    def raises(action: str, side: str) -> bool:
        return Edit(action, side, Element.COLOR, "red", "rare").raises  # type: ignore[arg-type]

    assert raises("pin", "preference")
    assert raises("veto", "non_preference")
    assert not raises("pin", "non_preference")
    assert not raises("veto", "preference")


def test_the_event_of_a_pin_names_its_side_and_a_veto_removes_from_both() -> None:
    assert PIN_RED.event("ada").side == "preference"
    veto = Edit("veto", "preference", Element.COLOR, "red", "rare")
    assert veto.event("ada").side is None


def test_every_slate_shows_the_word_and_something_else_and_a_control_never_does() -> None:
    images = catalog(["blue"] * 40 + ["red"])
    for seed in range(20):
        rng = np.random.default_rng(seed)
        slate = draw_slate(images, PIN_RED, rng, size=5)
        assert len({image.name for image in slate}) == 5
        assert showing_names(slate, PIN_RED) == {images[-1].name}
        assert not showing_names(draw_control(images, PIN_RED, rng, size=5), PIN_RED)
    nearly_all = catalog(["red"] * 40 + ["blue"])
    slate = draw_slate(nearly_all, PIN_RED, np.random.default_rng(1), size=5)
    assert 0 < len(showing_names(slate, PIN_RED)) < 5


def test_names_of_one_subject_are_one_word() -> None:
    images = catalog(["blue"] * 2, [["cat"], ["dog"]])
    edit = Edit("pin", "preference", SUBJECT, "kitten", "rare")
    assert showing_names(images, edit) == {images[0].name}


def test_people_of_a_seed_are_the_same_and_their_catalogs_are_skewed() -> None:
    first, again = (next(draw_people(1, seed=3)) for _ in range(2))
    assert [i.content_hash for i in first.liked] == [i.content_hash for i in again.liked]
    assert [i.name for i in first.catalog] == [i.name for i in again.catalog]
    _, counts = np.unique(skewed_values(np.random.default_rng(1), 2_000)[:, 0], return_counts=True)
    assert counts.max() > 5 * counts.min()
