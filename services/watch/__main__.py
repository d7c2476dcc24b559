"""Run the watch alone: `python -m services.watch`."""

from services.watch.app import build
from services.watch.config import WatchSettings
from shared.run import run_without_parts
from shared.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(WatchSettings)
    run_without_parts(lambda messaging: build(settings, messaging))
