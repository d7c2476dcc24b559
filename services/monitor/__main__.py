"""Run the monitor service in its own process: `python -m services.monitor`."""

from services.monitor.app import build
from services.monitor.config import MonitorSettings
from shared.runtime.run import run_service_without_dependencies
from shared.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(MonitorSettings)
    run_service_without_dependencies(lambda messaging: build(settings, messaging))
