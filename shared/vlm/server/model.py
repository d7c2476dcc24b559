"""Ask a model server what `shared.vlm.protocol` and `shared.vlm.pairwise` ask."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable
from shared.domain.taste import ELEMENTS
from shared.prompting import parser as verdict
from shared.prompting import prompt
from shared.prompting.prompt import Prompt
from shared.vlm.engine.answers import (
    MAX_COMPARISON_TOKENS,
    MAX_REASONS_TOKENS,
    MAX_WORDS_TOKENS,
    parse_description,
    read_reasons,
    parse_taste,
)
from shared.vlm.order_ensemble import predict_in_orders
from shared.vlm.pairwise import Comparison, Pair
from shared.vlm.protocol import (
    Candidate,
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredCandidate,
    Scores,
)
from shared.vlm.server.chat import question, reasons_pattern, written
from shared.vlm.server.connection import PART, Connection, NotFound
from shared.vlm.server.data_urls import Pictures
from shared.vlm.server.forced_scores import ForcedScores

AnswerT = TypeVar("AnswerT")
LOADS_ANEW: Final = 3
"""Times that one question brings an adapter back: others of ours may send it away meanwhile."""


class ServerModel:
    """A `VisionLanguageModel` and `PairwiseModel`: one version, under one name at one server.

    The server batches; here every image is a question of its own. An adapter that the server has
    lost, by a restart or because another instance was done with it, is loaded anew.
    """

    def __init__(
        self,
        server: Connection,
        *,
        name: str,
        version: str,
        forced: ForcedScores,
        pictures: Pictures,
        load: Callable[[], Awaitable[None]] | None = None,
        element_weights: ElementWeights = EQUAL_WEIGHTS,
        orders: int = 1,
    ) -> None:
        self._server = server
        self._name = name
        self._version = version
        self._forced = forced
        self._pictures = pictures
        self._load = load
        self.element_weights = element_weights
        self._orders = orders

    @property
    def model_version(self) -> str:
        return self._version

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return await predict_in_orders(self._predictions, references, orders=self._orders)

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        return await _together(self._describe(image) for image in images)

    async def score(self, candidates: Sequence[Candidate]) -> list[Scores]:
        return await _together(self._score(one) for one in candidates)

    async def explain(self, scored: Sequence[ScoredCandidate]) -> list[Rationales]:
        return await _together(self._explain(one) for one in scored)

    async def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        return await _together(self._compare(pair) for pair in pairs)

    async def _predictions(self, references: Sequence[References]) -> list[PredictedTaste]:
        return await _together(self._predict(one) for one in references)

    async def _predict(self, one: References) -> PredictedTaste:
        asked = prompt.predict(liked=len(one.liked), disliked=len(one.disliked))
        answer, _ = await self._words(asked, one.images, most=MAX_WORDS_TOKENS)
        return parse_taste(answer)

    async def _describe(self, image: Image) -> Description:
        answer, _ = await self._words(prompt.describe(), [image], most=MAX_WORDS_TOKENS)
        return parse_description(answer)

    async def _score(self, one: Candidate) -> Scores:
        asked = prompt.score_for(one.taste)
        plain = await self._question(asked, [one.image], most=0)
        answer = await self._answer(self._forced.question(plain))
        return self._forced.read(answer, self.element_weights)

    async def _explain(self, one: ScoredCandidate) -> Rationales:
        asked = prompt.explain_for(one.candidate.taste)
        digits = {element: one.scores.mode(element) for element in ELEMENTS}
        pattern = reasons_pattern(digits, begun=asked.answer_prefix)
        answer, _ = await self._words(
            asked, [one.candidate.image], most=MAX_REASONS_TOKENS, pattern=pattern
        )
        return read_reasons(answer, digits)

    async def _compare(self, pair: Pair) -> Comparison:
        asked = prompt.pair(
            liked=len(pair.references.liked),
            disliked=len(pair.references.disliked),
            template=pair.template,
        )
        answer, ended = await self._words(asked, pair.images, most=MAX_COMPARISON_TOKENS)
        return Comparison(answer, verdict.parse_comparison(answer, finished=ended))

    async def _words(
        self, asked: Prompt, images: Sequence[Image], *, most: int, pattern: str | None = None
    ) -> tuple[str, bool]:
        """The answer, and whether the model ended it."""
        body = await self._question(asked, images, most=most)
        if pattern is not None:
            body["structured_outputs"] = {"regex": pattern}
        return written(await self._answer(body), begun=asked.answer_prefix)

    async def _question(
        self, asked: Prompt, images: Sequence[Image], *, most: int
    ) -> dict[str, Any]:
        pictures = await asyncio.to_thread(lambda: [self._pictures.data_url(i) for i in images])
        return question(asked, pictures, model=self._name, most=most)

    async def _answer(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(LOADS_ANEW):
            try:
                answer = await self._server.ask(body)
            except NotFound as error:
                if self._load is None:
                    raise Unavailable(
                        PART, f"{self._server.address} no longer serves {self._name}: {error}"
                    ) from error
                await self._load()
                continue
            if self._load is not None and answer.get("model") != self._name:
                raise Unavailable(PART, f"asked for {self._name}, {answer.get('model')!r} answered")
            return answer
        raise Unavailable(PART, f"{self._server.address} keeps losing {self._name}")


async def _together(asked: Iterable[Coroutine[Any, Any, AnswerT]]) -> list[AnswerT]:
    """All answers in order; the first failure gives up the rest."""
    tasks = [asyncio.create_task(one) for one in asked]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
