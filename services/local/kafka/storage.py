"""The folder that outlives a run: made once, looked at before every start."""

import base64
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.metadata_log import FOLDER as METADATA_LOG
from services.local.kafka.metadata_log import damaged_at
from services.local.kafka.pinned_jars import KAFKA_VERSION
from services.local.kafka.settings import NODE_ID

RECORDS = "records"
UNFINISHED = "records.unfinished"
STAMP = "kafka.stamp"
"""Which Kafka and which cluster the records belong to; written beside them."""
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
    stamp = read_properties(_text(folder / STAMP))
    version = stamp.get("kafka.version", KAFKA_VERSION)
    if _numbers(version) > _numbers(KAFKA_VERSION):
        raise KafkaDidNotStart(
            f"the records in {folder} were written by Kafka {version}, newer than this "
            f"{KAFKA_VERSION}. Start them with that version, or choose another data folder."
        )
    meta = read_properties(_text(records / "meta.properties"))
    problem = what_is_wrong(meta, stamp) or _missing(records) or damaged_at(records)
    if problem:
        raise KafkaDidNotStart(
            f"the data folder {folder} is damaged: {problem}. Nothing was changed. "
            f"Restore {records} from a copy, or delete it to start empty (its topics are lost)."
        )
    return Storage(meta["cluster.id"])


def what_is_wrong(meta: dict[str, str], stamp: dict[str, str]) -> str | None:
    """Why `meta.properties` is not the one we made; None when it is."""
    for key, expected in {"version": "1", "node.id": str(NODE_ID)}.items():
        if meta.get(key) != expected:
            return f"meta.properties says {key}={meta.get(key)}, expected {expected}"
    if not meta.get("cluster.id"):
        return "meta.properties says no cluster.id"
    if stamp.get("cluster.id", meta["cluster.id"]) != meta["cluster.id"]:
        return f"its records are of another cluster, {meta['cluster.id']}"
    return None


def _missing(records: Path) -> str | None:
    # Kafka would start without them, empty, and drop the topics' records as strays.
    if not (records / "bootstrap.checkpoint").exists():
        return "bootstrap.checkpoint is missing"
    if not (records / METADATA_LOG).exists() and any(entry.is_dir() for entry in records.iterdir()):
        return f"{METADATA_LOG} is missing"
    return None


def create_storage(folder: Path, run_format: Callable[[str, str], None]) -> Storage:
    """Format beside the final place and move it there: a kill in between leaves a new folder.

    `run_format(records, cluster_id)` is Kafka's own tool.
    """
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
    cluster_id = new_cluster_id()
    run_format(UNFINISHED, cluster_id)
    stamp = f"kafka.version={KAFKA_VERSION}\ncluster.id={cluster_id}\n"
    (folder / STAMP).write_text(stamp, encoding="ascii")
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
