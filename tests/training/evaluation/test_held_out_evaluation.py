"""The held-out evaluation: right counts, controls at chance, reproducible users."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import pytest
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.rationale import rationale
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from tests.fakes.scores import COLOR_ONLY, certain_scores
from training.evaluation.held_out.evaluate import evaluate
from training.evaluation.held_out.report import as_table
from training.evaluation.held_out.users import HeldOutUser, draw_held_out_users

COUNT = 40
USERS = draw_held_out_users(COUNT, seed=11)


@dataclass
class PerfectModel:
    """A model that knows the values of every drawing, and scores with the profile it gets."""

    users: Sequence[HeldOutUser]
    model_version: str = "perfect-1"
    shows: dict[bytes, dict[Element, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for user in self.users:
            for pair in user.pairs:
                self.shows[pair.better.tobytes()] = pair.better_shows
                self.shows[pair.worse.tobytes()] = pair.worse_shows

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        by_image = {user.references.liked[0].tobytes(): user for user in self.users}
        users = [by_image[of_user.liked[0].tobytes()] for of_user in references]
        return [PredictedTaste(user.likes, user.dislikes) for user in users]

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        shown = [self.shows[image.tobytes()] for image in images]
        return [Description({e: (word,) for e, word in words.items()}) for words in shown]

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        return [certain_scores({e: self._digit(c, e) for e in ELEMENTS}) for c in candidates]

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return [
            Rationales({e: self._rationale(s.candidate, e) for e in ELEMENTS if e != Element.COLOR})
            for s in scored
        ]

    def _digit(self, candidate: ScoringInput, element: Element) -> int:
        return {"liked": 5, "disliked": 0, "unknown": 2}[self._relation(candidate, element)]

    def _rationale(self, candidate: ScoringInput, element: Element) -> str:
        seen = self.shows[candidate.image.tobytes()][element]
        relation = self._relation(candidate, element)
        return rationale(seen, "liked" if relation == "liked" else "disliked")

    def _relation(self, candidate: ScoringInput, element: Element) -> str:
        seen = self.shows[candidate.image.tobytes()][element]
        taste = candidate.taste
        if seen in [w.word for w in taste.preference[element]]:
            return "liked"
        return "disliked" if seen in [w.word for w in taste.non_preference[element]] else "unknown"


@dataclass
class UnreadableModel(PerfectModel):
    """A model whose answers cannot be read."""

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return [PredictedTaste({}, {}, ("no words",)) for _ in references]

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return [Rationales({}, ("no rationales",)) for _ in scored]


async def test_a_perfect_model_gets_everything_right() -> None:
    report = await evaluate(PerfectModel(USERS), USERS, seed=1)
    for condition in ("predicted", "true"):
        assert [share.value for share in report.pairs[condition].values()] == [1, 1]
    for shares in (report.profile, report.description, report.well_formed):
        assert {share.value for share in shares.values()} == {1}
    assert set(report.predicted_by_group) == {"single_seen", "single_unseen"}


async def test_learned_element_weights_do_not_change_the_totals() -> None:
    class CountsColor(PerfectModel):
        async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
            return [replace(s, weights=COLOR_ONLY) for s in await super().score(candidates)]

    report = await evaluate(CountsColor(USERS), USERS, seed=1)
    assert [share.value for share in report.pairs["true"].values()] == [1, 1]


async def test_user_blind_pairs_are_ties_and_the_other_users_profile_helps_little() -> None:
    report = await evaluate(PerfectModel(USERS), USERS, seed=1)
    assert [share.value for share in report.pairs["user_blind"].values()] == [0.5, 0.5]
    assert report.pairs["other_user"]["all-different"].value < 0.8


async def test_a_missing_rationale_does_not_agree() -> None:
    report = await evaluate(PerfectModel(USERS), USERS, seed=1)
    assert report.rationales_agree.value == pytest.approx(0.8)


async def test_unreadable_answers_are_counted_and_stop_nothing() -> None:
    report = await evaluate(UnreadableModel(USERS), USERS, seed=1)
    assert report.well_formed["predict"].value == report.well_formed["explain"].value == 0
    assert report.pairs["predicted"]["all-different"].value == 0.5
    assert report.rationales_agree.value == 0


async def test_a_report_is_written_as_a_table_and_as_json() -> None:
    report = await evaluate(PerfectModel(USERS), USERS, seed=1)
    assert "| control `user_blind` | 0.500 (0.352-0.648) | 0.500 (0.352-0.648) |" in as_table(
        report
    )
    assert json.loads(json.dumps(asdict(report)))["users"] == COUNT


async def test_a_single_user_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least two users"):
        await evaluate(PerfectModel(USERS), USERS[:1], seed=1)


def test_a_seed_gives_the_same_users_and_a_larger_count_only_adds_users() -> None:
    repeated = draw_held_out_users(3, seed=11)
    for user, expected in zip(repeated, USERS, strict=False):
        assert user.likes == expected.likes
        assert user.references.liked[0].tobytes() == expected.references.liked[0].tobytes()
    assert draw_held_out_users(1, seed=12)[0].likes != USERS[0].likes


def test_pairs_differ_in_every_element_or_in_one() -> None:
    for user in USERS:
        whole, *single = user.pairs
        likes = {element: words[0] for element, words in user.likes.items()}
        dislikes = {element: words[0] for element, words in user.dislikes.items()}
        assert (whole.better_shows, whole.worse_shows) == (likes, dislikes)
        for element, pair in zip(ELEMENTS, single, strict=True):
            differing = [e for e in ELEMENTS if pair.better_shows[e] != pair.worse_shows[e]]
            assert differing == [element] == [pair.element]
            assert pair.better_shows[element] == likes[element]
            assert pair.worse_shows[element] == dislikes[element]
