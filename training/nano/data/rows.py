"""Make training rows: a prompt, the answer a simulated user's truth asks for, and its images.

Prompts and answers come from `shared.prompting.prompt`, as in serving. Tastes may be told in synonyms, which
answers never use. No row but a description shows a held-out combination of style and color, so
that tests on those combinations test something.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from shared.prompting import prompt
from shared.prompting.prompt import Prompt, Seen
from training.nano.data.image_pool import Pool
from training.nano.data.photograph_users import as_photographed, somebody_who_saw
from training.nano.data.profile_noise import as_known
from training.prefersim.users.candidates import easy_pair, hard_pair
from training.prefersim.users.true_answers import NEITHER, Judgement, judge_all
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
"""Liked and disliked references, as many as the paper shows (arXiv 2511.00609)."""
EIGHT: Final = (8, 8)
"""As many as a hard benchmark shows, where one or two contradict."""
FEWER: Final = (
    *((4, 4), (3, 3), (2, 2), (1, 1)),
    *((5, 0), (3, 0), (1, 0), (0, 5), (0, 3), (0, 1)),
    *((4, 5), (5, 3), (5, 1), (2, 5)),
)
"""What a person who has only begun has shown."""
COMPARED: Final = (EIGHT, FULL, EIGHT, FULL, (0, 0))
"""References before two candidates; of nobody at times, so that it is known what to say then."""
EASY_PAIRS: Final = 0.4
"""Share of compared pairs that differ in every element; the others differ in one."""

MULTI: Final = 0.5
"""Share of users with two tastes."""
CONTRADICTED: Final = {FULL: 0.4, EIGHT: 0.8}
"""Share of predictions some of whose references contradict, where there are enough to tell."""
PHOTOGRAPHS: Final = 0.12
"""Share of photographs among candidates, and of predictions from nothing else."""
EASY_SOURCES: Final = (0.5, 0.5, 0.0)
SOURCES: Final = (0.4, 0.4, 0.2)
"""Where a candidate's values come from: the liked ones, the disliked ones, anywhere."""


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
        case "predict" | "predict_eight" | "predict_fewer":
            return predict_row(rng, pool, shape=shape)
        case "compare":
            return compare_row(rng, pool, shape=shape)


def describe_row(rng: np.random.Generator, pool: Pool) -> Row:
    """Any image in words, held-out combinations too: naming is not what they test."""
    k = int(rng.integers(len(pool)))
    shown = {element: (word,) for element, word in words_of(pool.attributes[k]).items()}
    return Row(prompt.describe(), prompt.description_line(shown), (k,))


def predict_row(rng: np.random.Generator, pool: Pool, *, shape: tuple[int, int]) -> Row:
    """A taste from references; the answer names what these references show of it, no more."""
    liked, disliked = shape
    while True:
        user = _any_user(rng)
        if rng.random() < PHOTOGRAPHS:
            user = as_photographed(user)
        sides = _references(rng, user, shape)
        drawings = _found(rng, pool, np.concatenate(sides))
        if drawings is not None:
            likes, dislikes = _shown(sides[0], user.likes), _shown(sides[1], user.dislikes)
            asked = prompt.predict(liked=liked, disliked=disliked)
            return Row(asked, prompt.taste_lines(likes, dislikes), drawings)


def compare_row(rng: np.random.Generator, pool: Pool, *, shape: tuple[int, int]) -> Row:
    """References and two candidates, in either order; judged by the taste that the answer names."""
    liked, disliked = shape
    while True:
        user, photographed = _any_user(rng), bool(rng.random() < PHOTOGRAPHS)
        if photographed:
            user = as_photographed(user)
        easy = photographed or rng.random() < EASY_PAIRS
        pair = easy_pair(rng, user) if easy else hard_pair(rng, user)
        sides = _references(rng, user, shape)
        better_first = bool(rng.random() < 0.5)
        shown = (pair.better, pair.worse) if better_first else (pair.worse, pair.better)
        drawings = _found(rng, pool, np.stack([*sides[0], *sides[1], *shown]))
        if drawings is None or (not photographed and held_out(np.stack(shown)).any()):
            continue
        likes, dislikes = _shown(sides[0], user.likes), _shown(sides[1], user.dislikes)
        a, b = (_seen(one, likes=likes, dislikes=dislikes) for one in shown)
        choice: Literal["A", "B"] = "A" if better_first else "B"
        answer = prompt.comparison_lines(likes, dislikes, a=a, b=b, choice=choice)
        return Row(prompt.pair(liked=liked, disliked=disliked), answer, drawings)


def _found(rng: np.random.Generator, pool: Pool, shown: Attributes) -> tuple[int, ...] | None:
    """An image of each row, or None where the pool lacks one."""
    found = [pool.find(rng, row) for row in shown]
    drawings = tuple(k for k in found if k is not None)
    return drawings if len(drawings) == len(found) else None


def _digits(shows: Attributes, *, likes: Words, dislikes: Words) -> dict[Element, int]:
    truth = judged(shows, likes=likes, dislikes=dislikes)
    return {element: judgement.digit for element, judgement in truth.items()}


def _seen(shows: Attributes, *, likes: Words, dislikes: Words) -> dict[Element, Seen]:
    truth = judged(shows, likes=likes, dislikes=dislikes)
    return {element: (judgement.seen, judgement.digit) for element, judgement in truth.items()}


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
    """The words of one side of a taste that its references show; contradicting ones are others."""
    of_taste = [row for row in rows if (row == side).all(1).any()]
    shown: Words = {}
    for j, element in enumerate(ELEMENTS):
        values = sorted({int(row[j]) for row in of_taste if row[j] >= 0})
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
    likes, dislikes = as_known(rng, user, gaps=gaps)
    digits = _digits(shows, likes=likes, dislikes=dislikes)
    return Row(prompt.score(likes, dislikes), prompt.score_line(digits), (image,))


def _explain_row(rng: np.random.Generator, pool: Pool) -> Row:
    shows, image, user = _candidate(rng, pool, user=_any_user(rng), sources=SOURCES)
    likes, dislikes = as_known(rng, user, gaps=True)
    truth = judged(shows, likes=likes, dislikes=dislikes)
    digits = {element: judgement.digit for element, judgement in truth.items()}
    reasons = {element: judgement.reason for element, judgement in truth.items()}
    return Row(prompt.explain(likes, dislikes), prompt.score_line(digits, reasons), (image,))


def judged(shows: Attributes, *, likes: Words, dislikes: Words) -> dict[Element, Judgement]:
    """Every element of one image; what it does not tell is neither liked nor disliked."""
    told = judge_all(words_of(shows), likes=likes, dislikes=dislikes)
    unseen = Judgement(prompt.UNKNOWN, NEITHER, "unseen")
    return {element: told.get(element, unseen) for element in ELEMENTS}


def _any_user(rng: np.random.Generator) -> User:
    return draw_user(rng, Kind(multi=bool(rng.random() < MULTI)))


def _candidate(
    rng: np.random.Generator, pool: Pool, *, user: User, sources: tuple[float, float, float]
) -> tuple[Attributes, int, User]:
    """Values liked, disliked or neither by chance, an image of exactly those, and whose taste."""
    if len(pool.photographs) and rng.random() < PHOTOGRAPHS:
        k = pool.photographs.any(rng)
        shows = pool.attributes[k]
        return shows, k, somebody_who_saw(rng, user, shows, sources=sources)
    while True:
        source = rng.choice(3, size=len(ELEMENTS), p=sources)
        anything = np.array([rng.integers(size) for size in SIZES])
        like = np.array([rng.choice(values) for values in user.likes.T])
        dislike = np.array([rng.choice(values) for values in user.dislikes.T])
        shows = np.choose(source, (like, dislike, anything))
        drawing = None if held_out(shows) else pool.find(rng, shows)
        if drawing is not None:
            return shows, drawing, user
