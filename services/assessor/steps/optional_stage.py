"""Run a stage without which a feed is complete: a near deadline or an outage fails nothing."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.assessor.deadline import DeadlineReached
from services.assessor.steps.state import RankingState
from shared.domain.errors import Unavailable

log = logging.getLogger(__name__)
T = TypeVar("T")


async def optional_stage(
    state: RankingState,
    stage: str,
    work: Callable[[], Awaitable[T]],
    *,
    without: str,
    least_ms: float = 0.0,
) -> T | None:
    """The result of `work`; None when there is no time or no store for it, with a line in the log.

    `without` says what the feed then lacks; `least_ms` is as in `Deadline.run`.
    """
    try:
        with state.deadline.stage(stage):
            return await state.deadline.run(work, least_ms=least_ms)
    except DeadlineReached:
        log.info("%s: the deadline was near", without)
    except Unavailable as error:
        log.warning("%s: %s", without, error)
    return None
