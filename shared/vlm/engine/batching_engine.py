"""Answer many callers with one engine: gather what waits into batches, compute off the loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from PIL.Image import Image

from shared.domain.element_weights import ElementWeights
from shared.vlm.engine.transformers_engine import TransformersEngine
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
from shared.vlm.settings import ModelSettings

AskedT = TypeVar("AskedT")
AnswerT = TypeVar("AnswerT")


class Batches(Generic[AskedT, AnswerT]):
    """One kind of request: those that wait together are answered together, in order of arrival."""

    def __init__(
        self,
        answer: Callable[[Sequence[AskedT]], list[AnswerT]],
        *,
        executor: ThreadPoolExecutor,
        largest: int,
        wait_seconds: float,
    ) -> None:
        self._answer = answer
        self._executor = executor
        self._largest = largest
        self._wait_seconds = wait_seconds
        self._waiting: list[tuple[AskedT, asyncio.Future[AnswerT]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, asked: Sequence[AskedT]) -> list[AnswerT]:
        loop = asyncio.get_running_loop()
        mine = [(one, loop.create_future()) for one in asked]
        self._waiting += mine
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return list(await asyncio.gather(*(future for _, future in mine)))

    async def _run(self) -> None:
        await asyncio.sleep(self._wait_seconds)
        while self._waiting:
            # A caller that has given up has cancelled its futures; nothing is computed for it.
            batch = [pair for pair in self._waiting[: self._largest] if not pair[1].done()]
            del self._waiting[: self._largest]
            if not batch:
                continue
            loop = asyncio.get_running_loop()
            asked = [one for one, _ in batch]
            try:
                answers = await loop.run_in_executor(self._executor, partial(self._answer, asked))
                answered = list(zip(batch, answers, strict=True))
            except asyncio.CancelledError:
                # The executor was closed: nobody may wait for an answer that never comes.
                for _, future in batch + self._waiting:
                    future.cancel()
                raise
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in answered:
                if not future.done():
                    future.set_result(answer)


class BatchingEngine:
    """A `VisionLanguageModel` and `PairwiseModel` on one engine and one thread, shared by all here.

    Its engine never changes, so that a batch cannot mix versions. Models of several versions may
    share a thread: `executor`, whose owner then ends it.
    """

    def __init__(
        self,
        engine: TransformersEngine,
        settings: ModelSettings,
        executor: ThreadPoolExecutor | None = None,
    ) -> None:
        self._engine = engine
        self._orders = settings.model_prediction_orders
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="model")
        wait = settings.model_batch_wait_ms / 1000
        batches = partial(Batches, executor=self._executor, wait_seconds=wait)
        # A prediction looks at ten images, so that fewer of them fill a pass.
        few, many = max(1, settings.model_batch // 4), settings.model_batch
        self._predictions: Batches[References, PredictedTaste] = batches(
            engine.predict, largest=few
        )
        self._comparisons: Batches[Pair, Comparison] = batches(engine.compare, largest=few)
        self._descriptions: Batches[Image, Description] = batches(engine.describe, largest=many)
        self._scores: Batches[Candidate, Scores] = batches(engine.score, largest=many)
        self._reasons: Batches[ScoredCandidate, Rationales] = batches(engine.explain, largest=many)

    @property
    def model_version(self) -> str:
        return self._engine.model_version

    @property
    def element_weights(self) -> ElementWeights:
        return self._engine.element_weights

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return await predict_in_orders(self._predictions.ask, references, orders=self._orders)

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        return await self._descriptions.ask(images)

    async def score(self, candidates: Sequence[Candidate]) -> list[Scores]:
        return await self._scores.ask(candidates)

    async def explain(self, scored: Sequence[ScoredCandidate]) -> list[Rationales]:
        return await self._reasons.ask(scored)

    async def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        return await self._comparisons.ask(pairs)

    def close(self) -> None:
        """Finish the pass that runs; nothing more is answered."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def load_model(settings: ModelSettings) -> BatchingEngine:
    """The model of the settings, loaded; blocks for seconds. Raises `BadCheckpoint`."""
    from shared.vlm.checkpoint.checkpoint import shipped_folder

    engine = TransformersEngine(
        settings.model or shipped_folder(),
        device=settings.model_device,
        threads=settings.model_threads,
    )
    return BatchingEngine(engine, settings)
