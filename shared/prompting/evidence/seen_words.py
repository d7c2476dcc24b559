"""Collect the words of one image, and how sure the model is that each is liked or disliked."""

from collections.abc import Mapping, Sequence

from shared.domain.subjects.words import ShownWord
from shared.domain.taste import ELEMENTS, Element
from shared.domain.word_forms import canonical
from shared.embedding.images.reference_effects import NEUTRAL
from shared.events.types.evidence import ReferenceSide
from shared.prompting.evidence.claims import SeenWord
from shared.prompting.evidence.comparison import Comparison
from shared.prompting.rationale import seen_word
from shared.vlm.protocol import Scores


def seen_words(
    scores: Scores,
    described: Mapping[Element, tuple[str, ...]],
    rationales: Mapping[Element, str],
) -> tuple[SeenWord, ...]:
    """The words of the five elements: by the image's description, or else by its rationales.

    How sure the model is follows from its probabilities of the digits.
    """
    seen = []
    for element in ELEMENTS:
        digits = scores.digits[element]
        by_rationale = seen_word(rationales.get(element, ""))
        seen += [
            SeenWord(
                element.value,
                word,
                liked=sum(digits[4:]),
                disliked=sum(digits[:2]),
                below_neutral=sum(digits[:3]),
            )
            for word in described.get(element) or ((by_rationale,) if by_rationale else ())
        ]
    return tuple(seen)


def seen_subjects(
    score: float | None,
    shown: Sequence[ShownWord],
    comparison: Comparison | None,
    words_of: Mapping[ReferenceSide, Mapping[str, Sequence[ShownWord]]],
) -> tuple[SeenWord, ...]:
    """The words for what the image shows, narrowest first; the subject score gives their side.

    A word is left out where the references that share it do not move the score to their side.
    `words_of` has the words of the references by the names of the comparison.
    """
    if score is None or comparison is None:
        return ()
    is_liked = score > NEUTRAL
    side: ReferenceSide = "liked" if is_liked else "disliked"
    return tuple(
        SeenWord(
            "subject",
            word.word,
            liked=word.probability if is_liked else 0.0,
            disliked=0.0 if is_liked else word.probability,
        )
        for word in shown
        if comparison.is_moved_by(side, _sharing(word.word, words_of[side]))
    )


def _sharing(word: str, words_of: Mapping[str, Sequence[ShownWord]]) -> set[str]:
    form = canonical(word)
    return {
        name
        for name, words in words_of.items()
        if any(canonical(shown.word) == form for shown in words)
    }
