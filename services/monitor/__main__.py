"""Run the watch alone: `python -m services.monitor`."""

from services.monitor.app import build
from services.monitor.config import WatchSettings
from shared.runtime.run import run_without_parts
from shared.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(WatchSettings)
    run_without_parts(lambda messaging: build(settings, messaging))
