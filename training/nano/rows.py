"""Make training rows: a prompt, the answer a simulated user's truth asks for, and its drawings.

Prompts and answers come from `shared.prompt`, as in serving. No row but a description shows a
held-out combination of style and color, so that tests on those combinations test something.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from shared import prompt
from shared.prompt import Prompt
from shared.taste import ELEMENTS
from training.nano.pool import Pool
from training.prefersim.truth import judge_all
from training.prefersim.users import Kind, User, Words, draw_user, references, words_in
from training.prefersim.vocabulary import SIZES, Attributes, held_out, words_of

Task = Literal["describe", "easy", "assess", "explain", "predict", "predict_fewer"]
TASKS: Final[tuple[Task, ...]] = get_args(Task)

FULL: Final = (5, 5)
"""Liked and disliked references, as many as the paper shows (arXiv 2511.00609)."""
FEWER: Final = (
    *((4, 4), (3, 3), (2, 2), (1, 1)),
    *((5, 0), (3, 0), (1, 0), (0, 5), (0, 3), (0, 1)),
    *((4, 5), (5, 3), (5, 1), (2, 5)),
)
"""What a person who has only begun has shown."""

MULTI: Final = 0.5
"""Share of users with two tastes."""
EASY_SOURCES: Final = (0.5, 0.5, 0.0)
SOURCES: Final = (0.42, 0.42, 0.16)
"""Where a candidate's values come from: the liked ones, the disliked ones, anywhere."""

NOTHING_KNOWN: Final = 0.04
ONLY_LIKES: Final = 0.06
ONLY_DISLIKES: Final = 0.03
WITH_GAPS: Final = 0.11
"""Shares of assessed tastes with whole sides or single elements unknown; the rest are whole."""
GAP_BOTH, GAP_LIKES, GAP_DISLIKES = 0.25, 0.10, 0.10


@dataclass(frozen=True)
class Row:
    """One example; the answer begins with the prompt's forced prefix."""

    prompt: Prompt
    answer: str
    drawings: tuple[int, ...]
    """Where its images are in the pool, in the order of the prompt."""


def draw_row(
    task: Task, rng: np.random.Generator, pool: Pool, *, shape: tuple[int, int] = FULL
) -> Row:
    """One row of a task; `shape` is how many liked and disliked images a prediction sees."""
    match task:
        case "describe":
            return describe_row(rng, pool)
        case "easy":
            return _score_row(rng, pool, user=draw_user(rng, Kind()), sources=EASY_SOURCES)
        case "assess":
            return _score_row(rng, pool, user=_any_user(rng), sources=SOURCES, gaps=True)
        case "explain":
            return _explain_row(rng, pool)
        case "predict" | "predict_fewer":
            return predict_row(rng, pool, shape=shape)


def describe_row(rng: np.random.Generator, pool: Pool) -> Row:
    """Any drawing in words, held-out combinations too: naming is not what they test."""
    k = int(rng.integers(len(pool)))
    shown = {element: (word,) for element, word in words_of(pool.attributes[k]).items()}
    return Row(prompt.describe(), prompt.description_line(shown), (k,))


def predict_row(rng: np.random.Generator, pool: Pool, *, shape: tuple[int, int]) -> Row:
    """A taste from references; the answer names what these references show, no more."""
    liked, disliked = shape
    while True:
        user = _any_user(rng)
        sides = references(rng, user.likes, liked), references(rng, user.dislikes, disliked)
        found = [pool.find(rng, row) for row in np.concatenate(sides)]
        drawings = tuple(k for k in found if k is not None)
        if len(drawings) == liked + disliked:
            likes, dislikes = (words_in(side) if len(side) else {} for side in sides)
            asked = prompt.predict(liked=liked, disliked=disliked)
            return Row(asked, prompt.taste_lines(likes, dislikes), drawings)


def _score_row(
    rng: np.random.Generator,
    pool: Pool,
    *,
    user: User,
    sources: tuple[float, float, float],
    gaps: bool = False,
) -> Row:
    shows, drawing = _candidate(rng, pool, user=user, sources=sources)
    likes, dislikes = _as_known(rng, user, gaps=gaps)
    truth = judge_all(words_of(shows), likes=likes, dislikes=dislikes)
    digits = {element: judgement.digit for element, judgement in truth.items()}
    return Row(prompt.score(likes, dislikes), prompt.score_line(digits), (drawing,))


def _explain_row(rng: np.random.Generator, pool: Pool) -> Row:
    user = _any_user(rng)
    shows, drawing = _candidate(rng, pool, user=user, sources=SOURCES)
    likes, dislikes = _as_known(rng, user, gaps=True)
    truth = judge_all(words_of(shows), likes=likes, dislikes=dislikes)
    digits = {element: judgement.digit for element, judgement in truth.items()}
    reasons = {element: judgement.reason for element, judgement in truth.items()}
    return Row(prompt.explain(likes, dislikes), prompt.score_line(digits, reasons), (drawing,))


def _any_user(rng: np.random.Generator) -> User:
    return draw_user(rng, Kind(multi=bool(rng.random() < MULTI)))


def _candidate(
    rng: np.random.Generator, pool: Pool, *, user: User, sources: tuple[float, float, float]
) -> tuple[Attributes, int]:
    """Values liked, disliked or neither by chance, and a drawing of exactly those."""
    while True:
        source = rng.choice(3, size=len(ELEMENTS), p=sources)
        anything = np.array([rng.integers(size) for size in SIZES])
        like = np.array([rng.choice(values) for values in user.likes.T])
        dislike = np.array([rng.choice(values) for values in user.dislikes.T])
        shows = np.choose(source, (like, dislike, anything))
        drawing = None if held_out(shows) else pool.find(rng, shows)
        if drawing is not None:
            return shows, drawing


def _as_known(rng: np.random.Generator, user: User, *, gaps: bool) -> tuple[Words, Words]:
    """The taste as a profile would know it: perhaps with gaps, two words in either order."""
    likes, dislikes = dict(user.like_words), dict(user.dislike_words)
    if gaps:
        _forget(rng, likes, dislikes)
    return _shuffled(rng, likes), _shuffled(rng, dislikes)


def _forget(rng: np.random.Generator, likes: Words, dislikes: Words) -> None:
    """Take away, in place, what is not known of this user."""
    case = rng.random() - np.cumsum((NOTHING_KNOWN, ONLY_LIKES, ONLY_DISLIKES, WITH_GAPS))
    if case[0] < 0:
        likes.clear()
        dislikes.clear()
    elif case[1] < 0:
        dislikes.clear()
    elif case[2] < 0:
        likes.clear()
    elif case[3] < 0:
        for element in ELEMENTS:
            gap = rng.random() - np.cumsum((GAP_BOTH, GAP_LIKES, GAP_DISLIKES))
            if gap[0] < 0 or gap[1] < 0:
                likes.pop(element)
            if gap[0] < 0 or (gap[1] >= 0 and gap[2] < 0):
                dislikes.pop(element)


def _shuffled(rng: np.random.Generator, side: Words) -> Words:
    # The words of a profile come in order of weight, not of the vocabulary.
    return {e: tuple(str(word) for word in rng.permutation(words)) for e, words in side.items()}
