"""Turn cases and examples into the columns of TRL's trainers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from itertools import islice
from typing import Any, Final, Literal, get_args

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS
from shared.prompting.styles.protocol import PromptStyle
from shared.prompting.styles.registry import COMPACT
from training.finetuning.data.cases import Case, Example, ProfilePair
from training.finetuning.data.styled_examples import predict_task, taste_of

GrpoTask = Literal["predict", "score", "explain"]
GRPO_TASKS: Final[tuple[GrpoTask, ...]] = get_args(GrpoTask)
ROWS_PER_PART: Final = 256
"""Rows that are decoded together. With ten photographs a row they take some GB; stored as PNG they
take a tenth of it."""
IMAGES: Final = ("images", "candidates")
"""The columns of images."""
NO_DIGITS: Final = dict.fromkeys(ELEMENTS, 0)
"""For prompts of explanations that name no digits."""
Row = dict[str, Any]
Fit = Callable[[Image], Image]
"""Scales an image as serving does (`shared.vlm.engine.inputs.families.image_scaler`)."""


def sft_row(example: Example, fit: Fit) -> Row:
    """Prompt and completion in separate columns: the loss is on the completion only."""
    return {
        "prompt": example.messages,
        "completion": _answer(example.answer),
        "images": [fit(image) for image in example.images],
    }


def _answer(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": [{"type": "text", "text": text}]}]


def grpo_rows(
    cases: Iterable[Case],
    tasks: Sequence[GrpoTask],
    fit: Fit,
    *,
    seed: int,
    style: PromptStyle = COMPACT,
) -> Iterator[Row]:
    """Rows in groups of two, so that a batch of even size keeps pairs together.

    A case with an assessment task gives two rows, one for each image of its pair; the liked image
    is first in half of the pairs. Predictions of two different cases form a group; a single
    prediction at the end is dropped. The task of a case is drawn from those that it allows: a case
    without references cannot be predicted, and one without a profile cannot be assessed. In a style
    that explains given digits, an explanation has no digits to reward: its candidates are scored.
    """
    rng = np.random.default_rng((seed, len(tasks)))
    waiting: list[Row] = []
    for number, case in enumerate(cases):
        possible = [task for task in tasks if _allows(case, task)]
        if not possible:
            continue
        task = possible[int(rng.integers(len(possible)))]
        if task == "explain" and style.explains_given_digits:
            task = "score"
        if task == "predict":
            waiting.append(_predict_row(number, case, fit, style))
            if len(waiting) == 2:
                yield from waiting
                waiting = []
        else:
            first = bool(rng.random() < 0.5)
            yield _assess_row(number, case, task, fit, style, liked=first)
            yield _assess_row(number, case, task, fit, style, liked=not first)


def _allows(case: Case, task: GrpoTask) -> bool:
    if case.tasks and task not in case.tasks:
        return False
    return (case.references if task == "predict" else case.profile) is not None


def _predict_row(number: int, case: Case, fit: Fit, style: PromptStyle) -> Row:
    assert case.references is not None
    question = predict_task(style, case.references)
    pairs = case.judged_by or (case.pair,)
    candidates = {id(image): image for pair in pairs for image in (pair.better, pair.worse)}
    place = {name: at for at, name in enumerate(candidates)}
    return {
        "prompt": question.prompt.messages(),
        "images": [fit(image) for image in question.shown(case.references.images)],
        "task": "predict",
        "pair": number,
        "liked": True,
        "truth": case.truth.to_json() if case.truth else "",
        "candidates": [fit(image) for image in candidates.values()],
        "better": [place[id(pair.better)] for pair in pairs],
        "worse": [place[id(pair.worse)] for pair in pairs],
        "pair_weights": [pair.weight for pair in pairs],
        "weight": case.weight,
    }


def _assess_row(
    number: int, case: Case, task: GrpoTask, fit: Fit, style: PromptStyle, *, liked: bool
) -> Row:
    assert case.profile is not None
    taste = taste_of(case.profile)
    question = style.score(taste) if task == "score" else style.explain(taste, NO_DIGITS)
    image = case.pair.better if liked else case.pair.worse
    return {
        "prompt": question.prompt.messages(),
        "images": [fit(shown) for shown in question.shown([image])],
        "task": task,
        "pair": number,
        "liked": liked,
        "truth": "",
        "candidates": [],
        "better": [],
        "worse": [],
        "pair_weights": [],
        "weight": case.weight,
    }


def dpo_row(pair: ProfilePair, fit: Fit, style: PromptStyle = COMPACT) -> Row:
    """Prompt, images and both answers, as TRL's trainer reads them."""
    question = predict_task(style, pair.references)
    return {
        "prompt": question.prompt.messages(),
        "chosen": _answer(style.taste_answer(pair.better.likes, pair.better.dislikes)),
        "rejected": _answer(style.taste_answer(pair.worse.likes, pair.worse.dislikes)),
        "images": [fit(image) for image in question.shown(pair.references.images)],
    }


def dpo_dataset(rows: Iterable[Row]) -> Any:
    """The rows as a data set of the library, with images as PNG bytes."""
    from datasets import Features, List

    messages = _messages_feature()
    features = Features(
        {"prompt": messages, "chosen": messages, "rejected": messages, "images": List(_image())}
    )
    return _stored(rows, features)


def sft_dataset(rows: Iterable[Row]) -> Any:
    """The rows as a data set of the library, with images as PNG bytes."""
    from datasets import Features, List

    messages = _messages_feature()
    features = Features({"prompt": messages, "completion": messages, "images": List(_image())})
    return _stored(rows, features)


def grpo_dataset(rows: Iterable[Row]) -> Any:
    """The rows as a data set of the library, with every column that a reward reads."""
    from datasets import Features, List, Value

    features = Features(
        {
            "prompt": _messages_feature(),
            "images": List(_image()),
            "task": Value("string"),
            "pair": Value("int64"),
            "liked": Value("bool"),
            "truth": Value("string"),
            "candidates": List(_image()),
            "better": List(Value("int64")),
            "worse": List(Value("int64")),
            "pair_weights": List(Value("float64")),
            "weight": Value("float64"),
        }
    )
    return _stored(rows, features)


def _stored(rows: Iterable[Row], features: Any) -> Any:
    """Store the rows in parts, so that only the images of one part are decoded at a time."""
    from datasets import Dataset, concatenate_datasets

    remaining = iter(rows)
    parts = iter(lambda: [_compressed(row) for row in islice(remaining, ROWS_PER_PART)], [])
    stored = [Dataset.from_list(part, features=features) for part in parts]
    return concatenate_datasets(
        stored or [Dataset.from_dict({name: [] for name in features}, features=features)]
    )


def _compressed(row: Row) -> Row:
    """The row with its images as PNG bytes. The library's own level takes twice as long."""
    return row | {name: [_png(image) for image in row[name]] for name in IMAGES if name in row}


def _png(image: Image) -> dict[str, bytes | None]:
    stream = BytesIO()
    image.save(stream, "PNG", compress_level=1)
    return {"bytes": stream.getvalue(), "path": None}


def _messages_feature() -> Any:
    from datasets import List, Value

    text = Value("string")
    return List({"role": text, "content": List({"type": text, "text": text})})


def _image() -> Any:
    from datasets import Image as ImageFeature

    return ImageFeature()
