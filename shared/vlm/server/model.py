"""Run the tasks of the model protocol at a server, one request for each input."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from PIL.Image import Image

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import ELEMENTS
from shared.prompting import parser, prompt
from shared.prompting.prompt import Prompt
from shared.prompting.styles.protocol import PromptStyle, Task
from shared.prompting.styles.registry import COMPACT
from shared.vlm.engine.answers import (
    MAX_COMPARISON_TOKENS,
    to_description,
    to_predicted_taste,
    to_rationales,
)
from shared.vlm.order_ensemble import predict_with_order_ensemble
from shared.vlm.pairwise import Comparison, Pair
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from shared.vlm.server.chat import completion_request, completion_text, rationales_pattern
from shared.vlm.server.connection import PART, Connection, NotFound
from shared.vlm.server.data_urls import ImageEncoder
from shared.vlm.server.dialect import (
    Dialect,
    continued,
    with_pattern,
    with_schema,
    without_constraint,
)
from shared.vlm.server.score_reader import ScoreReader
from shared.vlm.server.thinking import (
    Thinking,
    answer_with_thoughts,
    is_cut_within_thoughts,
    with_more_tokens,
    with_thinking,
)

log = logging.getLogger(__name__)
ResultT = TypeVar("ResultT")
MAX_RELOADS: Final = 3
"""Times that one request reloads a lost adapter: other instances of ours may unload it again."""


class ServerModel:
    """A `VisionLanguageModel` and `PairwiseModel`: one version, under one name at one server.

    The server batches; here each input is one request. An adapter that the server has lost, by a
    restart or because another instance unloaded it, is loaded again.
    """

    def __init__(
        self,
        server: Connection,
        *,
        name: str,
        version: str,
        score_reader: ScoreReader,
        encoder: ImageEncoder,
        reload: Callable[[], Awaitable[None]] | None = None,
        element_weights: ElementWeights = EQUAL_WEIGHTS,
        orders: int = 1,
        style: PromptStyle = COMPACT,
        dialect: Dialect = Dialect.VLLM,
        thinking: Thinking = Thinking(),  # noqa: B008  # frozen
    ) -> None:
        self._style = style
        self._dialect = dialect
        self._refuses_constraints = False
        """Whether the server has refused a constrained request and answered the free one."""
        self._thinking = thinking
        self._always_thinks = False
        """Whether the model has thought without being asked to."""
        self._server = server
        self._name = name
        self._version = version
        self._score_reader = score_reader
        self._encoder = encoder
        self._reload = reload
        self.element_weights = element_weights
        self._orders = orders

    @property
    def model_version(self) -> str:
        return self._version

    @property
    def prompt_style(self) -> PromptStyle:
        """The prompts of this model version."""
        return self._style

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return await predict_with_order_ensemble(self._predict_all, references, orders=self._orders)

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        return await _gather(self._describe(image) for image in images)

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        return await _gather(self._score(candidate) for candidate in candidates)

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return await _gather(self._explain(candidate) for candidate in scored)

    async def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        return await _gather(self._compare(pair) for pair in pairs)

    async def _predict_all(self, references: Sequence[References]) -> list[PredictedTaste]:
        return await _gather(self._predict(user) for user in references)

    async def _predict(self, references: References) -> PredictedTaste:
        predict = self._style.predict(
            liked=len(references.liked), disliked=len(references.disliked)
        )
        answer = await self._answer(predict, predict.shown(references.images), can_think=True)
        return to_predicted_taste(self._style.parse_taste(answer))

    async def _describe(self, image: Image) -> Description:
        answer = await self._answer(self._style.describe(), [image])
        return to_description(self._style.parse_description(answer))

    async def _score(self, candidate: ScoringInput) -> Scores:
        score = self._style.score(candidate.taste)
        question = self._question(score)
        request = await self._request(
            question, score.shown([candidate.image]), max_tokens=score.max_tokens
        )
        response = await self._complete_thinking(self._score_reader.request(request))
        return self._score_reader.read(
            response, self.element_weights, prefix=question.answer_prefix
        )

    async def _explain(self, scored: ScoredInput) -> Rationales:
        digits = {element: scored.scores.mode(element) for element in ELEMENTS}
        explain = self._style.explain(scored.candidate.taste, digits)
        if self._style.digit_reading == "held":
            pattern = rationales_pattern(digits, prefix=explain.prompt.answer_prefix)
            explain = replace(explain, pattern=pattern)
        answer = await self._answer(explain, explain.shown([scored.candidate.image]))
        # In a thread: a style can read each sentence with a small model of its own.
        return to_rationales(await asyncio.to_thread(self._style.parse_rationales, answer, digits))

    async def _compare(self, pair: Pair) -> Comparison:
        compare = prompt.pair(
            liked=len(pair.references.liked),
            disliked=len(pair.references.disliked),
            template=pair.template or self._style.pair_template,
        )
        answer, finished = await self._generate(
            compare, pair.images, max_tokens=MAX_COMPARISON_TOKENS
        )
        return Comparison(answer, parser.parse_comparison(answer, finished=finished))

    async def _answer(self, task: Task, images: Sequence[Image], *, can_think: bool = False) -> str:
        """The answer in the task's form, after the model's thoughts where it has any."""
        question = self._question(task)
        request = await self._request(question, images, max_tokens=task.max_tokens)
        if task.stop is not None:
            request["stop"] = [task.stop]
        if task.pattern is not None:
            request = with_pattern(request, task.pattern, self._dialect)
        is_wanted = can_think and task.schema is not None and self._thinking.is_wanted
        if task.schema is not None:
            request = with_thinking(request, self._dialect, is_wanted=is_wanted)
            request = with_schema(request, task.schema, self._dialect)
        response = await self._complete_thinking(request, is_wanted=is_wanted)
        return answer_with_thoughts(response, prefix=question.answer_prefix)

    def _question(self, task: Task) -> Prompt:
        """The prompt as this server can answer it; held digits need a server that continues."""
        is_held = self._style.digit_reading == "held"
        return task.prompt if is_held else continued(task.prompt, self._dialect)

    async def _generate(
        self, task: Prompt, images: Sequence[Image], *, max_tokens: int
    ) -> tuple[str, bool]:
        """A free answer, and whether the model finished it."""
        request = await self._request(task, images, max_tokens=max_tokens)
        return completion_text(await self._complete(request), prefix=task.answer_prefix)

    async def _complete_thinking(
        self, request: Mapping[str, Any], *, is_wanted: bool = False
    ) -> Mapping[str, Any]:
        """The response; a model that thinks first gets more tokens, once.

        A model that has spent all of them on its thoughts is asked to answer at once where the
        server can do so; elsewhere the answer stays empty, and is parsed as such.
        """
        has_room = is_wanted or self._always_thinks
        if has_room:
            request = with_more_tokens(request, self._thinking.max_tokens)
        response = await self._complete_constrained(request)
        if self._style.digit_reading == "held" or not is_cut_within_thoughts(response):
            return response
        if is_wanted and self._dialect is Dialect.VLLM:
            at_once = with_thinking(request, self._dialect, is_wanted=False)
            return await self._complete_constrained(at_once)
        if has_room:
            return response
        self._always_thinks = True
        log.info("%s thinks before its answers; they get more tokens", self._name)
        return await self._complete_constrained(
            with_more_tokens(request, self._thinking.max_tokens)
        )

    async def _complete_constrained(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """The response; a server that refuses to constrain its answer is asked for a free one."""
        free = without_constraint(request)
        if self._refuses_constraints:
            return await self._complete(free)
        try:
            return await self._complete(request)
        except Unprocessable:
            if free == request or self._style.digit_reading == "held":
                raise
            response = await self._complete(free)
            self._refuses_constraints = True
            log.warning(
                "%s refuses structured outputs; its answers are parsed as they come",
                self._server.address,
            )
            return response

    async def _request(
        self, task: Prompt, images: Sequence[Image], *, max_tokens: int
    ) -> dict[str, Any]:
        urls = await asyncio.to_thread(lambda: [self._encoder.data_url(i) for i in images])
        return completion_request(task, urls, model=self._name, max_tokens=max_tokens)

    async def _complete(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(MAX_RELOADS):
            try:
                response = await self._server.complete(request)
            except NotFound as error:
                if self._reload is None:
                    raise Unavailable(
                        PART, f"{self._server.address} no longer serves {self._name}: {error}"
                    ) from error
                await self._reload()
                continue
            if self._reload is not None and response.get("model") != self._name:
                raise Unavailable(
                    PART, f"{self._name} was requested, {response.get('model')!r} answered"
                )
            return response
        raise Unavailable(PART, f"{self._server.address} keeps losing {self._name}")


async def _gather(coroutines: Iterable[Coroutine[Any, Any, ResultT]]) -> list[ResultT]:
    """All results in order; the first failure cancels the others."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
