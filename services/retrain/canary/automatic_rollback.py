"""Look at a model that is tried out again and again, and send it away by itself when it falls."""

import logging
from collections.abc import Callable

from services.retrain.canary.canary_monitor import Watched
from services.retrain.jobs.metrics import NightMetrics
from services.retrain.registry.folders import NoSuchVersion
from services.retrain.registry.promotion import CannotPromote
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

log = logging.getLogger(__name__)


class CanaryWatch:
    """One look after another; what keeps one from looking is told, and the next one looks again."""

    def __init__(self, watch: Callable[[], Watched], metrics: NightMetrics) -> None:
        self._watch = watch
        self._metrics = metrics

    def run(self) -> Watched:
        try:
            seen = self._watch()
        except (Unavailable, CannotPromote, NoSuchVersion, BadCheckpoint) as error:
            seen = Watched("unknown", getattr(error, "detail", str(error)), False)
        self._metrics.canary.labels(seen.verdict).inc()
        if seen.verdict != "wait":
            level = logging.INFO if seen.verdict == "passed" else logging.WARNING
            log.log(level, "the model that is tried out: %s: %s", seen.verdict, seen.reason)
        return seen
