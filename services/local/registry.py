"""Open the registry of models for the dashboard of this machine."""

from services.retrain.jobs.app import NightWiring
from services.retrain.registry.admin import ModelDesk
from services.retrain.registry.factory import open_folders, open_promoter
from shared.domain.clock import system_clock
from shared.messaging.client.settings import MessagingSettings


def open_models(messaging: MessagingSettings, wiring: NightWiring) -> ModelDesk:
    """Reads the release's files, and asks neither Kafka nor MLflow yet; raises `BadCheckpoint`."""
    data_dir = wiring.nights.data_dir
    folders = open_folders(wiring.registry, wiring.model, data_dir=data_dir)
    promoter = open_promoter(
        folders, wiring.registry, messaging, data_dir=data_dir, clock=system_clock
    )
    return ModelDesk(folders, promoter)
