"""Run the assessor in its own process: `python -m services.assessor`."""

from services.assessor.app import build
from services.assessor.config import AssessorSettings
from shared.runtime.run import run_service
from shared.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(AssessorSettings)
    run_service(lambda messaging, dependencies: build(settings, messaging, dependencies))
