"""Near-synonyms of MiniLM are grouped; antonyms, shades and other mediums are not."""

import time
from collections.abc import Iterator, Sequence

import pytest

from shared.domain.corrections import Correction, apply_corrections
from shared.domain.taste import Element, Taste, TasteSide, WeightedWord
from shared.embedding.minilm import MiniLM
from shared.embedding.near_synonyms import MAX_WORDS, near_synonyms
from training.prefersim.values.vocabulary import VALUES

SAME = [
    (Element.SATURATION, "vivid vibrant intense"),
    (Element.SATURATION, "muted subdued dull"),
    (Element.DETAIL, "plain minimalist"),
]
DIFFERENT = [
    (Element.SATURATION, ["muted", "vivid"]),
    (Element.SATURATION, ["low saturation", "high saturation"]),
    (Element.SATURATION, ["bold", "vivid"]),
    (Element.DETAIL, ["rich", "poor"]),
    (Element.COLOR, ["warm", "cool"]),
    (Element.COLOR, ["light", "dark"]),
    (Element.COLOR, ["light blue", "dark blue"]),
    (Element.COLOR, ["blue", "navy"]),
    (Element.COLOR, ["blue", "red"]),
    (Element.MEDIUM, ["oil painting", "watercolor"]),
    (Element.MEDIUM, ["pencil drawing", "ink drawing"]),
    (Element.ART_STYLE, ["impressionism", "expressionism"]),
]


@pytest.fixture(scope="module")
def minilm() -> Iterator[MiniLM]:
    embedder = MiniLM()
    yield embedder
    embedder.close()


async def grouped(minilm: MiniLM, element: Element, words: Sequence[str]) -> tuple[str, ...]:
    return (await near_synonyms({element: words}, minilm)).all_of(element, words)


@pytest.mark.parametrize(("element", "words"), SAME)
async def test_near_synonyms_are_grouped(minilm: MiniLM, element: Element, words: str) -> None:
    assert await grouped(minilm, element, words.split()) == (words.split()[0],)


async def test_phrases_with_nearly_equal_words_are_grouped(minilm: MiniLM) -> None:
    for element, words in (
        (Element.MEDIUM, ["photo", "photograph", "Photographs"]),
        (Element.MEDIUM, ["charcoal", "charcoal drawing"]),
        (Element.ART_STYLE, ["impressionism", "impressionist"]),
        (Element.COLOR, ["warm", "warm tones"]),
    ):
        assert len(await grouped(minilm, element, words)) == 1


@pytest.mark.parametrize(("element", "words"), DIFFERENT)
async def test_different_words_stay_apart(
    minilm: MiniLM, element: Element, words: list[str]
) -> None:
    assert await grouped(minilm, element, words) == tuple(words)


async def test_no_words_of_the_small_model_are_grouped(minilm: MiniLM) -> None:
    assert (await near_synonyms({e: list(v) for e, v in VALUES.items()}, minilm)).words == {}


async def test_the_most_used_spelling_stands_for_its_group_then_the_first(minilm: MiniLM) -> None:
    words = ["Vibrant", "vivid", "intense", "vibrant", "vibrant"]
    assert await grouped(minilm, Element.SATURATION, words) == ("vibrant",)
    assert await grouped(minilm, Element.SATURATION, ["intense", "vivid"]) == ("intense",)


async def test_a_pin_or_veto_covers_near_synonyms(minilm: MiniLM) -> None:
    saturation = tuple(WeightedWord(word=word, weight=0.5) for word in ("vivid", "muted"))
    taste = Taste(preference=TasteSide(saturation=saturation))
    synonyms = await near_synonyms(
        {Element.SATURATION: ["vivid", "muted", "intense", "vibrant"]}, minilm
    )
    for field, expected in (("vetoed", ["muted"]), ("pinned", ["intense", "muted"])):
        correction = Correction.model_validate(
            {"side": "preference", "element": "saturation", field: ["intense"]}
        )
        corrected = apply_corrections(taste, [correction], synonyms)
        assert [word.word for word in corrected.preference.saturation] == expected


async def test_a_thousand_words_stay_fast(minilm: MiniLM) -> None:
    words = [f"tone number {n}" for n in range(1_000)] + ["vivid", "vibrant"] * 3
    synonyms = await near_synonyms({Element.SATURATION: words}, minilm)
    assert synonyms.words[Element.SATURATION].keys() == {"vivid", "vibrant"}
    begin = time.perf_counter()
    await near_synonyms({Element.SATURATION: words}, minilm)
    assert time.perf_counter() - begin < 1
    assert MAX_WORDS <= 100
