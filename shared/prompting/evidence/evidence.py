"""Build the evidence of one image: the claims about it, their sentence and their references."""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.events.types.evidence import (
    MAX_NAMED,
    Aspect,
    EvidenceReference,
    EvidenceWord,
    ItemEvidence,
    ReferenceSide,
)
from shared.prompting.evidence.claims import (
    InsteadClaim,
    KnownReference,
    ResemblanceClaim,
    SeenWord,
    WordClaim,
    resemblance_claims,
    word_claims,
)

Claim = WordClaim | InsteadClaim | ResemblanceClaim
MAX_CLAIMS: Final = 2
"""Claims of each kind, for and against: a sentence that is read at a glance."""
MIN_WEIGHT: Final = 0.1
"""Subject or look is named only where it has at least this share of the total score."""
MIN_SHARE: Final = 0.02
"""An element is named only where it has at least this share of the total score."""
NARROW_SHARE: Final = 0.75
"""Share of the references of a broad word that a narrow one must have to be named instead."""
SURE: Final = 0.75
"""Below this confidence a word is `probably` there."""
DECIMALS: Final = 4
MAX_EFFECT: Final = 5.0
"""The range of a subject score."""
NOUNS: Final[dict[Aspect, str]] = {"detail": "detail", "saturation": "colors"}
"""Nouns of the elements whose words are adjectives."""
NAMES: Final[dict[ReferenceSide, tuple[str, str]]] = {
    "liked": ("like", "likes"),
    "disliked": ("dislike", "dislikes"),
}


def evidence_of(
    seen: Sequence[SeenWord],
    references: Sequence[KnownReference],
    *,
    subject_weight: float | None,
    element_shares: Mapping[str, float] | None = None,
) -> ItemEvidence | None:
    """The evidence of one image; None where nothing is known that explains its score.

    `seen` are the words of the image, `references` those of the user. `subject_weight` is the
    share of the subject in the total score; None where the look alone counts. `element_shares` are
    the shares of the elements; without them all count the same.
    """
    weight = subject_weight or 0.0
    subject = subject_claims(seen, references) if weight >= MIN_WEIGHT else []
    look = _look_claims(seen, references, element_shares) if 1 - weight >= MIN_WEIGHT else []
    ordered: list[Claim] = [*subject, *look] if weight >= 1 / 2 else [*look, *subject]
    pros = [claim for claim in ordered if speaks_for(claim)][:MAX_CLAIMS]
    cons = [claim for claim in ordered if not speaks_for(claim)][:MAX_CLAIMS]
    if not pros and not cons:
        return None
    claims = [*pros, *cons]
    return ItemEvidence(
        text=_sentence(pros, cons),
        words=tuple(_word(claim) for claim in claims if not isinstance(claim, ResemblanceClaim)),
        supports=_named(pros, references),
        against=_named(cons, references),
    )


def speaks_for(claim: Claim) -> bool:
    """Whether a claim is a reason to show the image."""
    return not isinstance(claim, InsteadClaim) and claim.side == "liked"


def _look_claims(
    seen: Sequence[SeenWord],
    references: Sequence[KnownReference],
    shares: Mapping[str, float] | None,
) -> list[WordClaim | InsteadClaim]:
    """The claims about elements that count for this user, the weightiest and surest first."""
    counted = [
        word
        for word in seen
        if word.element != "subject" and (shares is None or shares[word.element] >= MIN_SHARE)
    ]
    claims = word_claims(counted, references)
    if shares is None:
        return claims
    return sorted(claims, key=lambda claim: -claim.confidence * shares[claim.seen.element])


def subject_claims(seen: Sequence[SeenWord], references: Sequence[KnownReference]) -> list[Claim]:
    """A side with a word for the subject is named by the word, the other by its resemblance."""
    subjects = [word for word in seen if word.element == "subject"]
    named: dict[ReferenceSide, WordClaim] = {}
    for claim in word_claims(subjects, references):
        if isinstance(claim, WordClaim):
            before = named.get(claim.side)
            named[claim.side] = claim if before is None else _better(before, claim, subjects)
    resembling = [c for c in resemblance_claims(references) if c.side not in named]
    return [*named.values(), *resembling]


def _better(first: WordClaim, second: WordClaim, subjects: Sequence[SeenWord]) -> WordClaim:
    """The narrower word (`bird`), unless the broad one (`animal`) has many more references."""
    narrow, broad = sorted((first, second), key=lambda claim: subjects.index(claim.seen))
    covers = len(narrow.shared_by) >= NARROW_SHARE * len(broad.shared_by)
    return narrow if covers else broad


def _sentence(pros: Sequence[Claim], cons: Sequence[Claim]) -> str:
    parts = ["; ".join(_clause(claim) for claim in side) for side in (pros, cons) if side]
    return "; but ".join(parts)


def _clause(claim: Claim) -> str:
    match claim:
        case ResemblanceClaim(side, count, of, _):
            return f"resembles {_share(count, of, side)}"
        case InsteadClaim(seen, confidence, liked_word):
            return f"{_hedged(seen, confidence)}, and you like {_spoken(liked_word, seen.element)}"
        case WordClaim(seen, side, confidence, shared_by, of):
            return f"{_hedged(seen, confidence)}, as in {_share(len(shared_by), of, side)}"


def _hedged(seen: SeenWord, confidence: float) -> str:
    word = _spoken(seen.word, seen.element)
    return word if confidence >= SURE else f"probably {word}"


def _spoken(word: str, element: Aspect) -> str:
    """The word as a person says it: `rich detail`, `vivid colors`."""
    noun = NOUNS.get(element)
    return word if noun is None or noun.rstrip("s") in word else f"{word} {noun}"


def _share(count: int, of: int, side: ReferenceSide) -> str:
    one, many = NAMES[side]
    if of == 1:
        return f"the one that you {one}"
    return f"all {of} of your {many}" if count == of else f"{count} of your {of} {many}"


def _word(claim: WordClaim | InsteadClaim) -> EvidenceWord:
    element, word = claim.seen.element, claim.seen.word
    confidence = round(min(max(claim.confidence, 0.0), 1.0), DECIMALS)
    if isinstance(claim, InsteadClaim):
        return EvidenceWord(
            element=element, word=word, confidence=confidence, instead_of=claim.liked_word
        )
    return EvidenceWord(
        element=element,
        word=word,
        confidence=confidence,
        side=claim.side,
        shared_by=len(claim.shared_by),
    )


def _named(
    claims: Sequence[Claim], references: Sequence[KnownReference]
) -> tuple[EvidenceReference, ...]:
    """The references that the claims name: those that resemble first, then by shared words."""
    resembling = [i for c in claims if isinstance(c, ResemblanceClaim) for i in c.image_ids]
    words: dict[str, list[str]] = {}
    for claim in claims:
        if isinstance(claim, WordClaim):
            for image_id in claim.shared_by:
                words.setdefault(image_id, []).append(claim.seen.word)
    by_words = sorted(words, key=lambda image_id: -len(words[image_id]))
    known = {reference.image_id: reference for reference in references}
    return tuple(
        EvidenceReference(
            image_id=image_id,
            side=known[image_id].side,
            similarity=_rounded(known[image_id].similarity, limit=1.0),
            effect=(
                _rounded(known[image_id].effect, limit=MAX_EFFECT)
                if image_id in resembling
                else None
            ),
            shared_words=tuple(words.get(image_id, ())),
        )
        for image_id in list(dict.fromkeys((*resembling, *by_words)))[:MAX_NAMED]
    )


def _rounded(value: float | None, *, limit: float) -> float | None:
    return None if value is None else round(min(max(value, -limit), limit), DECIMALS)
