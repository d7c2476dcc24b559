"""Open the model registry for the dashboard of this machine."""

from services.retrain.jobs.settings import TrainingSettings
from services.retrain.registry.admin import RegistryAdmin
from services.retrain.registry.factory import open_folders, open_promoter
from shared.domain.clock import system_clock
from shared.messaging.client.settings import MessagingSettings


def open_models(messaging: MessagingSettings, training: TrainingSettings) -> RegistryAdmin:
    """Read the files of the release; Kafka and MLflow are not contacted. Raises `BadCheckpoint`."""
    data_dir = training.jobs.data_dir
    folders = open_folders(training.registry, training.model, data_dir=data_dir)
    promoter = open_promoter(
        folders, training.registry, messaging, data_dir=data_dir, clock=system_clock
    )
    return RegistryAdmin(folders, promoter)
