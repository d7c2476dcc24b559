"""Find the running system: the cluster a setting names, or the one `preferstream up` started."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from services.cli.output.console import fail
from services.local.runtime_file import RuntimeFile, read_runtime_file
from shared.messaging.client.settings import MessagingSettings
from shared.settings import from_environment


class ConnectionSettings(BaseModel):
    """Where the command line finds Kafka."""

    model_config = ConfigDict(frozen=True)

    kafka_bootstrap_servers: str | None = None
    """`host:port[,host:port]` of an existing cluster; without it, the local one is looked up."""
    data_dir: Path = Path(".data")
    """Folder of the local system: Kafka's log, the profiles, and where it listens."""


def messaging_settings(system: RuntimeFile) -> MessagingSettings:
    """How to reach a system's Kafka: its address, and the proofs that the settings name."""
    return from_environment(MessagingSettings, kafka_bootstrap_servers=system.kafka)


def connect() -> RuntimeFile:
    """The running system, or an ending that says how to start one."""
    settings = from_environment(ConnectionSettings)
    found = read_runtime_file(settings.data_dir)
    if settings.kafka_bootstrap_servers:
        roots = found.allowed_file_roots if found and found.kafka == settings.kafka_bootstrap_servers else ()
        return RuntimeFile(kafka=settings.kafka_bootstrap_servers, allowed_file_roots=roots)
    if found is None:
        fail(
            f"no running system was found in {settings.data_dir.resolve()}."
            " Start one with `preferstream up` (in another terminal), or name a cluster in"
            " PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS, or the folder of a running one in PREFERSTREAM_DATA_DIR."
        )
    return found
