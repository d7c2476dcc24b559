"""Draw cases and examples of simulated users.

No case shows a held-out combination of style and color, so that tests on these are meaningful.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Literal, get_args

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS
from shared.jobs.evaluation import Level
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import COMPACT
from shared.vlm.protocol import References
from training.finetuning.data.cases import Case, Example, Pair
from training.finetuning.data.paraphrases import varied_rationale
from training.finetuning.data.styled_examples import (
    describe_example,
    explain_example,
    predict_example,
    score_example,
)
from training.nano.data.profile_noise import SYNONYM_SHARE
from training.prefersim.drawing.degradations import degrade, draw_strength
from training.prefersim.drawing.parallel import map_in_order
from training.prefersim.drawing.renderer import draw_images, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.users.candidates import hard_pair, pairs_by_word
from training.prefersim.users.true_answers import score_elements
from training.prefersim.users.users import Kind, User, draw_user, hard_references, references
from training.prefersim.values.synonyms import to_synonyms
from training.prefersim.values.vocabulary import SIZES, Attributes, held_out, words_of
from training.rewards.prediction import Sides

Task = Literal["predict", "describe", "score", "explain"]
TASKS: Final[tuple[Task, ...]] = get_args(Task)

Draw = Callable[[np.random.Generator, Attributes, Attributes], list[Image]]
"""Draws images of given values; equal numbers in the last argument mean the same scene."""

STREAM: Final = 0x7D1E
"""Part of each case's seed. No image pool and no evaluation uses this stream of random numbers."""
CASES_PER_TASK: Final = 4
"""Cases that a process draws before it returns them."""
REFERENCES: Final = 5
"""Liked and disliked references each, as in the paper (arXiv 2511.00609)."""
DIFFERS: Final = 0.5
"""Probability that an element differs within a pair; all five differ in one pair of 32."""
ANYTHING: Final = 0.15
"""Probability that both images of a pair show a value that neither side of the profile names."""


def draw_cases(
    count: int,
    *,
    seed: int,
    multi: float = 0.5,
    references_a_side: int = REFERENCES,
    level: Level = "easy",
    workers: int = 1,
    by_word: bool = False,
) -> Iterator[Case]:
    """The cases of a seed; the first ones do not depend on `count` or `workers`.

    `workers` is the number of drawing processes; one hard case takes about a tenth of a second.

    A *hard* case is like an item of the hard benchmark: eight references a side, some of them
    contradictory, candidates that differ in one element, and degraded images. With `by_word`, ten
    pairs judge a predicted profile, and each pair depends on one word of the profile. With 0
    `references_a_side` a case has none, which is enough for tasks on one candidate, and a hard case
    is drawn in a tenth of the time.
    """
    draw = partial(
        _draw, seed=seed, multi=multi, side=references_a_side, level=level, by_word=by_word
    )
    return map_in_order(draw, range(count), workers=workers, chunksize=CASES_PER_TASK)


def _draw(number: int, *, seed: int, multi: float, side: int, level: Level, by_word: bool) -> Case:
    rng = np.random.default_rng((seed, STREAM, number))
    user = draw_user(rng, Kind(multi=bool(rng.random() < multi)))
    if level == "easy":
        return _easy(rng, user, side)
    case = _hard(rng, user, with_references=side > 0)
    return replace(case, judged_by=_judged_by(rng, user)) if by_word else case


def _easy(rng: np.random.Generator, user: User, side: int) -> Case:
    shown = [references(rng, user.likes, side), references(rng, user.dislikes, side)]
    return _case(user, np.concatenate([*shown, _pair(rng, user)]), draw_images, rng)


def _hard(rng: np.random.Generator, user: User, *, with_references: bool) -> Case:
    pair = hard_pair(rng, user)
    sides = [(user.likes, user.dislikes), (user.dislikes, user.likes)] if with_references else []
    shown = [hard_references(rng, *side) for side in sides]
    values = np.concatenate([*shown, [pair.better, pair.worse]])
    case = _case(user, values, _degraded_images, rng)
    if rng.random() >= SYNONYM_SHARE:
        return case
    in_synonyms = Sides(to_synonyms(rng, user.like_words), to_synonyms(rng, user.dislike_words))
    return replace(case, profile=in_synonyms)


def _judged_by(rng: np.random.Generator, user: User) -> tuple[Pair, ...]:
    """Pairs that differ in one element each, made from eleven images of one scene."""
    pairs = pairs_by_word(rng, user)
    rows = {row.tobytes(): row for pair in pairs for row in (pair.better, pair.worse)}
    values = np.array(list(rows.values()))
    drawn = _degraded_images(rng, values, np.zeros(len(values), int))
    images = dict(zip(rows, drawn, strict=True))
    return tuple(
        Pair(images[pair.better.tobytes()], images[pair.worse.tobytes()]) for pair in pairs
    )


def _case(user: User, values: Attributes, draw: Draw, rng: np.random.Generator) -> Case:
    """A case from the values of its liked references, disliked references and two candidates."""
    side = len(values) // 2 - 1
    # A liked and a disliked reference share each scene, and so do the two candidates.
    scene = np.array([*range(side), *range(side), side, side])
    images = draw(rng, values, scene)
    better, worse = (words_of(row) for row in values[-2:])
    sides = Sides(user.like_words, user.dislike_words)
    return Case(
        references=References(tuple(images[:side]), tuple(images[side : 2 * side])),
        pair=Pair(images[-2], images[-1], better, worse),
        truth=sides,
        profile=sides,
    )


def _pair(rng: np.random.Generator, user: User) -> tuple[Attributes, Attributes]:
    """Values of two candidates. The first one is liked more; neither is a held-out combination."""
    while True:
        like = np.array([rng.choice(values) for values in user.likes.T])
        dislike = np.array([rng.choice(values) for values in user.dislikes.T])
        anything = np.array([rng.integers(size) for size in SIZES])
        same = np.where(rng.random(len(ELEMENTS)) < 0.5, like, dislike)
        same = np.where(rng.random(len(ELEMENTS)) < ANYTHING, anything, same)
        differs = rng.random(len(ELEMENTS)) < DIFFERS
        better, worse = np.where(differs, like, same), np.where(differs, dislike, same)
        if differs.any() and not held_out(np.array([better, worse])).any():
            return better, worse


def examples(
    case: Case,
    tasks: Sequence[Task],
    rng: np.random.Generator,
    *,
    varied: bool,
    style: PromptStyle = COMPACT,
) -> list[Example]:
    """One example for each task; scores and rationales are of a random candidate of the pair."""
    return [_example(case, task, rng, varied=varied, style=style) for task in tasks]


def _example(
    case: Case, task: Task, rng: np.random.Generator, *, varied: bool, style: PromptStyle
) -> Example:
    assert case.truth is not None
    assert case.references is not None
    assert case.pair.better_shows is not None
    assert case.pair.worse_shows is not None
    assert case.profile is not None
    if task == "predict":
        return predict_example(style, case.references, case.truth)
    image, shows = (
        (case.pair.better, case.pair.better_shows)
        if rng.random() < 0.5
        else (case.pair.worse, case.pair.worse_shows)
    )
    if task == "describe":
        return describe_example(style, image, {e: (word,) for e, word in shows.items()})
    likes, dislikes = case.profile.likes, case.profile.dislikes
    truth = score_elements(shows, likes=likes, dislikes=dislikes)
    digits = {e: score.digit for e, score in truth.items()}
    if task == "score":
        return score_example(style, case.profile, image, digits)
    rationales = {e: varied_rationale(score, rng, varied=varied) for e, score in truth.items()}
    return explain_example(style, case.profile, image, digits, rationales)


def _degraded_images(
    rng: np.random.Generator, values: Attributes, scene: Attributes
) -> list[Image]:
    scenes = draw_scenes(rng, int(scene.max()) + 1).take(scene)
    weakened = render(scenes, values, rng, draw_strength(rng, len(values)))
    return [degrade(pixels, rng) for pixels in weakened]
