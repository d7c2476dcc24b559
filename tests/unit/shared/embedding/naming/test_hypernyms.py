"""The words of the classes are right, disjoint where they must be, and given only where sure."""

import numpy as np
import pytest

from shared.embedding.images.naming.class_words import CLASSES, sure_words
from shared.embedding.images.naming.hypernyms import HYPERNYMS, classes_of, with_broader
from shared.embedding.protocol import Vectors

NAMES = {
    "bird": ("robin", "flamingo", "king penguin"),
    "fish": ("goldfish", "puffer"),
    "dog": ("Chihuahua", "Mexican hairless", "collie"),
    "cat": ("Egyptian cat", "tabby"),
    "big cat": ("lion", "tiger"),
    "bear": ("giant panda", "ice bear"),
    "horse": ("sorrel",),
    "primate": ("gorilla", "howler monkey"),
    "butterfly": ("monarch",),
    "flower": ("daisy",),
    "fruit": ("banana", "pomegranate"),
    "vegetable": ("broccoli", "bell pepper"),
    "mushroom": ("agaric", "bolete"),
    "car": ("sports car", "limousine"),
    "truck": ("garbage truck", "fire engine"),
    "bus": ("school bus",),
    "train": ("steam locomotive",),
    "bicycle": ("mountain bike",),
    "aircraft": ("airliner", "warplane"),
    "boat": ("canoe", "speedboat", "container ship"),
    "guitar": ("acoustic guitar", "electric guitar"),
    "piano": ("grand piano", "upright"),
    "musical instrument": ("violin", "sax", "trombone"),
    "church": ("church",),
    "castle": ("castle",),
    "building": ("mosque", "palace", "castle"),
    "bridge": ("suspension bridge", "viaduct"),
    "mountain": ("alp", "volcano"),
    "coast": ("seashore", "promontory"),
    "ball": ("soccer ball", "tennis ball"),
    "tool": ("hammer", "screwdriver"),
}


def probabilities(*classes: dict[int, float]) -> Vectors:
    rows = np.zeros((len(classes), CLASSES), np.float32)
    for row, known in zip(rows, classes, strict=True):
        row[list(known)] = list(known.values())
    return rows


def test_the_classes_of_a_word_are_those_with_these_names() -> None:
    meta = pytest.importorskip("torchvision.models._meta")
    number = {name: index for index, name in enumerate(meta._IMAGENET_CATEGORIES)}
    for word, names in NAMES.items():
        assert {number[name] for name in names} <= classes_of(word), word


def test_no_class_has_two_words_of_the_same_level() -> None:
    for word, entry in HYPERNYMS.items():
        for other, compared in HYPERNYMS.items():
            if word < other and entry.broader == compared.broader:
                assert not classes_of(word) & classes_of(other), (word, other)


def test_a_narrow_word_comes_with_its_broader_ones() -> None:
    assert with_broader("dog") == ("dog", "mammal", "animal")
    (words,) = sure_words(probabilities({7: 0.6, 15: 0.35, 207: 0.05}))
    assert [(word.word, word.probability) for word in words] == [("bird", 0.95), ("animal", 1.0)]


def test_classes_that_differ_share_a_broad_word() -> None:
    (words,) = sure_words(probabilities({281: 0.4, 331: 0.4, 2: 0.1}))
    assert [word.word for word in words] == ["mammal", "animal"]


@pytest.mark.parametrize(
    "unsure",
    [
        {7: 0.6, 985: 0.4},  # a bird or a flower
        {524: 0.9},  # a cuirass: what the network takes painted portraits for
        {409: 0.95},  # a clock: what it takes drawings for
        {},
    ],
)
def test_an_image_that_is_not_sure_gets_no_word(unsure: dict[int, float]) -> None:
    assert sure_words(probabilities(unsure)) == [()]


def test_dogs_need_more_because_they_have_more_than_a_hundred_classes() -> None:
    diffuse = dict.fromkeys(range(151, 269), 0.8 / 118)
    (words,) = sure_words(probabilities(diffuse))
    assert [word.word for word in words] == ["mammal", "animal"]
