"""Run the assessor alone: `python -m services.assessor`."""

from services.assessor.app import build
from services.assessor.config import AssessorSettings
from shared.runtime.run import run_alone
from shared.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(AssessorSettings)
    run_alone(lambda messaging, parts: build(settings, messaging, parts))
