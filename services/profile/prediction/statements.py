"""Compare the taste with what the user stated, and note where feedback on feeds overrules it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from services.profile.prediction.vote_weights import GroupPrediction, vote_weights
from shared.domain.corrections import SIDES, SideName
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.domain.word_forms import canonical
from shared.events.types.taste_change import MAX_HISTORY, TasteChange
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.prompt import WORDS_SHOWN
from shared.store.protocol import Reference, StatedTaste

Place = tuple[SideName, Element]


def is_stated(reference: Reference) -> bool:
    """Whether the user stated the reference, independently of any feed."""
    return reference.action.startswith("reference_")


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
