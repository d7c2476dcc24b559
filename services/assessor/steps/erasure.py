"""Skip a request whose user was erased after it was made."""

from prometheus_client import Counter

from services.assessor.steps.state import RankingState
from shared.store.erasure_check import ErasureCheck


class SkipErased:
    """The step that ends a request of an erased user."""

    def __init__(self, erasure_check: ErasureCheck, erased: Counter) -> None:
        self._erasure_check = erasure_check
        self._erased = erased

    async def __call__(self, state: RankingState) -> RankingState | None:
        if await self._erasure_check.is_erased(state.request, written_ms=state.written_ms):
            self._erased.inc()
            return None
        return state
