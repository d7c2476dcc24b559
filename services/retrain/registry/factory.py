"""Open the registry from settings: model folders, Kafka's promotion topic, MLflow."""

from pathlib import Path

from services.retrain.registry.folders import ModelFolders
from services.retrain.registry.mlflow_mirror import MlflowMirror, installed, sqlite_uri
from services.retrain.registry.promotion import Promoter
from services.retrain.registry.promotion_topic import KafkaPromotionTopic
from services.retrain.registry.settings import RegistrySettings
from shared.domain.clock import Clock
from shared.messaging.client.settings import MessagingSettings
from shared.vlm.checkpoint.model_package import release
from shared.vlm.settings import ModelSettings


def models_dir(settings: RegistrySettings, *, data_dir: Path) -> Path:
    """The folder of all versions."""
    return settings.models_dir or data_dir / "models"


def open_folders(
    settings: RegistrySettings, model: ModelSettings, *, data_dir: Path
) -> ModelFolders:
    """The versions; reads the release's files and raises `BadCheckpoint`."""
    return ModelFolders(models_dir(settings, data_dir=data_dir), release(model.model))


def open_promoter(
    folders: ModelFolders,
    settings: RegistrySettings,
    messaging: MessagingSettings,
    *,
    data_dir: Path,
    clock: Clock,
) -> Promoter:
    """The promoter; it does not connect to Kafka or MLflow yet."""
    mirror = None
    if settings.mlflow_tracking_uri or installed():
        uri = settings.mlflow_tracking_uri or sqlite_uri(data_dir)
        mirror = MlflowMirror(uri, model=folders.release.name)
    return Promoter(folders, KafkaPromotionTopic(messaging), mirror, clock=clock)
