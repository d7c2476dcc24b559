"""The accuracy reward: the liked image must get the higher total."""

from collections.abc import Sequence

import pytest
from PIL.Image import Image, new

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from shared.vlm.protocol import Scores, ScoringInput
from tests.unit.training.rewards.words import RIGHT, SWAPPED, completion
from training.rewards.accuracy import AccuracyKind, accuracy, ranked_by_scores

RED, BLUE = new("RGB", (4, 4), "red"), new("RGB", (4, 4), "blue")


class ByColor:
    """Total 25 for an image in a liked color, 0 in a disliked color, 12.5 on average otherwise."""

    def __init__(self) -> None:
        self.scored = 0

    def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        self.scored += len(candidates)
        return [self._scores(candidate) for candidate in candidates]

    def _scores(self, candidate: ScoringInput) -> Scores:
        shown = "red" if candidate.image.getpixel((0, 0)) == (255, 0, 0) else "blue"
        liked = {word.word for word in candidate.taste.preference[Element.COLOR]}
        disliked = {word.word for word in candidate.taste.non_preference[Element.COLOR]}
        sign = (shown in liked) - (shown in disliked)
        row = (
            (0.5, 0, 0, 0, 0, 0.5)
            if sign == 0
            else tuple(float(d == 5 * (sign > 0)) for d in range(6))
        )
        return Scores(dict.fromkeys(ELEMENTS, row))


def scores(digit: int) -> str:
    return prompt.score_line(dict.fromkeys(ELEMENTS, digit))


def reward(
    answers: Sequence[str],
    *,
    task: Sequence[str],
    pair: Sequence[int] | None = None,
    liked: Sequence[bool] | None = None,
    images: Sequence[Image] = (RED, BLUE),
    pairs: Sequence[tuple[int, int]] = ((0, 1),),
    pair_weights: Sequence[float] | None = None,
    kind: AccuracyKind = "share",
    reward_model: ByColor | None = None,
) -> list[float | None]:
    count = len(answers)
    return accuracy(reward_model or ByColor(), kind=kind)(
        [completion(answer) for answer in answers],
        task=task,
        pair=pair or [0] * count,
        liked=liked or [True] * count,
        candidates=[images] * count,
        better=[[better for better, _ in pairs]] * count,
        worse=[[worse for _, worse in pairs]] * count,
        **({"pair_weights": [pair_weights] * count} if pair_weights else {}),
    )


def test_a_profile_earns_if_the_reward_model_ranks_the_pair_correctly_with_it() -> None:
    unknown = prompt.taste_lines({}, {})
    assert reward([RIGHT, SWAPPED, unknown], task=["predict"] * 3) == [1, 0, 0.5]


def test_a_profile_without_a_pair_is_not_rewarded() -> None:
    assert reward([RIGHT], task=["predict"], images=(), pairs=()) == [None]


def test_a_profile_earns_the_share_of_correctly_ranked_pairs() -> None:
    batch = {"images": (RED, BLUE, RED), "pairs": [(0, 1), (1, 0), (0, 1), (2, 1)]}
    assert reward([RIGHT, SWAPPED], task=["predict"] * 2, **batch) == [0.75, 0.25]


def test_equal_answers_are_scored_once() -> None:
    reward_model = ByColor()
    reward(
        [RIGHT, SWAPPED, RIGHT],
        task=["predict"] * 3,
        pairs=[(0, 1), (0, 1)],
        reward_model=reward_model,
    )
    assert reward_model.scored == 4


def test_scores_earn_the_share_of_the_other_images_answers_that_they_beat() -> None:
    rewards = reward(
        [scores(5), scores(3), scores(4), scores(3)],
        task=["score"] * 4,
        liked=[True, True, False, False],
    )
    assert rewards == [1.0, 0.25, 0.5, 0.75]


def test_scores_are_compared_only_within_a_pair_and_a_task() -> None:
    rewards = reward(
        [scores(5), scores(0), scores(5), scores(0)],
        task=["score", "score", "explain", "score"],
        pair=[1, 2, 1, 1],
        liked=[True, False, False, False],
    )
    assert rewards == [1.0, None, None, 1.0]


def test_unreadable_scores_earn_nothing_and_are_not_an_opponent() -> None:
    sides = [(0, "score", True), (0, "score", False), (0, "score", False)]
    assert ranked_by_scores([scores(5), "no idea", scores(1)], sides=sides) == [1.0, 0.0, 1.0]
    assert ranked_by_scores([scores(1), "no idea"], sides=sides[:2]) == [None, 0.0]


def test_the_order_of_a_pairs_images_has_no_effect() -> None:
    answers, liked = [scores(5), scores(1)], [True, False]
    forward = reward(answers, task=["score"] * 2, liked=liked)
    backward = reward(answers[::-1], task=["score"] * 2, liked=liked[::-1])
    assert forward == backward == [1.0, 1.0]


def test_predictions_and_scores_share_a_batch() -> None:
    rewards = reward(
        [RIGHT, scores(4), SWAPPED, scores(2)],
        task=["predict", "score", "predict", "score"],
        pair=[0, 1, 2, 1],
        liked=[True, True, True, False],
    )
    assert rewards == [1, 1, 0, 1]


def test_element_weights_change_which_scores_win() -> None:
    color, others = (
        prompt.score_line(dict.fromkeys(ELEMENTS, rest) | {Element.COLOR: at})
        for at, rest in ((5, 2), (2, 3))
    )
    sides = [(0, "score", True), (0, "score", False)]
    color_first = ElementWeights(art_style=0.5, color=3, medium=0.5, saturation=0.5, detail=0.5)
    assert ranked_by_scores([color, others], sides=sides) == [0.0, 0.0]
    assert ranked_by_scores([color, others], sides=sides, weights=color_first) == [1.0, 1.0]


PREDICT = ["predict"]


def test_pairs_count_by_their_weights_and_pairs_without_weight_not_at_all() -> None:
    both = ((0, 1), (1, 0))  # RIGHT ranks the first pair rightly and the second one wrongly
    assert reward([RIGHT], task=PREDICT, pairs=both, pair_weights=[3.0, 1.0]) == [0.75]
    assert reward([RIGHT], task=PREDICT, pairs=both, pair_weights=[1.0, 0.0]) == [1.0]
    assert reward([RIGHT], task=PREDICT, pairs=both, pair_weights=[0.0, 0.0]) == [None]


@pytest.mark.parametrize("kind", ["share", "probability"])
def test_pairs_that_contradict_each_other_reward_every_profile_alike(kind: AccuracyKind) -> None:
    answers = [RIGHT, SWAPPED, "no idea"]
    rewards = reward(answers, task=PREDICT * 3, pairs=((0, 1), (1, 0)), kind=kind)
    assert rewards == pytest.approx([0.5, 0.5, 0.5])


class Unsure(ByColor):
    """As `ByColor`, with the probability .7 for the digit of its opinion."""

    def _scores(self, candidate: ScoringInput) -> Scores:
        certain = super()._scores(candidate).digits[Element.COLOR]
        row = tuple(0.7 * p + 0.05 * (1 - p) if max(certain) == 1 else p for p in certain)
        unsure = dict.fromkeys(ELEMENTS, (1.0, 0, 0, 0, 0, 0))
        return Scores(unsure | {Element.COLOR: tuple(p / sum(row) for p in row)})


def test_the_probability_of_the_order_is_finer_than_the_share() -> None:
    """Color alone differs: 14/19 for one digit, 1/19 for each of five others."""
    kinds: tuple[AccuracyKind, ...] = ("share", "probability")
    share, probability = (
        reward([RIGHT], task=PREDICT, kind=kind, reward_model=Unsure())[0] for kind in kinds
    )
    assert share == 1.0
    # Better: 5 with 14/19; worse: 0 with 14/19. A tie counts half.
    p, q = 14 / 19, 1 / 19
    expected = sum(
        (p if a == 5 else q) * (p if b == 0 else q) * (1.0 if a > b else 0.5 if a == b else 0.0)
        for a in range(6)
        for b in range(6)
    )
    assert 0.5 < expected < 1
    assert probability == pytest.approx(expected)
