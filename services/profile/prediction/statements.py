"""Compare the taste with what the user stated, and note where feedback on feeds overrules it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np

from services.profile.prediction.vote_weights import GroupPrediction, vote_weights
from shared.domain.corrections import SIDES, SideName
from shared.domain.taste import ELEMENTS, MAX_WORDS, Element, Taste, TasteSide, Words
from shared.domain.weights.weight_estimation import Mask
from shared.domain.word_forms import NO_SYNONYMS, Synonyms, canonical
from shared.events.types.taste_change import MAX_HISTORY, TasteChange
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.prompt import WORDS_SHOWN
from shared.store.protocol import Reference, StatedTaste

Place = tuple[SideName, Element]
MIN_STATED: Final = 2
"""Stated references that must show a word, so that feedback does not outvote it."""
MIN_STATED_SHARE: Final = 0.3
"""Least share of the stated references of a side that must show it."""


def is_stated(reference: Reference) -> bool:
    """Whether the user stated the reference, independently of any feed."""
    return reference.action.startswith("reference_")


def stated_by_side(references: Sequence[Reference]) -> tuple[Mask, Mask]:
    """Which of the liked and of the disliked references the user stated."""
    return _by_side(references, is_stated)


def shown_by_side(references: Sequence[Reference], viewed: Collection[str]) -> tuple[Mask, Mask]:
    """Which of the liked and of the disliked references are feedback on viewed images.

    `viewed` holds the content hashes of these images.
    """
    return _by_side(references, lambda r: not is_stated(r) and r.content_hash in viewed)


def _by_side(
    references: Sequence[Reference], holds: Callable[[Reference], bool]
) -> tuple[Mask, Mask]:
    liked, disliked = (
        np.array([holds(r) for r in references if r.side == side], np.bool_)
        for side in ("liked", "disliked")
    )
    return liked, disliked


def stated_taste(
    groups: Sequence[GroupPrediction],
    *,
    taste: Taste,
    model_version: str,
    known: StatedTaste | None,
) -> StatedTaste | None:
    """The taste that the stated references give alone; None without any.

    It is the predicted taste while all references are stated, and then kept until the statements
    or the model change. After that, each group votes with its stated references.
    """
    references = {r.content_hash: r for group in groups for r in (*group.liked, *group.disliked)}
    stated = frozenset(name for name, r in references.items() if is_stated(r))
    if not stated:
        return None
    if len(stated) == len(references):
        return StatedTaste(taste=taste, model_version=model_version, content_hashes=stated)
    if known and (known.model_version, known.content_hashes) == (model_version, stated):
        return known
    only_stated = [
        GroupPrediction(
            [r for r in group.liked if is_stated(r)],
            [r for r in group.disliked if is_stated(r)],
            group.predicted,
        )
        for group in groups
    ]
    voted = taste_by_vote([group.predicted for group in only_stated], vote_weights(only_stated))
    return StatedTaste(taste=voted, model_version=model_version, content_hashes=stated)


def with_stated_words(
    voted: Taste,
    stated: StatedTaste | None,
    references: Sequence[Reference],
    synonyms: Synonyms = NO_SYNONYMS,
) -> Taste:
    """The voted taste, in which feedback does not outvote what several stated references show.

    Votes of feedback add words; only a detected drift replaces a stated one. In a skewed catalog
    most likes show a frequent word, and their votes would outnumber the statement. The references
    have unified words already.
    """
    if stated is None or all(is_stated(reference) for reference in references):
        return voted
    kept = {
        side: {e: _kept(stated.taste, side, e, references, synonyms) for e in ELEMENTS}
        for side in SIDES
    }
    liked, disliked = SIDES
    return Taste(
        preference=_with_kept(voted.preference, kept[liked], other=kept[disliked]),
        non_preference=_with_kept(voted.non_preference, kept[disliked], other=kept[liked]),
    )


def _kept(
    stated: Taste,
    side: SideName,
    element: Element,
    references: Sequence[Reference],
    synonyms: Synonyms,
) -> Words:
    """The stated words of an element that enough stated references of the side show."""
    of_side = [
        r for r in references if is_stated(r) and (r.side == "liked") == (side == "preference")
    ]
    needed = max(MIN_STATED, MIN_STATED_SHARE * len(of_side))
    words = [
        word.model_copy(update={"word": synonyms.of(element, word.word)})
        for word in getattr(stated, side)[element][:WORDS_SHOWN]
    ]
    return tuple(
        word
        for word in words
        if sum(_shows(r, element, [canonical(word.word)]) for r in of_side) >= needed
    )


def _with_kept(
    side: TasteSide, kept: Mapping[Element, Words], *, other: Mapping[Element, Words]
) -> TasteSide:
    """The side with the kept words among those shown, and without the other side's kept words."""
    by_element: dict[str, Words] = {}
    for element in ELEMENTS:
        own = {canonical(word.word) for word in kept[element]}
        taken = {canonical(word.word) for word in other[element]} - own
        words = [word for word in side[element] if canonical(word.word) not in taken]
        shown = {canonical(word.word) for word in words[:WORDS_SHOWN]}
        if not own <= shown:
            voted = {canonical(word.word): word for word in words}
            first = [voted.get(canonical(word.word), word) for word in kept[element]]
            words = first + [word for form, word in voted.items() if form not in own]
        by_element[element.value] = tuple(words[:MAX_WORDS])
    return TasteSide.model_validate(by_element)


def with_changes(
    history: Sequence[TasteChange],
    *,
    stated: Taste | None,
    current: Taste,
    references: Sequence[Reference],
    at: datetime,
) -> tuple[TasteChange, ...]:
    """The history after a prediction; both tastes have the user's corrections.

    An element of a side has a new entry when it overrules a statement by other words than before,
    and when it no longer does.
    """
    if stated is None:
        return tuple(history)
    latest: dict[Place, TasteChange] = {(entry.side, entry.element): entry for entry in history}
    new = []
    for side in SIDES:
        for element in ELEMENTS:
            change = _change(side, element, stated, current, references, at)
            before = latest.get((side, element))
            if change is None:
                if before is not None and before.kind == "overruled":
                    new.append(_restored(before, stated, current, at))
            elif before is None or before.kind == "restored" or not _same(before, change):
                new.append(change)
    return (*history, *new)[-MAX_HISTORY:]


def _change(
    side: SideName,
    element: Element,
    stated: Taste,
    current: Taste,
    references: Sequence[Reference],
    at: datetime,
) -> TasteChange | None:
    """The entry where a stated word is no longer shown; None where all are."""
    before, now = _shown(stated, side, element), _shown(current, side, element)
    forms = [canonical(word) for word in now]
    if all(canonical(word) in forms for word in before):
        return None
    of_side = [r for r in references if (r.side == "liked") == (side == "preference")]
    feedback = [r for r in references if not is_stated(r)]
    new_words = set(forms) - {canonical(word) for word in before}
    behind = [r for r in of_side if not is_stated(r) and _shows(r, element, new_words)]
    return TasteChange(
        at=at,
        kind="overruled",
        side=side,
        element=element,
        stated=before,
        words=now,
        statements=sum(is_stated(r) for r in of_side),
        feedback=Counter(r.action for r in behind or feedback),
    )


def _restored(before: TasteChange, stated: Taste, current: Taste, at: datetime) -> TasteChange:
    update = {
        "at": at,
        "kind": "restored",
        "stated": _shown(stated, before.side, before.element),
        "words": _shown(current, before.side, before.element),
        "feedback": {},
    }
    return before.model_copy(update=update)


def _same(before: TasteChange, change: TasteChange) -> bool:
    return set(map(canonical, before.words)) == set(map(canonical, change.words))


def _shown(taste: Taste, side: SideName, element: Element) -> tuple[str, ...]:
    """The words that prompts show, strongest first."""
    words = getattr(taste, side)[element]
    return tuple(word.word for word in words[:WORDS_SHOWN])


def _shows(reference: Reference, element: Element, forms: Iterable[str]) -> bool:
    return any(canonical(word) in forms for word in reference.described_words(element))
