"""The folder that outlives a run: made once, looked at before every start."""

import base64
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.pins import KAFKA_VERSION
from services.local.kafka.settings import NODE_ID

RECORDS = "records"
UNFINISHED = "records.unfinished"
VERSION_FILE = "kafka.version"
NEEDED_BYTES = 512 * 1024 * 1024
"""Room for a few active segments; Kafka ends at once when a write fails."""


@dataclass(frozen=True)
class Storage:
    """What a data folder holds: records of one cluster."""

    cluster_id: str


def prepare_folder(folder: Path) -> None:
    """Make the folder, or say why it cannot hold a broker's records."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise KafkaDidNotStart(
            f"the data folder {folder} cannot be written to: {error.strerror}. "
            "Give write permission to this user or choose another data folder."
        ) from error
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise KafkaDidNotStart(
            f"the disk of {folder} has {free // 2**20} MB left; "
            f"Kafka needs {NEEDED_BYTES // 2**20}. Make room or choose another data folder."
        )


def existing_storage(folder: Path) -> Storage | None:
    """What an earlier run left; None for a new folder; an error for one that must not be used."""
    records = folder / RECORDS
    if not records.exists():
        return None
    version = _text(folder / VERSION_FILE)
    if version and _numbers(version) > _numbers(KAFKA_VERSION):
        raise KafkaDidNotStart(
            f"the records in {folder} were written by Kafka {version.strip()}, newer than this "
            f"{KAFKA_VERSION}. Start them with that version, or choose another data folder."
        )
    meta = read_properties(_text(records / "meta.properties"))
    problem = what_is_wrong(meta)
    if problem:
        raise KafkaDidNotStart(
            f"the data folder {folder} is damaged: {problem} in {records / 'meta.properties'}. "
            f"Restore it from a copy, or delete {records} to start empty (its topics are lost)."
        )
    return Storage(meta["cluster.id"])


def what_is_wrong(meta: dict[str, str]) -> str | None:
    if not meta.get("cluster.id"):
        return "there is no cluster.id"
    if meta.get("version") != "1":
        return f"version is {meta.get('version')!r}, not 1,"
    if meta.get("node.id") != str(NODE_ID):
        return f"node.id is {meta.get('node.id')!r}, not {NODE_ID} (another cluster's folder?),"
    return None


def create_storage(folder: Path, run_format: Callable[[str, str], None]) -> Storage:
    """Format beside the final place and move it there: a kill in between leaves a new folder.

    `run_format(records, cluster_id)` is Kafka's own tool.
    """
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
    cluster_id = new_cluster_id()
    run_format(UNFINISHED, cluster_id)
    (folder / VERSION_FILE).write_text(f"{KAFKA_VERSION}\n", encoding="ascii")
    (folder / UNFINISHED).rename(folder / RECORDS)
    return Storage(cluster_id)


def new_cluster_id() -> str:
    """Kafka's form of a UUID; it refuses those that start like an option."""
    while True:
        encoded = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode("ascii")
        if not encoded.startswith("-"):
            return encoded


def read_properties(text: str) -> dict[str, str]:
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.strip().split(".") if part.isdigit())
