"""Make training rows: a prompt, its images, and the true answer of a simulated user.

Prompts and answers come from `shared.prompting.prompt`, as in serving. Profiles in prompts may use
synonyms, answers never do. Only descriptions show held-out combinations of style and color, so that
a test on these combinations is a test of generalisation.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from shared.prompting.prompt import Prompt, ScoredWord
from training.nano.data.image_pool import Pool
from training.nano.data.photograph_users import user_for_photograph, with_photographs_only
from training.nano.data.profile_noise import noisy_profile
from training.prefersim.users.candidates import easy_pair, hard_pair
from training.prefersim.users.true_answers import NEITHER, TrueScore, score_elements
from training.prefersim.users.users import Kind, User, Words, draw_user, hard_references, references
from training.prefersim.values.vocabulary import SIZES, VALUES, Attributes, held_out, words_of

Task = Literal[
    "describe",
    "easy",
    "assess",
    "explain",
    "predict",
    "predict_eight",
    "predict_fewer",
    "compare",
]
TASKS: Final[tuple[Task, ...]] = get_args(Task)

FULL: Final = (5, 5)
"""Liked and disliked references, as many as in the paper (arXiv 2511.00609)."""
EIGHT: Final = (8, 8)
"""As many as in the hard benchmark, where one or two of a side contradict the profile."""
FEWER: Final = (
    *((4, 4), (3, 3), (2, 2), (1, 1)),
    *((5, 0), (3, 0), (1, 0), (0, 5), (0, 3), (0, 1)),
    *((4, 5), (5, 3), (5, 1), (2, 5)),
)
"""References of a new user."""
COMPARED: Final = (EIGHT, FULL, EIGHT, FULL, (0, 0))
"""References before two candidates; sometimes none, for the control `user_blind`."""
EASY_PAIRS: Final = 0.4
"""Share of compared pairs that differ in every element; the other pairs differ in one."""

MULTI: Final = 0.5
"""Share of users with two preferences."""
CONTRADICTED: Final = {FULL: 0.4, EIGHT: 0.8}
"""Share of predictions with contradicting references, where enough others outvote them."""
PHOTOGRAPHS: Final = 0.12
"""Share of photographs among candidates, and of predictions from photographs only."""
EASY_SOURCES: Final = (0.5, 0.5, 0.0)
SOURCES: Final = (0.4, 0.4, 0.2)
"""Probabilities that a value of a candidate is liked, disliked, or any value."""


@dataclass(frozen=True)
class Row:
    """One example; the answer begins with the prompt's forced prefix."""

    prompt: Prompt
    answer: str
    images: tuple[int, ...]
    """Positions of its images in the pool, in the order of the prompt."""


def draw_row(
    task: Task, rng: np.random.Generator, pool: Pool, *, shape: tuple[int, int] = FULL
) -> Row:
    """A row of a task; `shape` is the number of liked and of disliked references."""
    match task:
        case "describe":
            return describe_row(rng, pool)
        case "easy":
            return _score_row(rng, pool, user=draw_user(rng, Kind()), sources=EASY_SOURCES)
        case "assess":
            return _score_row(rng, pool, user=_any_user(rng), sources=SOURCES, gaps=True)
        case "explain":
            return _explain_row(rng, pool)
        case "predict" | "predict_eight" | "predict_fewer":
            return predict_row(rng, pool, shape=shape)
        case "compare":
            return compare_row(rng, pool, shape=shape)


def describe_row(rng: np.random.Generator, pool: Pool) -> Row:
    """A description of any image; profiles alone are tested on held-out combinations."""
    k = int(rng.integers(len(pool)))
    shown = {element: (word,) for element, word in words_of(pool.attributes[k]).items()}
    return Row(prompt.describe(), prompt.description_line(shown), (k,))


def predict_row(rng: np.random.Generator, pool: Pool, *, shape: tuple[int, int]) -> Row:
    """A profile from references; the answer has only the words that these references show."""
    liked, disliked = shape
    while True:
        user = _any_user(rng)
        if rng.random() < PHOTOGRAPHS:
            user = with_photographs_only(user)
        sides = _references(rng, user, shape)
        images = _find_images(rng, pool, np.concatenate(sides))
        if images is not None:
            likes, dislikes = _shown(sides[0], user.likes), _shown(sides[1], user.dislikes)
            question = prompt.predict(liked=liked, disliked=disliked)
            return Row(question, prompt.taste_lines(likes, dislikes), images)


def compare_row(rng: np.random.Generator, pool: Pool, *, shape: tuple[int, int]) -> Row:
    """References and two candidates in random order, scored by the profile in the answer."""
    liked, disliked = shape
    while True:
        user, photographed = _any_user(rng), bool(rng.random() < PHOTOGRAPHS)
        if photographed:
            user = with_photographs_only(user)
        easy = photographed or rng.random() < EASY_PAIRS
        pair = easy_pair(rng, user) if easy else hard_pair(rng, user)
        sides = _references(rng, user, shape)
        better_first = bool(rng.random() < 0.5)
        shown = (pair.better, pair.worse) if better_first else (pair.worse, pair.better)
        images = _find_images(rng, pool, np.stack([*sides[0], *sides[1], *shown]))
        if images is None or (not photographed and held_out(np.stack(shown)).any()):
            continue
        likes, dislikes = _shown(sides[0], user.likes), _shown(sides[1], user.dislikes)
        a, b = (_seen(values, likes=likes, dislikes=dislikes) for values in shown)
        choice: Literal["A", "B"] = "A" if better_first else "B"
        answer = prompt.comparison_lines(likes, dislikes, a=a, b=b, choice=choice)
        return Row(prompt.pair(liked=liked, disliked=disliked), answer, images)


def _find_images(rng: np.random.Generator, pool: Pool, shown: Attributes) -> tuple[int, ...] | None:
    """An image for each row of values, or None where the pool has none for a row."""
    images = tuple(k for row in shown if (k := pool.find(rng, row)) is not None)
    return images if len(images) == len(shown) else None


def _digits(shows: Attributes, *, likes: Words, dislikes: Words) -> dict[Element, int]:
    truth = true_scores(shows, likes=likes, dislikes=dislikes)
    return {element: score.digit for element, score in truth.items()}


def _seen(shows: Attributes, *, likes: Words, dislikes: Words) -> dict[Element, ScoredWord]:
    truth = true_scores(shows, likes=likes, dislikes=dislikes)
    return {element: (score.value, score.digit) for element, score in truth.items()}


def _references(
    rng: np.random.Generator, user: User, shape: tuple[int, int]
) -> tuple[Attributes, Attributes]:
    liked, disliked = shape
    if rng.random() < CONTRADICTED.get(shape, 0):
        return (
            hard_references(rng, user.likes, user.dislikes)[:liked],
            hard_references(rng, user.dislikes, user.likes)[:disliked],
        )
    return references(rng, user.likes, liked), references(rng, user.dislikes, disliked)


def _shown(rows: Attributes, side: Attributes) -> Words:
    """The words of one side that its references show, without contradicting references."""
    agreeing = [row for row in rows if (row == side).all(1).any()]
    shown: Words = {}
    for j, element in enumerate(ELEMENTS):
        values = sorted({int(row[j]) for row in agreeing if row[j] >= 0})
        if values:
            shown[element] = tuple(VALUES[element][k] for k in values)
    return shown


def _score_row(
    rng: np.random.Generator,
    pool: Pool,
    *,
    user: User,
    sources: tuple[float, float, float],
    gaps: bool = False,
) -> Row:
    shows, image, user = _candidate(rng, pool, user=user, sources=sources)
    likes, dislikes = noisy_profile(rng, user, gaps=gaps)
    digits = _digits(shows, likes=likes, dislikes=dislikes)
    return Row(prompt.score(likes, dislikes), prompt.score_line(digits), (image,))


def _explain_row(rng: np.random.Generator, pool: Pool) -> Row:
    shows, image, user = _candidate(rng, pool, user=_any_user(rng), sources=SOURCES)
    likes, dislikes = noisy_profile(rng, user, gaps=True)
    truth = true_scores(shows, likes=likes, dislikes=dislikes)
    digits = {element: score.digit for element, score in truth.items()}
    rationales = {element: score.rationale for element, score in truth.items()}
    return Row(prompt.explain(likes, dislikes), prompt.score_line(digits, rationales), (image,))


def true_scores(shows: Attributes, *, likes: Words, dislikes: Words) -> dict[Element, TrueScore]:
    """The true score of every element; an unknown element is neither liked nor disliked."""
    known = score_elements(words_of(shows), likes=likes, dislikes=dislikes)
    unseen = TrueScore(prompt.UNKNOWN, NEITHER, "unseen")
    return {element: known.get(element, unseen) for element in ELEMENTS}


def _any_user(rng: np.random.Generator) -> User:
    return draw_user(rng, Kind(multi=bool(rng.random() < MULTI)))


def _candidate(
    rng: np.random.Generator, pool: Pool, *, user: User, sources: tuple[float, float, float]
) -> tuple[Attributes, int, User]:
    """Random values from `sources`, an image that shows exactly these, and the user."""
    if len(pool.photographs) and rng.random() < PHOTOGRAPHS:
        k = pool.photographs.any(rng)
        shows = pool.attributes[k]
        return shows, k, user_for_photograph(rng, user, shows, sources=sources)
    while True:
        source = rng.choice(3, size=len(ELEMENTS), p=sources)
        anything = np.array([rng.integers(size) for size in SIZES])
        like = np.array([rng.choice(values) for values in user.likes.T])
        dislike = np.array([rng.choice(values) for values in user.dislikes.T])
        shows = np.choose(source, (like, dislike, anything))
        image = None if held_out(shows) else pool.find(rng, shows)
        if image is not None:
            return shows, image, user
