"""Evidence names only what the data supports, in short plain sentences."""

from typing import Any

import pytest

from shared.events.types.evidence import Aspect, ReferenceSide
from shared.prompting.evidence.claims import KnownReference, SeenWord
from shared.prompting.evidence.evidence import evidence_of
from shared.prompting.rationale import RELATIONS, rationale, seen_word


def seen(word: str, element: Aspect = "color", **sure: float) -> SeenWord:
    sure = {"liked": 0.0, "disliked": 0.0, **sure}
    return SeenWord(element, word, **sure)


def reference(number: int, side: ReferenceSide, *words: str, **more: Any) -> KnownReference:
    return KnownReference(f"{side}-{number}", side, {"color": words}, **more)


LIKES = [reference(n, "liked", "red") for n in range(3)] + [reference(3, "liked", "pink")]
DISLIKES = [reference(n, "disliked", "blue") for n in range(2)]


def text(*words: SeenWord, references: list[KnownReference], weight: float | None = None) -> str:
    evidence = evidence_of(words, references, subject_weight=weight)
    return evidence.text if evidence else ""


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        (seen("red", liked=0.9), "red, as in 3 of your 4 likes"),
        (seen("Reds", liked=0.6), "probably Reds, as in 3 of your 4 likes"),
        (seen("blue", disliked=0.9), "blue, as in all 2 of your dislikes"),
        (seen("teal", below_neutral=0.9), "teal, and you like red"),
        (seen("red", liked=0.4), ""),  # the model is not sure
        (seen("pink", liked=0.9), ""),  # one of four can be chance
        (seen("teal", liked=0.9), ""),  # no reference shows it
        (seen("red", disliked=0.9), ""),  # the score contradicts the references
        (seen("any", below_neutral=0.9), ""),
    ],
)
def test_a_word_is_named_where_references_and_score_agree(word: SeenWord, sentence: str) -> None:
    assert text(word, references=[*LIKES, *DISLIKES]) == sentence


def test_reasons_for_an_image_come_before_those_against_it() -> None:
    words = (seen("blue", disliked=0.9), seen("red", liked=0.9))
    expected = "red, as in 3 of your 4 likes; but blue, as in all 2 of your dislikes"
    assert text(*words, references=[*LIKES, *DISLIKES]) == expected


def test_the_subject_comes_first_where_it_weighs_more() -> None:
    near = [
        reference(n, "liked", "red", similarity=0.9, effect=effect, resembles=True)
        for n, effect in enumerate((0.01, 0.2, -0.1))
    ]
    references = [*near, reference(9, "liked"), *DISLIKES]
    red = seen("red", liked=0.9)
    by_subject = evidence_of([red], references, subject_weight=0.8)
    assert by_subject is not None
    assert by_subject.text == "resembles 3 of your 4 likes; red, as in 3 of your 4 likes"
    # The strongest first; a reference that takes points away is named for its word alone.
    named = [(r.image_id, r.effect, r.shared_words) for r in by_subject.supports]
    assert named == [
        ("liked-1", 0.2, ("red",)),
        ("liked-0", 0.01, ("red",)),
        ("liked-2", None, ("red",)),
    ]
    assert text(red, references=references, weight=0.3).startswith("red, as in")
    assert text(red, references=references, weight=0.05) == "red, as in 3 of your 4 likes"
    assert text(red, references=references, weight=0.95) == "resembles 3 of your 4 likes"


def test_a_word_for_the_subject_replaces_the_resemblance() -> None:
    dogs = [
        KnownReference(f"dog-{n}", "liked", {"subject": ("dog",)}, 0.9, 0.1, resembles=True)
        for n in range(3)
    ]
    word = seen("dog", "subject", liked=0.95)
    assert text(word, references=[*dogs, *DISLIKES], weight=1.0) == "dog, as in all 3 of your likes"
    assert text(word, references=[*dogs, *DISLIKES]) == ""


def test_the_word_of_a_rationale_is_read_back() -> None:
    words = {seen_word(rationale("oil painting", r, anchor="pop art")) for r in RELATIONS}
    assert words == {"oil painting", None}
    assert seen_word("The colors are close to those of the liked images.") is None


@pytest.mark.parametrize(
    ("element", "word", "spoken"),
    [
        ("detail", "rich", "rich detail"),
        ("saturation", "vivid", "vivid colors"),
        ("saturation", "soft color", "soft color"),
        ("medium", "oil painting", "oil painting"),
    ],
)
def test_an_adjective_gets_the_noun_of_its_element(element: Aspect, word: str, spoken: str) -> None:
    likes = [KnownReference(str(n), "liked", {element: (word,)}) for n in range(2)]
    shown = text(seen(word, element, liked=0.9), references=likes)
    assert shown == f"{spoken}, as in all 2 of your likes"


def test_an_element_that_hardly_counts_is_not_named() -> None:
    red = seen("red", liked=0.9)
    counts = evidence_of([red], LIKES, subject_weight=0.5, element_shares={"color": 0.5})
    assert counts is not None
    hardly = evidence_of([red], LIKES, subject_weight=0.5, element_shares={"color": 0.01})
    assert hardly is None
