"""Real pictures are answered from their words, and drawings by the engine, in order."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.pairwise import Comparison, Pair
from shared.vlm.pictures.medium_classifier import FILE, MediumClassifier
from shared.vlm.pictures.picture_model import PictureModel
from shared.vlm.pictures.picture_reader import PictureReader
from shared.vlm.pictures.pixel_statistics import Floats
from shared.vlm.pictures.visible_part import VisiblePart
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)

PHOTOGRAPH = Image.new("RGB", (160, 130), (200, 40, 30))
VECTOR_ART = Image.new("RGB", (160, 130), "blue")
DRAWN = Image.new("RGB", (84, 84), (0, 128, 0))
MEDIUMS = ("photograph", "pixel art", "vector art")


class FakeFeatures:
    """The color of a picture's first pixel: red as a statistic, green and blue as textures."""

    def __init__(self) -> None:
        self.pictures = self.textured = 0

    def statistics(self, pictures: Sequence[Image.Image], parts: object) -> Floats:
        self.pictures += len(pictures)
        return np.array([np.asarray(p)[0, 0, :1] for p in pictures], np.float32)

    def textures(self, parts: Sequence[VisiblePart]) -> Floats:
        self.textured += len(parts)
        return np.array([part.pixels[0, 0, 1:] for part in parts], np.float32)


class FakeEngine:
    """Answers that name the engine, and the inputs that it gets."""

    model_version, element_weights = "fake", EQUAL_WEIGHTS

    def __init__(self) -> None:
        self.tastes: list[Taste] = []

    def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return [PredictedTaste({Element.COLOR: ("engine",)}, {}) for _ in references]

    def describe(self, images: Sequence[Image.Image]) -> list[Description]:
        return [Description({Element.ART_STYLE: ("cubism",)}) for _ in images]

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        self.tastes += [candidate.taste for candidate in candidates]
        return [Scores(dict.fromkeys(ELEMENTS, (0, 0, 0, 0, 1, 0))) for _ in candidates]

    def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return [Rationales({Element.COLOR: "by the engine"}) for _ in scored]

    def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        raise AssertionError("no pair of drawings")


def classifier(threshold: float = 0.5, *, early: float = -9) -> MediumClassifier:
    """Green is a drawing, red a photograph, blue vector art; `early` may call all drawings."""
    return MediumClassifier(
        MEDIUMS,
        mean=np.full(3, 64, np.float32),
        scale=np.full(3, 64, np.float32),
        early_weights=np.zeros(1, np.float32),
        early_bias=np.array(early, np.float32),
        drawing_weights=np.array([0, 9, 0], np.float32),
        drawing_bias=np.array(0, np.float32),
        medium_weights=np.array([[9, 0, 0], [0, 0, 0], [0, 0, 9]], np.float32),
        medium_bias=np.zeros(3, np.float32),
        thresholds=np.full(3, threshold, np.float32),
    )


def model(threshold: float = 0.5) -> tuple[PictureModel, FakeEngine, FakeFeatures]:
    engine, features = FakeEngine(), FakeFeatures()
    reader = PictureReader(classifier(threshold), features)  # type: ignore[arg-type]
    return PictureModel(engine, reader), engine, features


def medium_taste(word: str) -> Taste:
    return Taste(preference=TasteSide(medium=(WeightedWord(word=word, weight=1),)))


def test_each_picture_is_described_by_the_part_that_knows_it() -> None:
    pictures, _, _ = model()
    photograph, drawn, vector_art = pictures.describe([PHOTOGRAPH, DRAWN, VECTOR_ART])
    assert drawn.words == {Element.ART_STYLE: ("cubism",)}
    assert photograph.words[Element.MEDIUM] == ("photograph",)
    assert photograph.words[Element.COLOR] == ("red",)
    assert vector_art.words[Element.MEDIUM] == ("vector art",)
    assert photograph.words[Element.ART_STYLE] == ()
    assert set(photograph.words) == set(ELEMENTS)


def test_an_unsure_medium_is_not_named() -> None:
    pictures, _, _ = model(threshold=1.01)
    (described,) = pictures.describe([PHOTOGRAPH])
    assert described.words[Element.MEDIUM] == ()
    assert described.words[Element.COLOR] == ("red",)


def test_the_medium_of_a_small_picture_is_not_named() -> None:
    pictures, _, _ = model()
    (described,) = pictures.describe([PHOTOGRAPH.resize((300, 100))])
    assert described.words[Element.MEDIUM] == ()
    assert described.words[Element.COLOR] == ("red",)


def test_scores_and_rationales_agree_with_the_description() -> None:
    pictures, _, _ = model()
    inputs = [ScoringInput(medium_taste("photograph"), image) for image in (PHOTOGRAPH, VECTOR_ART)]
    scores = pictures.score(inputs)
    assert [score.mode(Element.MEDIUM) for score in scores] == [5, 2]
    explained = pictures.explain([ScoredInput(i, s) for i, s in zip(inputs, scores, strict=True)])
    assert explained[0].by_element[Element.MEDIUM] == "photograph is liked"
    assert explained[1].by_element[Element.MEDIUM] == "vector art is neither liked nor disliked"


def test_the_engine_gets_only_words_that_drawings_can_show() -> None:
    pictures, engine, _ = model()
    scores = pictures.score(
        [
            ScoringInput(medium_taste("photograph"), DRAWN),
            ScoringInput(medium_taste("charcoal"), DRAWN),
        ]
    )
    assert [score.mode(Element.MEDIUM) for score in scores] == [4, 4]
    assert engine.tastes[0].preference.medium == ()
    assert engine.tastes[1].preference.medium[0].word == "charcoal"


def test_a_taste_is_predicted_from_words_where_enough_references_are_real_pictures() -> None:
    pictures, _, _ = model()
    mixed, drawn, nearly_drawn, nothing = pictures.predict(
        [
            References((PHOTOGRAPH, DRAWN), (VECTOR_ART,)),
            References((DRAWN,), (DRAWN,)),
            References((PHOTOGRAPH, *(DRAWN,) * 4), (DRAWN,) * 3),
            References((), ()),
        ]
    )
    assert drawn == nearly_drawn == nothing
    assert drawn.preference == {Element.COLOR: ("engine",)}
    assert mixed.preference[Element.MEDIUM] == ("photograph",)
    assert mixed.preference[Element.ART_STYLE] == ("cubism",)
    assert mixed.non_preference[Element.MEDIUM] == ("vector art",)


def test_two_real_pictures_are_compared_by_their_scores_in_both_orders() -> None:
    pictures, _, _ = model()
    references = References((PHOTOGRAPH,) * 3, (VECTOR_ART,) * 3)
    answers = pictures.compare(
        [Pair(references, PHOTOGRAPH, VECTOR_ART), Pair(references, VECTOR_ART, PHOTOGRAPH)]
    )
    assert [answer.parsed.choice for answer in answers] == ["A", "B"]
    assert [answer.parsed.failures for answer in answers] == [(), ()]


def test_the_features_of_one_content_are_computed_once() -> None:
    pictures, _, features = model()
    pictures.describe([PHOTOGRAPH, PHOTOGRAPH.copy(), DRAWN])
    pictures.score([ScoringInput(Taste(), PHOTOGRAPH), ScoringInput(Taste(), DRAWN)])
    assert features.pictures == 2


def test_textures_are_not_computed_for_what_is_surely_a_drawing() -> None:
    for early, textured, words in ((-9.0, 1, True), (9.0, 0, False)):
        features = FakeFeatures()
        reader = PictureReader(classifier(early=early), features)  # type: ignore[arg-type]
        assert (reader.read([PHOTOGRAPH])[0] is not None) is words
        assert features.textured == textured


def test_a_classifier_is_read_as_it_was_written(tmp_path: Path) -> None:
    classifier(0.75).write(tmp_path)
    read = MediumClassifier.read(tmp_path)
    assert read is not None
    assert read.mediums == MEDIUMS
    assert np.array_equal(read.medium_weights, classifier().medium_weights)
    assert read.thresholds[0] == np.float32(0.75)


def test_a_model_without_a_classifier_has_no_reader_and_a_broken_one_is_refused(
    tmp_path: Path,
) -> None:
    assert MediumClassifier.read(tmp_path) is None
    (tmp_path / FILE).write_bytes(b"not an archive")
    with pytest.raises(BadCheckpoint, match=FILE):
        MediumClassifier.read(tmp_path)
