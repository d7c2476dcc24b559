"""A fake vision-language model that reads the color of plain images."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from PIL import ImageColor
from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS, Element
from shared.vlm.background_work import BackgroundWork, Pace
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.model_selection import ServingModels
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from tests.fakes.scores import certain_scores

COLORS = ("red", "green", "blue", "yellow", "black", "white", "orange", "purple", "navy", "pink")
AT_ONCE = Pace(quiet_seconds=0, max_pause_seconds=0)
_NAMES = {ImageColor.getrgb(color): color for color in COLORS}


def color_of(image: Image) -> str:
    pixel = image.getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return _NAMES[pixel]


class ColorModel:
    """A `VisionLanguageModel`: liked colors get 5, disliked 0, others 2, for every element.

    `unavailable` maps a method's name to the reason why it raises `Unavailable`; the methods in
    `hangs` never return, those in `breaks` raise `RuntimeError`.
    """

    def __init__(self, version: str = "colors-1", weights: ElementWeights = EQUAL_WEIGHTS) -> None:
        self.model_version = version
        self.element_weights = weights
        self.unavailable: dict[str, str] = {}
        self.hangs: set[str] = set()
        self.breaks: set[str] = set()
        self.calls: Counter[str] = Counter()
        self.predicted_from: list[References] = []
        self.described: list[str] = []
        self.problems: tuple[str, ...] = ()

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        await self._answer("predict")
        self.predicted_from += references
        return [
            PredictedTaste(
                {Element.COLOR: tuple(dict.fromkeys(map(color_of, r.liked)))},
                {Element.COLOR: tuple(dict.fromkeys(map(color_of, r.disliked)))},
                self.problems,
            )
            for r in references
        ]

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        await self._answer("describe")
        self.described += map(color_of, images)
        return [Description({Element.COLOR: (color_of(image),)}) for image in images]

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        await self._answer("score")
        return [certain_scores(_digit(c), self.element_weights) for c in candidates]

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        await self._answer("explain")
        return [
            Rationales(
                {e: f"{color_of(s.candidate.image)} gets {s.scores.mode(e)}" for e in ELEMENTS}
            )
            for s in scored
        ]

    async def _answer(self, method: str) -> None:
        self.calls[method] += 1
        if method in self.unavailable:
            raise Unavailable("model", self.unavailable[method])
        if method in self.breaks:
            raise RuntimeError(f"a mistake in {method}")
        if method in self.hangs:
            await asyncio.Event().wait()


class FakeModelLoader:
    """Loads the models that it holds; raises `BadCheckpoint` for others."""

    def __init__(self, *models: ColorModel) -> None:
        self.models = {model.model_version: model for model in models}

    def load(self, *, uri: str, sha256: str) -> ColorModel:
        model = self.models.get(uri.rpartition("/")[2])
        if model is None:
            raise BadCheckpoint(f"{uri} is not the file that the manifest names")
        return model


def serving(champion: ColorModel, *others: ColorModel, pace: Pace = AT_ONCE) -> ServingModels:
    """Models of a process that serves `champion` and can load the others.

    By default, background work does not wait for requests.
    """
    return ServingModels(
        champion,
        name="colors",
        loader=FakeModelLoader(*others),
        background=BackgroundWork(pace),
    )


def _digit(candidate: ScoringInput) -> int:
    color = color_of(candidate.image)
    if color in {w.word for w in candidate.taste.preference.color}:
        return 5
    return 0 if color in {w.word for w in candidate.taste.non_preference.color} else 2
