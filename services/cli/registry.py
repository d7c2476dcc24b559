"""Open the model registry for a command; Kafka and MLflow only when they are needed."""

from collections.abc import Mapping
from pathlib import Path

from services.cli.connection import ConnectionSettings, connect, messaging_settings
from services.cli.files.data_folder import require_folder
from services.cli.output.console import fail
from services.local.runtime_file import read_runtime_file
from services.retrain.registry import factory
from services.retrain.registry.folders import ModelFolders
from services.retrain.registry.promotion import Promoter
from services.retrain.registry.promotion_topic import KafkaPromotionTopic
from services.retrain.registry.settings import RegistrySettings
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable
from shared.messaging.client.settings import MessagingSettings
from shared.settings import from_environment
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.settings import ModelSettings


def open_folders() -> ModelFolders:
    """The folders of all versions; a broken release ends the command with its error."""
    settings = from_environment(RegistrySettings)
    try:
        return factory.open_folders(settings, from_environment(ModelSettings), data_dir=_data_dir())
    except BadCheckpoint as error:
        fail(str(error))


def open_promoter() -> Promoter:
    """What promotes and rolls back models; without a running system the command ends."""
    return factory.open_promoter(
        open_folders(), from_environment(RegistrySettings), connected(), data_dir=_data_dir(),
        clock=system_clock,
    )  # fmt: skip


def connected() -> MessagingSettings:
    """Settings of the running system's Kafka."""
    return messaging_settings(connect())


def running_lineup() -> tuple[Mapping[str, str], str]:
    """Version of each alias (champion, challenger) from Kafka, and a note when it is unknown."""
    settings = from_environment(ConnectionSettings)
    running = read_runtime_file(settings.data_dir)
    kafka = settings.kafka_bootstrap_servers or (running.kafka if running else None)
    if kafka is None:
        return {}, "no system is running, so no version is marked as serving"
    folders = open_folders()
    try:
        messaging = from_environment(MessagingSettings, kafka_bootstrap_servers=kafka)
        latest = KafkaPromotionTopic(messaging).latest(folders.release.name)
    except Unavailable as error:
        return {}, f"{error.detail}; no version is marked as serving"
    serving = {"champion": folders.release.version}
    for variant, event in latest.items():
        if variant == "champion" or event.canary_share or event.shadow_share:
            serving[variant] = event.model_version
    return serving, ""


def _data_dir() -> Path:
    data_dir = from_environment(ConnectionSettings).data_dir
    require_folder(data_dir)
    return data_dir
