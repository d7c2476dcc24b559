"""Open what promotions and nights work with, from settings: folders, Kafka's topic, MLflow."""

from pathlib import Path

from services.retrain.registry.folders import ModelFolders
from services.retrain.registry.mlflow_mirror import MlflowAliases, installed, sqlite_uri
from services.retrain.registry.promotion import Promoter
from services.retrain.registry.promotion_topic import KafkaAnnouncements
from services.retrain.registry.settings import RegistrySettings
from shared.domain.clock import Clock
from shared.messaging.client.settings import MessagingSettings
from shared.vlm.checkpoint.model_package import release
from shared.vlm.settings import ModelSettings


def models_dir(settings: RegistrySettings, *, data_dir: Path) -> Path:
    return settings.models_dir or data_dir / "models"


def open_folders(
    settings: RegistrySettings, model: ModelSettings, *, data_dir: Path
) -> ModelFolders:
    """Reads the release's files; raises `BadCheckpoint`."""
    return ModelFolders(models_dir(settings, data_dir=data_dir), release(model.model))


def open_promoter(
    folders: ModelFolders,
    settings: RegistrySettings,
    messaging: MessagingSettings,
    *,
    data_dir: Path,
    clock: Clock,
) -> Promoter:
    """Touches neither Kafka nor MLflow yet."""
    aliases = None
    if settings.mlflow or installed():
        aliases = MlflowAliases(settings.mlflow or sqlite_uri(data_dir), model=folders.release.name)
    return Promoter(folders, KafkaAnnouncements(messaging), aliases, clock=clock)
