"""Let each model predict the taste of held-out people, and rank their later pairs with it.

The prediction is serving's: groups of five references of each side, several orders of each group
where serving predicts from several, and a vote over the groups. Both models' scores are totalled
with both models' element weights, which costs no further score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import Taste
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.vlm.order_ensemble import majority_taste, shuffled_orders
from shared.vlm.protocol import PredictedTaste, References, Scores
from training.evaluation.scoring import batches
from training.gate.nights.end_to_end import (
    ADAPTER_ALONE,
    CHALLENGER,
    CHAMPION,
    WEIGHTS_ALONE,
    PredictedPairs,
)
from training.job.evidence.feedback_pairs import PAIR_BATCH, round_robin
from training.job.evidence.format_checks import FormatCounter, FormatCounters
from training.job.evidence.later_pairs import Person
from training.job.evidence.models import ComparedModels
from training.job.scoring.deadline import Advance, IsLate
from training.job.scoring.feedback_cases import FeedbackCase, open_image
from training.job.scoring.pair_scoring import PREDICTION_BATCH, Model
from training.job.scoring.score_cache import ScoreCache

PART: Final = "held-out users"
Row = tuple[str, float, Mapping[str, float]]


@dataclass
class _Predictor:
    """One model with its scores, and the taste that it predicted of each person."""

    model: Model
    formats: FormatCounter
    orders: int
    tastes: dict[str, Taste] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scores = ScoreCache(self.model)

    def margins(
        self, cases: Sequence[FeedbackCase], people: Mapping[str, Person]
    ) -> list[tuple[Scores, Scores]]:
        """Scores of the better and the worse image of each pair, with the person's taste."""
        new = [name for name in dict.fromkeys(c.user for c in cases) if name not in self.tastes]
        self._predict([people[name] for name in new if _has_references(people[name])])
        pairs = [
            (self.tastes.get(case.user) or case.taste or Taste(), case.better, case.worse)
            for case in cases
        ]
        return self.scores.score_pairs(pairs)

    def _predict(self, people: Sequence[Person]) -> None:
        groups = [
            (person.name, References(tuple(map(open_image, up)), tuple(map(open_image, down))))
            for person in people
            for up, down in reference_groups(person.liked, person.disliked)
        ]
        prompts = [order for _, group in groups for order in shuffled_orders(group, self.orders)]
        answers: list[PredictedTaste] = []
        for batch in batches(prompts, PREDICTION_BATCH):
            answers += self.model.predict(batch)
        self.formats.add("a profile", [answer.problems for answer in answers])
        by_person: dict[str, list[PredictedTaste]] = {}
        for number, (name, _) in enumerate(groups):
            orders = answers[number * self.orders : (number + 1) * self.orders]
            by_person.setdefault(name, []).append(majority_taste(orders))
        self.tastes |= {name: taste_by_vote(votes) for name, votes in by_person.items()}


def predicted_pairs(
    models: ComparedModels, people: Sequence[Person], formats: FormatCounters, *, orders: int,
    is_late: IsLate, advance: Advance,
) -> PredictedPairs:  # fmt: skip
    """The margins of the four arms on each pair, round-robin over people: an early end leaves many.

    Where a person has no references, both models score with the stored profile of the slate.
    """
    by_name = {person.name: person for person in people}
    cases = round_robin(case for person in people for case in person.pairs)
    champion = _Predictor(models.champion, formats.champion, orders)
    challenger = _Predictor(models.challenger, formats.challenger, orders)
    weights = models.champion.element_weights, models.challenger.element_weights
    rows: list[Row] = []
    for batch in batches(cases, PAIR_BATCH):
        if is_late():
            break
        first, second = (model.margins(batch, by_name) for model in (champion, challenger))
        rows += [
            (case.user, case.weight, _arms(of_champion, of_challenger, *weights))
            for case, of_champion, of_challenger in zip(batch, first, second, strict=True)
        ]
        advance(PART, len(rows), len(cases))
    return PredictedPairs.of(rows)


def _arms(
    champion: tuple[Scores, Scores], challenger: tuple[Scores, Scores],
    champion_weights: ElementWeights, challenger_weights: ElementWeights,
) -> dict[str, float]:  # fmt: skip
    return {
        CHAMPION: _margin(champion, champion_weights),
        WEIGHTS_ALONE: _margin(champion, challenger_weights),
        ADAPTER_ALONE: _margin(challenger, champion_weights),
        CHALLENGER: _margin(challenger, challenger_weights),
    }


def _margin(scores: tuple[Scores, Scores], weights: ElementWeights) -> float:
    better, worse = (replace(score, weights=weights).total for score in scores)
    return better - worse


def _has_references(person: Person) -> bool:
    return bool(person.liked or person.disliked)
