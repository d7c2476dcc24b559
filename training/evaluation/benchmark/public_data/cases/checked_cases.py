"""Check cases against the stored images: none is broken, or both a reference and judged."""

from dataclasses import dataclass

from training.evaluation.benchmark.public_data.values import (
    JudgedPair,
    UserCases,
    UserLeftOut,
)
from training.evaluation.benchmark.public_data.writing.image_store import ImageStore
from training.evaluation.benchmark.public_data.writing.left_out import LeftOut


@dataclass(frozen=True)
class Least:
    """How many references a user keeps, and needs."""

    wanted: int
    needed: int


def checked(
    cases: UserCases, store: ImageStore, least: Least, left_out: LeftOut
) -> UserCases | UserLeftOut:
    """The cases with the files of the store; copies of one image count as the same image.

    References come first: a pair with an image that is among them is left out, because the answer
    would be in the question.
    """
    sides = [_files(side, store, cases.user, left_out) for side in (cases.liked, cases.disliked)]
    contradicting = set(sides[0]) & set(sides[1])
    liked, disliked = (
        tuple(file for file in side if file not in contradicting)[: least.wanted] for side in sides
    )
    if min(len(liked), len(disliked)) < least.needed or not (liked or disliked):
        return UserLeftOut(
            cases.user, "too_few_references",
            f"{len(liked)} liked and {len(disliked)} disliked references can be used;"
            f" {least.needed} of each are needed",
        )  # fmt: skip
    references = {*liked, *disliked}
    pairs: dict[frozenset[str], JudgedPair] = {}
    for pair in cases.pairs:
        problem = _problem(pair, store, references)
        if problem is not None:
            left_out.pair(pair.place, *problem)
            continue
        better, worse = store.files[pair.better], store.files[pair.worse]
        if frozenset((better, worse)) in pairs:
            left_out.pair(pair.place, "repeated_images", "a copy of this pair comes earlier")
            continue
        pairs[frozenset((better, worse))] = JudgedPair(better, worse, pair.place)
    if not pairs:
        return UserLeftOut(cases.user, "too_few_pairs", "no pair can be used")
    return UserCases(cases.user, liked, disliked, tuple(pairs.values()), cases.extra)


def _files(
    images: tuple[str, ...], store: ImageStore, user: str, left_out: LeftOut
) -> tuple[str, ...]:
    """The files of references that can be used, each content once."""
    for image in images:
        if image in store.broken:
            error = store.broken[image]
            left_out.pair(f"reference of user {user}", error.reason, error.detail)
    return tuple(dict.fromkeys(store.files[image] for image in images if image in store.files))


def _problem(pair: JudgedPair, store: ImageStore, references: set[str]) -> tuple[str, str] | None:
    """Why a pair cannot be used: a reason to count and a sentence."""
    for image in (pair.better, pair.worse):
        if image in store.broken:
            return store.broken[image].reason, store.broken[image].detail
        if store.files[image] in references:
            return "image_in_references", f"{image} is also a reference of this user"
    if store.files[pair.better] == store.files[pair.worse]:
        return "same_image", f"{pair.better} and {pair.worse} have the same content"
    return None
