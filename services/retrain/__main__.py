"""Run the retrain service in its own process; with `--collect`, collect once and exit."""

import sys

from prometheus_client import CollectorRegistry

from services.retrain.app import build, build_collector
from services.retrain.config import RetrainSettings
from services.retrain.jobs.settings import TrainingSettings
from shared.messaging.client.settings import MessagingSettings
from shared.observability.logs import log_to_stderr
from shared.runtime.run import run_service_without_dependencies
from shared.settings import from_environment


def collect_once(settings: RetrainSettings) -> int:
    """Collect once; return exit code 1 when a table has a problem."""
    log_to_stderr()
    messaging = from_environment(MessagingSettings)
    result = build_collector(settings, messaging, CollectorRegistry()).run()
    for table, count in result.rows.items():
        print(f"{table}: {count} rows, {result.invalid.get(table, 0)} of them invalid")
    for problem in result.problems:
        print(problem, file=sys.stderr)
    return 1 if result.problems else 0


if __name__ == "__main__":
    settings = from_environment(RetrainSettings)
    if "--collect" in sys.argv[1:]:
        sys.exit(collect_once(settings))
    training = TrainingSettings.read()
    run_service_without_dependencies(lambda messaging: build(settings, messaging, training))
