"""Broad words for the classes of ImageNet, by the number of the class.

The thousand classes are the ones of the ILSVRC challenge (arXiv 1409.0575), in its order. Classes
that the network names for pictures of something else (clothes and armor for portraits, clocks and
book jackets for drawings, worms for patterns) have no word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LEAST_PROBABILITY: Final = 0.7
"""Chosen on packages for development (decision 0122)."""
LEAST_OF_DOGS: Final = 0.9
"""118 classes are dogs, so an animal that the network does not know gets a little of each."""


@dataclass(frozen=True)
class Hypernym:
    """A word, its own classes as ranges with both ends, and the next broader word."""

    classes: str
    broader: str | None = None
    least: float = LEAST_PROBABILITY
    """Probability of all its classes together from which the word is sure."""


HYPERNYMS: Final[Mapping[str, Hypernym]] = {
    "animal": Hypernym("69 71 107 112-113 327"),
    "bird": Hypernym("7-24 80-100 127-146", "animal"),
    "fish": Hypernym("0-6 389-397", "animal"),
    "amphibian": Hypernym("25-32", "animal"),
    "reptile": Hypernym("33-50 52-68", "animal"),
    "insect": Hypernym("300-320", "animal"),
    "butterfly": Hypernym("321-326", "insect"),
    "spider": Hypernym("70 72-77", "animal"),
    "crustacean": Hypernym("118-125", "animal"),
    "mammal": Hypernym("102-106 147-150 269-276 298-299 334 344 350-353 355-364 387", "animal"),
    "dog": Hypernym("151-268", "mammal", LEAST_OF_DOGS),
    "fox": Hypernym("277-280", "mammal"),
    "cat": Hypernym("281-285", "mammal"),
    "big cat": Hypernym("286-293", "mammal"),
    "bear": Hypernym("294-297 388", "mammal"),
    "rabbit": Hypernym("330-332", "mammal"),
    "rodent": Hypernym("333 335-338", "mammal"),
    "horse": Hypernym("339", "mammal"),
    "zebra": Hypernym("340", "mammal"),
    "pig": Hypernym("341-343", "mammal"),
    "cattle": Hypernym("345-347", "mammal"),
    "sheep": Hypernym("348-349", "mammal"),
    "camel": Hypernym("354", "mammal"),
    "primate": Hypernym("365-384", "mammal"),
    "elephant": Hypernym("101 385-386", "mammal"),
    "plant": Hypernym("984 989"),
    "flower": Hypernym("985-986", "plant"),
    "mushroom": Hypernym("947 992-997"),
    "food": Hypernym("924-935 959-965"),
    "fruit": Hypernym("948-957", "food"),
    "vegetable": Hypernym("936-945", "food"),
    "vehicle": Hypernym("408 450 537 573 575 586 595 612 802-803 812 847 856 866"),
    "car": Hypernym("407 436 468 511 609 627 656 661 734 751 817", "vehicle"),
    "truck": Hypernym("555 569 675 717 864 867", "vehicle"),
    "bus": Hypernym("654 779 874", "vehicle"),
    "train": Hypernym("466 547 565 705 820 829", "vehicle"),
    "bicycle": Hypernym("444 671", "vehicle"),
    "motorcycle": Hypernym("665 670", "vehicle"),
    "aircraft": Hypernym("404 895", "vehicle"),
    "boat": Hypernym("403 472 484 510 554 576 625 628 724 780 814 833 871 914", "vehicle"),
    "musical instrument": Hypernym("401 432 486 513 541 566 593-594 683 776 875"),
    "guitar": Hypernym("402 420 546", "musical instrument"),
    "piano": Hypernym("579 881", "musical instrument"),
    "violin": Hypernym("889", "musical instrument"),
    "building": Hypernym("425 437 449 536 538 580 663 668 682 698 853 873 900"),
    "church": Hypernym("442 497", "building"),
    "castle": Hypernym("483", "building"),
    "bridge": Hypernym("821 839 888", "building"),
    "landscape": Hypernym("972 974"),
    "mountain": Hypernym("970 979-980", "landscape"),
    "coast": Hypernym("460 975-978", "landscape"),
    "ball": Hypernym("429-430 768 805 852 890"),
    "tool": Hypernym("477 491 587 596 726 740 784 792"),
}


def classes_of(word: str) -> frozenset[int]:
    """The classes of a word and of all narrower words."""
    own = HYPERNYMS[word].classes.split()
    numbers = {number for part in own for number in _range(part)}
    narrower = (name for name, entry in HYPERNYMS.items() if entry.broader == word)
    return frozenset(numbers).union(*(classes_of(name) for name in narrower))


def with_broader(word: str) -> tuple[str, ...]:
    """The word and its broader words, the narrowest first."""
    broader = HYPERNYMS[word].broader
    return (word, *(with_broader(broader) if broader else ()))


def _range(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)
