"""Make the cases of one user from ratings: references and pairs of two separate sets of images.

Protocol: (1) an image with two different scores of the user is left out; (2) the images are divided
into those for references and those that are judged, spread evenly over the scores (systematic
sampling, with a start of the seed and an order of the seed among equal scores); (3) the highest
scores of the first part are the liked references and the lowest the disliked ones, at least the
margin apart; (4) the images of the second part are matched into pairs with at least the margin
between their scores, each image in one pair at most, and the seed draws among the pairs. Only
scores of the same user are compared: people use the scale differently.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from training.evaluation.benchmark.public_data.cases.protocol import (
    SPARE_REFERENCES,
    Protocol,
    draw,
)
from training.evaluation.benchmark.public_data.values import (
    JudgedPair,
    Rating,
    UserCases,
    UserLeftOut,
)
from training.evaluation.benchmark.public_data.writing.left_out import LeftOut


def cases_of_ratings(
    user: str, ratings: Iterable[Rating], protocol: Protocol, left_out: LeftOut
) -> UserCases | UserLeftOut:
    """The cases of one user, whose ratings may come in any order."""
    rated = _scores(ratings, left_out)
    for_references, judged = _divided(list(rated.values()), protocol, user)
    sides = _references(for_references, protocol, user)
    if sides is None:
        return UserLeftOut(
            user, "too_few_references",
            f"{len(rated)} images are rated; {protocol.references} liked and"
            f" {protocol.references} disliked references, {protocol.margin:g} points apart, are"
            " needed",
        )  # fmt: skip
    pairs = _pairs(judged, protocol, user)
    if not pairs:
        return UserLeftOut(
            user, "too_few_pairs",
            f"no two of {len(judged)} judged images are {protocol.margin:g} points apart",
        )  # fmt: skip
    return UserCases(user, *sides, tuple(pairs))


def _scores(ratings: Iterable[Rating], left_out: LeftOut) -> Mapping[str, Rating]:
    """One rating an image; images with different scores of this user are left out."""
    by_image: dict[str, list[Rating]] = defaultdict(list)
    for rating in sorted(ratings, key=lambda r: (r.image, r.score, r.place.file, r.place.line)):
        by_image[rating.image].append(rating)
    kept: dict[str, Rating] = {}
    for image, same in by_image.items():
        scores = sorted({rating.score for rating in same})
        if len(scores) > 1:
            values = " and ".join(f"{score:g}" for score in scores)
            for rating in same:
                left_out.row(
                    rating.place, "contradicting_ratings",
                    f"user {rating.user} rates {image} with {values}",
                )  # fmt: skip
            continue
        kept[image] = same[0]
        for rating in same[1:]:
            left_out.row(
                rating.place, "repeated_row", f"the rating of {image} is in an earlier row"
            )
    return kept


def _divided(
    rated: Sequence[Rating], protocol: Protocol, user: str
) -> tuple[list[Rating], list[Rating]]:
    """The ratings for references and those that are judged, with about the same scores in both."""
    share, start = protocol.judged_share, draw(protocol.seed, user, "start") / 2**64
    parts: tuple[list[Rating], list[Rating]] = ([], [])
    for n, rating in enumerate(_by_score(rated, protocol, user, "divided")):
        is_judged = int((n + 1) * share + start) > int(n * share + start)
        parts[is_judged].append(rating)
    return parts


def _references(
    rated: Sequence[Rating], protocol: Protocol, user: str
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Liked and disliked images with spare ones, or None where there are too few."""
    order = _by_score(rated, protocol, user, "reference")
    for count in range(protocol.references + SPARE_REFERENCES, protocol.references - 1, -1):
        if len(order) < 2 * count:
            continue
        disliked, liked = order[:count], order[: -count - 1 : -1]
        if liked[-1].score - disliked[-1].score >= protocol.margin:
            return tuple(r.image for r in liked), tuple(r.image for r in disliked)
    return None


def _pairs(rated: Sequence[Rating], protocol: Protocol, user: str) -> list[JudgedPair]:
    """As many pairs as the margin allows, then a draw of the seed among them."""
    order = _by_score(rated, protocol, user, "judged")
    # The most pairs: each image of the lower half gets the lowest free image that is far enough.
    lower, upper = order[: len(order) // 2], order[len(order) // 2 :]
    pairs: list[JudgedPair] = []
    low = 0
    for high in upper:
        if low < len(lower) and high.score - lower[low].score >= protocol.margin:
            pairs.append(JudgedPair(high.image, lower[low].image, str(high.place)))
            low += 1
    return sorted(
        pairs, key=lambda p: (draw(protocol.seed, user, "pair", p.better, p.worse), p.better)
    )[: protocol.pairs]


def _by_score(rated: Sequence[Rating], protocol: Protocol, user: str, part: str) -> list[Rating]:
    return sorted(rated, key=lambda r: (r.score, draw(protocol.seed, user, part, r.image), r.image))
