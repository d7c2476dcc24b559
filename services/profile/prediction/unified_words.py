"""Let words that mean nearly the same count as one word in a prediction."""

from collections.abc import Iterable, Mapping, Sequence

from services.profile.prediction.base_rates import BaseRates
from shared.domain.corrections import Correction
from shared.domain.taste import ELEMENTS, Element
from shared.domain.word_forms import Synonyms
from shared.store.protocol import Reference
from shared.vlm.protocol import PredictedTaste


def words_in_use(
    predicted: Iterable[PredictedTaste],
    references: Iterable[Reference],
    corrections: Iterable[Correction],
    base_rates: BaseRates,
) -> Mapping[Element, list[str]]:
    """All words of a prediction by element, each as often as it is used.

    The words of the catalog come last and once, the most frequent first: which spelling stands for
    a group is decided by the user's own words.
    """
    words: dict[Element, list[str]] = {element: [] for element in ELEMENTS}
    for taste in predicted:
        for side in (taste.preference, taste.non_preference):
            for element, of_element in side.items():
                words[element] += of_element
    for reference in references:
        for element in ELEMENTS:
            words[element] += reference.described_words(element)
    for correction in corrections:
        if correction.element in words:
            words[Element(correction.element)] += correction.words
    for element in ELEMENTS:
        words[element] += base_rates.most_frequent(element)
    return words


def unified_taste(taste: PredictedTaste, synonyms: Synonyms) -> PredictedTaste:
    """A prediction in the words that stand for their groups."""
    preference, non_preference = (
        {element: synonyms.all_of(element, words) for element, words in side.items()}
        for side in (taste.preference, taste.non_preference)
    )
    return PredictedTaste(preference, non_preference, taste.problems)


def unified_references(references: Sequence[Reference], synonyms: Synonyms) -> list[Reference]:
    """References that show the words that stand for their groups; they are not stored like this."""
    if not synonyms.words:
        return list(references)
    return [_unified(reference, synonyms) for reference in references]


def _unified(reference: Reference, synonyms: Synonyms) -> Reference:
    if reference.description is None:
        return reference
    words = tuple(
        (element, synonyms.all_of(element, of_element))
        for element, of_element in reference.description.words
    )
    description = reference.description.model_copy(update={"words": words})
    return reference.model_copy(update={"description": description})
