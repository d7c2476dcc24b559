"""Find the running system: the cluster of the settings, or the one of `preferstream up`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from services.cli.files.data_folder import require_folder
from services.cli.output.console import fail
from services.local.runtime_file import RuntimeFile, read_runtime_file
from shared.messaging.client.settings import MessagingSettings
from shared.settings import from_environment


class ConnectionSettings(BaseModel):
    """Settings that locate a running system."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    kafka_bootstrap_servers: str | None = None
    """`host:port[,host:port]` of an existing cluster; without it, the local Kafka is used."""
    data_dir: Path = Path(".data")
    """Folder of the local system: Kafka's log, the profiles, and the file with the addresses."""


def messaging_settings(system: RuntimeFile) -> MessagingSettings:
    """Settings for the Kafka of a system: its address, and the credentials of the settings."""
    return from_environment(MessagingSettings, kafka_bootstrap_servers=system.kafka)


def find_system() -> RuntimeFile | None:
    """The running system: the cluster of the settings, or the one of the data folder, or None."""
    settings = from_environment(ConnectionSettings)
    running = read_runtime_file(settings.data_dir)
    configured = settings.kafka_bootstrap_servers
    if configured:
        is_local = running is not None and running.kafka == configured
        roots = running.allowed_file_roots if running and is_local else ()
        return RuntimeFile(kafka=configured, allowed_file_roots=roots)
    return running


def connect() -> RuntimeFile:
    """The running system; without one, the command ends and says how to start it."""
    running = find_system()
    if running is None:
        settings = from_environment(ConnectionSettings)
        require_folder(settings.data_dir)
        fail(
            f"no system runs in {settings.data_dir.absolute()}. Start one with `preferstream up`"
            " (in another terminal), or set PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS to the address of"
            " a cluster, or PREFERSTREAM_DATA_DIR to the folder of a running system."
        )
    return running
