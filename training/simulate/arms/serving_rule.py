"""Rank slates end to end with one model, by the rule of the services.

The model predicts each user's profile from the references and clicks that serving had, the groups
vote as in the profile service, and the digits are weighed by the user's own weights, which start at
those of a population. What the services add by chance or by others' clicks (exploration,
popularity) is left out, and so are the drift detection and several tastes a user: both are the same
for every model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

import numpy as np

from services.profile.prediction.statements import (
    shown_by_side,
    stated_by_side,
    stated_taste,
    with_stated_words,
)
from services.profile.prediction.vote_weights import GroupPrediction, vote_weights
from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Element, Taste
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.word_scores import ShownWords
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.images.weighed_references import LookScores, SeenImages, weigh_references
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.store.protocol import Reference, ReferenceDescription
from shared.vlm.pictures.picture_model import Engine
from shared.vlm.protocol import PredictedTaste, References, ScoringInput
from training.evaluation.scoring import batches
from training.job.scoring.pair_scoring import PREDICTION_BATCH, score_in_batches
from training.simulate.arms.known_references import Known, catalog_key
from training.simulate.arms.pictures import Pictures
from training.simulate.measure.metrics import Floats, Order

PREDICTED_PER_SIDE: Final = 20
"""References of each side from which a profile is predicted (`predicted_per_side`)."""
DESCRIPTION_BATCH: Final = 32
SIDES: Final = ("liked", "disliked")
Group = tuple[Sequence[Reference], Sequence[Reference]]
GroupKeys = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class Slate:
    """Candidates that are ranked for one user, by number."""

    user: int
    candidates: Order


@dataclass
class EndToEnd:
    """One model with the images of a recording; it answers each question once."""

    model: Engine
    pictures: Pictures
    _words: dict[str, ShownWords] = field(default_factory=dict)
    _predicted: dict[GroupKeys, PredictedTaste] = field(default_factory=dict)
    _digits: dict[tuple[Taste, str], Floats] = field(default_factory=dict)
    """The five expected digits by taste and image."""

    def with_words(self, words: Mapping[str, Mapping[Element, Sequence[str]]]) -> "EndToEnd":
        """The same with these words of images, by key, in place of the model's descriptions.

        Elements without words keep the model's; the images must be described.
        """
        self._describe(list(words))
        return replace(self, _words={key: {**self._words[key], **words[key]} for key in words})

    def tastes(self, known: Sequence[Known], users: Sequence[int]) -> dict[int, Taste]:
        """The profile of each of these users."""
        groups = {user: _groups(known[user]) for user in users}
        self._describe([r.content_hash for u in users for r in known[u].references])
        flat = {_keys(group): group for user in users for group in groups[user]}
        missing = [keys for keys in flat if keys not in self._predicted]
        for batch in batches(missing, PREDICTION_BATCH):
            predicted = self.model.predict([self._prompt(flat[keys]) for keys in batch])
            self._predicted |= zip(batch, predicted, strict=True)
        return {
            user: self._taste(
                known[user], groups[user], [self._predicted[_keys(g)] for g in groups[user]]
            )
            for user in users
        }

    def digits(self, slates: Sequence[Slate], tastes: Mapping[int, Taste]) -> list[Floats]:
        """Expected digits of each slate's candidates. (candidates, 5) each"""
        keys = [
            [(tastes[slate.user], catalog_key(int(n))) for n in slate.candidates]
            for slate in slates
        ]
        missing: dict[Taste, list[str]] = {}
        for taste, image in dict.fromkeys(chain.from_iterable(keys)):
            if (taste, image) not in self._digits:
                missing.setdefault(taste, []).append(image)
        # A call with one taste computes its prompt once.
        for taste, images in missing.items():
            inputs = [ScoringInput(taste, self.pictures.images[image]) for image in images]
            for image, scores in zip(images, score_in_batches(self.model, inputs), strict=True):
                self._digits[taste, image] = np.array([scores.expected(e) for e in ELEMENTS])
        return [np.stack([self._digits[key] for key in of_slate]) for of_slate in keys]

    def weights(
        self, known: Known, taste: Taste, population: ElementWeights
    ) -> tuple[RankingWeights, SubjectReferences]:
        """What one user goes by, from the population's weights and the user's references."""
        self._describe(known.background)
        liked, disliked = (
            [r.content_hash for r in known.references if r.side == side] for side in SIDES
        )
        vectors = SubjectReferences(
            self.pictures.vectors(liked),
            self.pictures.vectors(disliked),
            self.pictures.vectors(known.background),
        )
        look = LookScores.of_words(
            self._shown(liked), self._shown(disliked), [taste],
            others=self._shown(known.background), others_were_viewed=True,
        )  # fmt: skip
        seen = SeenImages(
            vectors, look, stated_by_side(known.references),
            shown_by_side(known.references, known.latest), vectors.background,
        )  # fmt: skip
        return weigh_references(vectors, look, population, seen=seen).weights, vectors

    def totals(
        self, slate: Slate, digits: Floats, weights: RankingWeights, vectors: SubjectReferences
    ) -> Floats:
        """Totals 0-25 of a slate's candidates. (candidates,)"""
        keys = [catalog_key(int(n)) for n in slate.candidates]
        subjects = vectors.scores(self.pictures.vectors(keys))
        return np.array(
            [
                weights.total(dict(zip(ELEMENTS, row, strict=True)), float(subject))
                for row, subject in zip(digits, subjects, strict=True)
            ]
        )

    def _shown(self, keys: Sequence[str]) -> list[ShownWords]:
        return [self._words[key] for key in keys]

    def _describe(self, keys: Sequence[str]) -> None:
        missing = [key for key in dict.fromkeys(keys) if key not in self._words]
        for batch in batches(missing, DESCRIPTION_BATCH):
            described = self.model.describe([self.pictures.images[key] for key in batch])
            self._words |= {k: d.words for k, d in zip(batch, described, strict=True)}

    def _prompt(self, group: Group) -> References:
        liked, disliked = (
            tuple(self.pictures.images[r.content_hash] for r in side) for side in group
        )
        return References(liked, disliked)

    def _taste(
        self, known: Known, groups: Sequence[Group], predicted: Sequence[PredictedTaste]
    ) -> Taste:
        """The vote of the groups, with the words that stated references show."""
        votes = [
            GroupPrediction(self._described(liked), self._described(disliked), words)
            for (liked, disliked), words in zip(groups, predicted, strict=True)
        ]
        voted = taste_by_vote(predicted, vote_weights(votes))
        stated = stated_taste(
            votes, taste=voted, model_version=self.model.model_version, known=None
        )
        return with_stated_words(voted, stated, self._described(known.references))

    def _described(self, references: Sequence[Reference]) -> list[Reference]:
        version = self.model.model_version
        return [
            reference.model_copy(
                update={
                    "description": ReferenceDescription(
                        model_version=version,
                        words=tuple(self._words[reference.content_hash].items()),
                    )
                }
            )
            for reference in references
        ]


def rank_slates(
    ranker: EndToEnd, known: Sequence[Known], slates: Sequence[Slate],
    populations: Mapping[str, ElementWeights],
) -> dict[str, list[Floats]]:  # fmt: skip
    """Totals of each slate by the name of the population's weights; the model scores once."""
    tastes = ranker.tastes(known, sorted({slate.user for slate in slates}))
    digits = ranker.digits(slates, tastes)
    return weigh_slates(ranker, known, slates, populations, tastes=tastes, digits=digits)


def weigh_slates(
    ranker: EndToEnd, known: Sequence[Known], slates: Sequence[Slate],
    populations: Mapping[str, ElementWeights], *, tastes: Mapping[int, Taste],
    digits: Sequence[Floats],
) -> dict[str, list[Floats]]:  # fmt: skip
    """Totals by the name of the population's weights, from digits that are known."""
    totals: dict[str, list[Floats]] = {name: [] for name in populations}
    for name, population in populations.items():
        weighed = {
            user: ranker.weights(known[user], taste, population) for user, taste in tastes.items()
        }
        for slate, rows in zip(slates, digits, strict=True):
            totals[name].append(ranker.totals(slate, rows, *weighed[slate.user]))
    return totals


def _groups(known: Known) -> list[Group]:
    liked, disliked = (
        [r for r in known.references if r.side == side][:PREDICTED_PER_SIDE] for side in SIDES
    )
    return reference_groups(liked, disliked)


def _keys(group: Group) -> GroupKeys:
    liked, disliked = (tuple(r.content_hash for r in side) for side in group)
    return liked, disliked
