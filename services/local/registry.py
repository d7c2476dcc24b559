"""Open the registry of models for the dashboard of this machine."""

from pathlib import Path

from services.retrain.desk import ModelDesk
from services.retrain.promotion import Promoter
from services.retrain.promotion_kafka import KafkaAnnouncements
from services.retrain.registry import ModelFolders
from services.retrain.registry_mlflow import MlflowAliases, installed, sqlite_uri
from services.retrain.registry_settings import RegistrySettings
from shared.clock import system_clock
from shared.messaging.settings import MessagingSettings
from shared.settings import from_environment
from shared.vlm.artefact import release
from shared.vlm.settings import ModelSettings


def open_models(messaging: MessagingSettings, *, data_dir: Path) -> ModelDesk:
    """Reads the release's files, and asks neither Kafka nor MLflow yet; raises `BadCheckpoint`."""
    settings = from_environment(RegistrySettings)
    folders = ModelFolders(
        settings.models_dir or data_dir / "models", release(from_environment(ModelSettings).model)
    )
    aliases = None
    if settings.mlflow or installed():
        aliases = MlflowAliases(settings.mlflow or sqlite_uri(data_dir), model=folders.release.name)
    promoter = Promoter(folders, KafkaAnnouncements(messaging), aliases, clock=system_clock)
    return ModelDesk(folders, promoter)
