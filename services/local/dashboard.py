"""Run dashboard and gateway alone, with the models and nights of the folders that are mounted here.

`python -m services.local.dashboard`; `python -m services.ops` is the same without them.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.local.registry import open_models
from services.ops.app import OpsApp
from services.ops.standalone import opened
from services.retrain.jobs.admin import NightDesk
from services.retrain.jobs.app import NightWiring
from shared.domain.clock import system_clock
from shared.messaging.client.settings import MessagingSettings
from shared.runtime.run import run_opened


@asynccontextmanager
async def dashboard(messaging: MessagingSettings) -> AsyncIterator[OpsApp]:
    """Nights are shown where their folder is; raises `BadCheckpoint` without the release."""
    wiring = NightWiring.read()
    there = wiring.nights.nights.is_dir()
    nights = NightDesk(wiring.nights, clock=system_clock) if there else None
    async with opened(messaging, models=open_models(messaging, wiring), nights=nights) as app:
        yield app


if __name__ == "__main__":
    run_opened(dashboard)
