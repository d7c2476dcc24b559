"""Roll a canary back automatically when its guardrail metrics fail."""

import logging
from collections.abc import Callable

from services.retrain.canary.canary_monitor import CanaryCheck
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.registry.folders import NoSuchVersion
from services.retrain.registry.promotion import CannotPromote
from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

log = logging.getLogger(__name__)


class AutomaticRollback:
    """Checks the canary at each run; an error is logged, and the next run checks again."""

    def __init__(self, check: Callable[[], CanaryCheck], metrics: JobMetrics) -> None:
        self._check = check
        self._metrics = metrics

    def run(self) -> CanaryCheck:
        """Check once; never raises an error of Kafka or the registry."""
        try:
            check = self._check()
        except (Unavailable, CannotPromote, NoSuchVersion, BadCheckpoint) as error:
            check = CanaryCheck("unknown", getattr(error, "detail", str(error)), False)
        self._metrics.canary_checks.labels(check.verdict).inc()
        if check.verdict != "wait":
            level = logging.INFO if check.verdict == "passed" else logging.WARNING
            log.log(level, "canary: %s: %s", check.verdict, check.reason)
        return check
