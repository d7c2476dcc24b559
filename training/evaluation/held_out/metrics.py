"""Compute each share of a held-out evaluation, with its interval over users."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.rationale import agrees
from shared.vlm.protocol import Description, PredictedTaste, Rationales, Scores
from training.evaluation.held_out.report import KINDS, HeldOutReport
from training.evaluation.held_out.users import HeldOutUser, PairKind
from training.evaluation.pairing import win
from training.statistics.bootstrap import share
from training.statistics.interval import Share


@dataclass(frozen=True)
class Answers:
    """Answers of the model for each user, in order."""

    predicted: Sequence[PredictedTaste]
    described: Sequence[Description]
    """Of the better image of each user's first pair."""
    scores: Mapping[str, Sequence[Sequence[tuple[Scores, Scores]]]]
    """By condition: for each user, the better and the worse image of each pair."""
    rationales: Sequence[Rationales]
    """For the better image of each user's first pair, with the predicted profile."""


def count(
    answers: Answers, users: Sequence[HeldOutUser], *, version: str, seed: int
) -> HeldOutReport:
    """The report of these answers."""

    def pairs(
        condition: str,
        kind: PairKind,
        *,
        group: str | None = None,
        element: Element | None = None,
    ) -> Share:
        by_user = [
            [
                win(better.total, worse.total)
                for pair, (better, worse) in zip(user.pairs, scores, strict=True)
                if pair.kind == kind and element in (None, pair.element)
            ]
            for user, scores in zip(users, answers.scores[condition], strict=True)
            if group in (None, str(user.kind))
        ]
        return share(by_user, seed=seed)

    def by_user(right: Callable[[int], list[bool]]) -> Share:
        return share([right(k) for k in range(len(users))], seed=seed)

    def described_right(element: Element) -> Callable[[int], list[bool]]:
        return lambda k: [
            answers.described[k].words.get(element) == (users[k].pairs[0].better_shows[element],)
        ]

    def profile_right(element: Element) -> Callable[[int], list[bool]]:
        return lambda k: [
            set(words.get(element, ())) == set(true[element])
            for words, true in (
                (answers.predicted[k].preference, users[k].likes),
                (answers.predicted[k].non_preference, users[k].dislikes),
            )
        ]

    def rationales_agree(k: int) -> list[bool]:
        rationales, better = answers.rationales[k].by_element, answers.scores["predicted"][k][0][0]
        return [agrees(rationales.get(e, ""), better.mode(e)) for e in ELEMENTS]

    groups = sorted({str(user.kind) for user in users})
    return HeldOutReport(
        model_version=version,
        users=len(users),
        seed=seed,
        pairs={name: {kind: pairs(name, kind) for kind in KINDS} for name in answers.scores},
        predicted_by_group={
            group: {kind: pairs("predicted", kind, group=group) for kind in KINDS}
            for group in groups
        },
        predicted_by_element={
            e.label: pairs("predicted", "one-element", element=e) for e in ELEMENTS
        },
        profile={e.label: by_user(profile_right(e)) for e in ELEMENTS},
        description={e.label: by_user(described_right(e)) for e in ELEMENTS},
        well_formed={
            "predict": by_user(lambda k: [not answers.predicted[k].problems]),
            "describe": by_user(lambda k: [not answers.described[k].problems]),
            "explain": by_user(lambda k: [not answers.rationales[k].problems]),
        },
        rationales_agree=by_user(rationales_agree),
    )
