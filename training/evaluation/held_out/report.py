"""Count what a model got right about held-out users, each share with its interval over users."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.rationale import agrees
from shared.vlm.protocol import Description, PredictedTaste, Rationales, Scores
from training.evaluation.held_out.users import HeldOutUser, PairKind
from training.statistics.bootstrap import share
from training.statistics.interval import Share

KINDS: Final[tuple[PairKind, ...]] = ("all-different", "one-element")


@dataclass(frozen=True)
class Report:
    """What a model got right, each share with its interval over users."""

    model_version: str
    users: int
    seed: int
    pairs: Mapping[str, Mapping[str, Share]]
    """By whose taste, then by kind of pair: how often the better image scored higher."""
    predicted_by_group: Mapping[str, Mapping[str, Share]]
    """As `pairs` for the predicted taste, by whether training met such combinations."""
    predicted_by_element: Mapping[str, Share]
    """One-element pairs with the predicted taste, by the element they differ in."""
    profile: Mapping[str, Share]
    """Sides of predicted tastes whose words for an element are exactly the true ones."""
    description: Mapping[str, Share]
    """Images whose one word for an element is the true one."""
    well_formed: Mapping[str, Share]
    """Answers of a task that could be read whole."""
    reasons_agree: Share
    """Elements whose reason says the same as their score; a missing reason does not."""


@dataclass(frozen=True)
class Answers:
    """What the model said of each user, in order."""

    predicted: Sequence[PredictedTaste]
    described: Sequence[Description]
    """Of the better image of each user's first pair."""
    scores: Mapping[str, Sequence[Sequence[tuple[Scores, Scores]]]]
    """By whose taste: for each user, the better and the worse image of each pair."""
    reasons: Sequence[Rationales]
    """For the better image of each user's first pair, with the predicted taste."""


def count(answers: Answers, users: Sequence[HeldOutUser], *, version: str, seed: int) -> Report:
    def of_pairs(
        name: str,
        *,
        kind: PairKind,
        among: Callable[[HeldOutUser], bool] = lambda _: True,
        element: Element | None = None,
    ) -> Share:
        by_user = [
            [
                _preferred(better, worse)
                for pair, (better, worse) in zip(user.pairs, scores, strict=True)
                if pair.kind == kind and element in (None, pair.element)
            ]
            for user, scores in zip(users, answers.scores[name], strict=True)
            if among(user)
        ]
        return share(by_user, seed=seed)

    groups = sorted({str(user.kind) for user in users})
    return Report(
        model_version=version,
        users=len(users),
        seed=seed,
        pairs={
            name: {kind: of_pairs(name, kind=kind) for kind in KINDS} for name in answers.scores
        },
        predicted_by_group={
            group: {
                kind: of_pairs("predicted", kind=kind, among=_in_group(group)) for kind in KINDS
            }
            for group in groups
        },
        predicted_by_element={
            e.spoken: of_pairs("predicted", kind="one-element", element=e) for e in ELEMENTS
        },
        profile={e.spoken: _profile(e, answers.predicted, users, seed=seed) for e in ELEMENTS},
        description={
            e.spoken: share(
                [
                    [d.words.get(e) == (user.pairs[0].better_shows[e],)]
                    for d, user in zip(answers.described, users, strict=True)
                ],
                seed=seed,
            )
            for e in ELEMENTS
        },
        well_formed={
            "predict": share([[not a.problems] for a in answers.predicted], seed=seed),
            "describe": share([[not a.problems] for a in answers.described], seed=seed),
            "explain": share([[not a.problems] for a in answers.reasons], seed=seed),
        },
        reasons_agree=share(
            [
                [agrees(told.by_element.get(e, ""), pairs[0][0].mode(e)) for e in ELEMENTS]
                for told, pairs in zip(answers.reasons, answers.scores["predicted"], strict=True)
            ],
            seed=seed,
        ),
    )


def _preferred(better: Scores, worse: Scores) -> float:
    """1 when the better image scores higher, one half for a tie."""
    difference = better.total - worse.total
    return 0.5 if difference == 0 else float(difference > 0)


def _profile(
    element: Element,
    predicted: Sequence[PredictedTaste],
    users: Sequence[HeldOutUser],
    *,
    seed: int,
) -> Share:
    by_user = [
        [
            set(said.get(element, ())) == set(true[element])
            for said, true in ((answer.likes, user.likes), (answer.dislikes, user.dislikes))
        ]
        for answer, user in zip(predicted, users, strict=True)
    ]
    return share(by_user, seed=seed)


def _in_group(group: str) -> Callable[[HeldOutUser], bool]:
    return lambda user: str(user.kind) == group
