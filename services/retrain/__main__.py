"""Run the retrain service alone: `python -m services.retrain`; with `--collect`, collect once."""

import sys

from prometheus_client import CollectorRegistry

from services.retrain.app import build, collector
from services.retrain.config import RetrainSettings
from services.retrain.jobs.app import NightWiring
from shared.messaging.client.settings import MessagingSettings
from shared.observability.logs import log_to_stderr
from shared.runtime.run import run_without_parts
from shared.settings import from_environment


def collect_once(settings: RetrainSettings) -> int:
    """One collection; exit code 1 when a table has a problem."""
    log_to_stderr()
    messaging = from_environment(MessagingSettings)
    collected = collector(settings, messaging, CollectorRegistry()).run()
    for table, count in collected.rows.items():
        print(f"{table}: {count} rows, {collected.refused.get(table, 0)} of them refused")
    for problem in collected.problems:
        print(problem, file=sys.stderr)
    return 1 if collected.problems else 0


if __name__ == "__main__":
    settings = from_environment(RetrainSettings)
    if "--collect" in sys.argv[1:]:
        sys.exit(collect_once(settings))
    wiring = NightWiring.read()
    run_without_parts(lambda messaging: build(settings, messaging, wiring))
