"""Run only the dashboard and gateway, with models and training jobs from mounted folders.

`python -m services.local.dashboard`; `python -m services.ops` is the same without those folders.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.local.registry import open_models
from services.ops.app import OpsApp, open_app
from services.retrain.jobs.admin import JobAdmin
from services.retrain.jobs.settings import TrainingSettings
from shared.domain.clock import system_clock
from shared.messaging.client.settings import MessagingSettings
from shared.runtime.run import run_service_from_context


@asynccontextmanager
async def dashboard(messaging: MessagingSettings) -> AsyncIterator[OpsApp]:
    """Show training jobs if their folder exists; raises `BadCheckpoint` without the release."""
    training = TrainingSettings.read()
    has_jobs = training.jobs.jobs_dir.is_dir()
    training_jobs = JobAdmin(training.jobs, clock=system_clock) if has_jobs else None
    async with open_app(
        messaging, models=open_models(messaging, training), training_jobs=training_jobs
    ) as app:
        yield app


if __name__ == "__main__":
    run_service_from_context(dashboard)
