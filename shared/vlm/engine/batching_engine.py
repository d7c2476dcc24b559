"""Batch the requests of many callers for one engine, and compute on a thread of its own."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Generic, TypeVar

from PIL.Image import Image

from shared.domain.element_weights import ElementWeights
from shared.domain.errors import Unprocessable
from shared.prompting.styles.protocol import PromptStyle
from shared.vlm.checkpoint.default_style import default_style
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.order_ensemble import predict_with_order_ensemble
from shared.vlm.pairwise import Comparison, Pair
from shared.vlm.pictures.open_reader import with_picture_reader
from shared.vlm.pictures.picture_model import Engine
from shared.vlm.protocol import (
    Description,
    PredictedTaste,
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
)
from shared.vlm.settings import ModelSettings

InputT = TypeVar("InputT")
ResultT = TypeVar("ResultT")


class Batcher(Generic[InputT, ResultT]):
    """One kind of request: waiting inputs of many calls are computed together.

    The batches alternate between the oldest calls and the calls with the fewest inputs left. A
    small call therefore does not wait for all of a large one, a large call is never left out, and
    calls of equal size are computed in their order. Inputs of one call stay together, since they
    often share a prefix.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[InputT]], list[ResultT]],
        *,
        executor: ThreadPoolExecutor,
        max_size: int,
        wait_seconds: float,
    ) -> None:
        self._compute = compute
        self._executor = executor
        self._max_size = max_size
        self._wait_seconds = wait_seconds
        self._calls: list[deque[tuple[InputT, asyncio.Future[ResultT]]]] = []
        """Waiting inputs by call, the oldest call first."""
        self._oldest_first = True
        self._running: asyncio.Task[None] | None = None

    async def submit(self, inputs: Sequence[InputT]) -> list[ResultT]:
        """The results in the order of the inputs; raises what the computation raises."""
        loop = asyncio.get_running_loop()
        added = [(item, loop.create_future()) for item in inputs]
        self._calls.append(deque(added))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return list(await asyncio.gather(*(future for _, future in added)))

    async def _run(self) -> None:
        await asyncio.sleep(self._wait_seconds)
        while batch := self._next_batch():
            await self._answer(batch)

    async def _answer(self, batch: Sequence[tuple[InputT, asyncio.Future[ResultT]]]) -> None:
        loop = asyncio.get_running_loop()
        inputs = [item for item, _ in batch]
        try:
            results = await loop.run_in_executor(self._executor, partial(self._compute, inputs))
            completed = list(zip(batch, results, strict=True))
        except asyncio.CancelledError:
            # The executor was closed: no caller may wait for a result that never comes.
            for _, future in chain(batch, *self._calls):
                future.cancel()
            raise
        except Exception as error:
            if isinstance(error, Unprocessable) and len(batch) > 1:
                # One input that can never be answered must not fail those of other callers.
                for pair in batch:
                    await self._answer([pair])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in completed:
            if not future.done():
                future.set_result(result)

    def _next_batch(self) -> list[tuple[InputT, asyncio.Future[ResultT]]]:
        batch: list[tuple[InputT, asyncio.Future[ResultT]]] = []
        order = self._calls if self._oldest_first else sorted(self._calls, key=len)
        for call in order:
            while call and len(batch) < self._max_size:
                pair = call.popleft()
                # A caller that was cancelled has cancelled its futures; their inputs are left out.
                if not pair[1].done():
                    batch.append(pair)
        self._calls = [call for call in self._calls if call]
        self._oldest_first = not self._oldest_first
        return batch


class BatchingEngine:
    """A `VisionLanguageModel` and `PairwiseModel` on one engine, shared by all callers.

    The engine never changes, so a batch cannot mix versions. Models of several versions may share
    the thread of one `executor`; its owner then shuts it down.
    """

    def __init__(
        self,
        engine: Engine,
        settings: ModelSettings,
        executor: ThreadPoolExecutor | None = None,
    ) -> None:
        self._engine = engine
        self._orders = settings.model_prediction_orders
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="model")
        wait = settings.model_batch_wait_ms / 1000
        batcher = partial(Batcher, executor=self._executor, wait_seconds=wait)
        # A prediction has ten images, so fewer predictions fill a pass.
        few, many = max(1, settings.model_batch // 4), settings.model_batch
        self._predictions: Batcher[References, PredictedTaste] = batcher(
            engine.predict, max_size=few
        )
        self._comparisons: Batcher[Pair, Comparison] = batcher(engine.compare, max_size=few)
        self._descriptions: Batcher[Image, Description] = batcher(engine.describe, max_size=many)
        self._scores: Batcher[ScoringInput, Scores] = batcher(engine.score, max_size=many)
        self._rationales: Batcher[ScoredInput, Rationales] = batcher(engine.explain, max_size=many)

    @property
    def model_version(self) -> str:
        return self._engine.model_version

    @property
    def element_weights(self) -> ElementWeights:
        return self._engine.element_weights

    @property
    def prompt_style(self) -> PromptStyle:
        """The prompts of this model version."""
        return self._engine.prompt_style

    async def predict(self, references: Sequence[References]) -> list[PredictedTaste]:
        return await predict_with_order_ensemble(
            self._predictions.submit, references, orders=self._orders
        )

    async def describe(self, images: Sequence[Image]) -> list[Description]:
        return await self._descriptions.submit(images)

    async def score(self, candidates: Sequence[ScoringInput]) -> list[Scores]:
        return await self._scores.submit(candidates)

    async def explain(self, scored: Sequence[ScoredInput]) -> list[Rationales]:
        return await self._rationales.submit(scored)

    async def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        return await self._comparisons.submit(pairs)

    def close(self) -> None:
        """Finish the running pass and drop all waiting requests."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def load_model(settings: ModelSettings) -> BatchingEngine:
    """The model of the settings, loaded; blocks for seconds. Raises `BadCheckpoint`."""
    from shared.vlm.checkpoint.checkpoint import shipped_folder

    folder = settings.model or shipped_folder()
    engine = TransformersEngine(
        folder,
        device=settings.model_device,
        threads=settings.model_threads,
        prompt_style=default_style(settings),
        limits=settings.pixel_limits,
    )
    return BatchingEngine(with_picture_reader(engine, folder), settings)
