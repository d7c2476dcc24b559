"""Find the words of an element that mean nearly the same, by the embedder.

`vivid`, `vibrant` and `intense` then count as one word in votes, corrections and drift detection.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from shared.domain.taste import Element
from shared.domain.word_forms import Synonyms, canonical
from shared.embedding.protocol import Embedder, Vectors
from shared.embedding.word_scales import (
    LEVELS,
    MODIFIERS,
    OPPOSITES,
    differing_parts,
    known_level,
    without_carriers,
)

MIN_SIMILARITY: Final[Mapping[Element, float]] = {
    Element.ART_STYLE: 0.7,
    Element.COLOR: 0.92,
    Element.MEDIUM: 0.72,
    Element.SATURATION: 0.45,
    Element.DETAIL: 0.45,
}
"""Least cosine of two near-synonyms, and on a scale of a word and the nearest listed word. `blue`
and `red` have .73, so colors need nearly equal texts (training/LOG.md, 2026-11-30)."""
MIN_MARGIN: Final = 0.09
"""How much nearer a word must be to one level of a scale than to every other level."""
MAX_WORDS: Final = 100
"""Words of an element that are compared, the most frequent ones: a model without a fixed vocabulary
may use thousands. The others only vote with their own forms."""


async def near_synonyms(words: Mapping[Element, Sequence[str]], embedder: Embedder) -> Synonyms:
    """Group the words of each element; a word that is listed often has more support.

    The most frequent spelling stands for its group, of equal ones the first. The word with the most
    support takes those that are similar to it, then the next one: the result depends on nothing
    else, and no chain of similar words joins two that are not similar to the first.
    """
    groups = {
        element: await _spellings(element, of_element, embedder)
        for element, of_element in words.items()
    }
    return Synonyms({element: spellings for element, spellings in groups.items() if spellings})


async def _spellings(element: Element, words: Sequence[str], embedder: Embedder) -> dict[str, str]:
    """The spelling that stands for each canonical form whose group has several forms."""
    support: Counter[str] = Counter(canonical(word) for word in words)
    forms = [form for form, _ in support.most_common(MAX_WORDS)]
    if len(forms) < 2:
        return {}
    same = await _are_same(element, forms, embedder)
    count = Counter(words)
    chosen: dict[str, str] = {}
    taken: set[int] = set()
    for leader in range(len(forms)):
        group = [i for i in range(leader, len(forms)) if same[leader, i] and i not in taken]
        taken.update(group)
        if leader in group and len(group) > 1:
            of_group = {forms[i] for i in group}
            spellings = [word for word in count if canonical(word) in of_group]
            best = max(spellings, key=lambda word: count[word])  # the first of equal ones
            chosen |= dict.fromkeys(of_group, best)
    return chosen


async def _are_same(element: Element, forms: Sequence[str], embedder: Embedder) -> Vectors:
    """Which forms mean nearly the same. (forms, forms), booleans"""
    vectors = await embedder.embed(forms)
    if element in LEVELS:
        levels = await _levels(element, forms, vectors, embedder)
        known = levels >= 0
        same = (levels[:, None] == levels) & known[:, None] & known
        return np.asarray(same | np.eye(len(forms), dtype=bool))
    same = vectors @ vectors.T >= MIN_SIMILARITY[element]
    for i, j in np.argwhere(np.triu(same, 1)):
        same[i, j] = same[j, i] = await _parts_are_same(element, forms[i], forms[j], embedder)
    bare = np.array([without_carriers(element, form) for form in forms])
    return np.asarray(same | (bare[:, None] == bare))


async def _levels(
    element: Element, forms: Sequence[str], vectors: Vectors, embedder: Embedder
) -> Vectors:
    """The level of each form on the scale of the element, -1 where it is not sure. (forms,)"""
    nearest = []
    for level in LEVELS[element]:
        listed = await embedder.embed(level)
        nearest.append((vectors @ listed.T).max(axis=1))
    similarity = np.stack(nearest, axis=1)  # (forms, levels)
    ranked = np.sort(similarity, axis=1)
    is_sure = (ranked[:, -1] >= MIN_SIMILARITY[element]) & (
        ranked[:, -1] - ranked[:, -2] >= MIN_MARGIN
    )
    by_embedder = np.where(is_sure, similarity.argmax(axis=1), -1)
    levels = []
    for form, level in zip(forms, by_embedder, strict=True):
        listed_level = known_level(element, form)
        is_changed = not (MODIFIERS | OPPOSITES).isdisjoint(form.split())
        levels.append(listed_level if listed_level is not None else -1 if is_changed else level)
    return np.array(levels)


async def _parts_are_same(element: Element, first: str, second: str, embedder: Embedder) -> bool:
    """Whether the parts in which two similar phrases differ are similar as well.

    `pencil drawing` and `ink drawing` are similar phrases of different words.
    """
    parts = differing_parts(first, second)
    words = [set(part.split()) for part in parts]
    if not MODIFIERS.isdisjoint(words[0] | words[1]):
        return False
    if not all(words):
        return False
    if parts == (first, second):
        return True
    a, b = await embedder.embed(parts)
    return bool(a @ b >= MIN_SIMILARITY[element])
