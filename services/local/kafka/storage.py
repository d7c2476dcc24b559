"""Create the data folder once, and check it before every start."""

import base64
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.metadata_log import FOLDER as METADATA_LOG
from services.local.kafka.metadata_log import damage_in
from services.local.kafka.pinned_jars import KAFKA_VERSION
from services.local.kafka.settings import NODE_ID
from shared.files.writable_folder import UnusableFolder, prepare_folder

RECORDS = "records"
UNFINISHED = "records.unfinished"
STAMP = "kafka.stamp"
"""File with the Kafka version and the cluster id that the records belong to."""
NEEDED_BYTES = 512 * 1024 * 1024
"""Space for a few active segments; Kafka exits at once when a write fails."""


@dataclass(frozen=True)
class Storage:
    """The records of one cluster in a data folder."""

    cluster_id: str


def prepare_data_folder(folder: Path) -> None:
    """Create the folder; raises `KafkaDidNotStart` when a broker cannot write its records there."""
    try:
        prepare_folder(folder, advice="choose another data folder")
    except UnusableFolder as error:
        raise KafkaDidNotStart(str(error)) from error
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise KafkaDidNotStart(
            f"the disk of {folder} has {free // 2**20} MB left; "
            f"Kafka needs {NEEDED_BYTES // 2**20}. Free some space or choose another data folder."
        )


def existing_storage(folder: Path) -> Storage | None:
    """The storage of an earlier run; None for a new folder.

    Raises `KafkaDidNotStart` for a folder that must not be used.
    """
    records = folder / RECORDS
    if not records.exists():
        return None
    stamp = read_properties(_text(folder / STAMP))
    version = stamp.get("kafka.version", KAFKA_VERSION)
    if _version_numbers(version) > _version_numbers(KAFKA_VERSION):
        raise KafkaDidNotStart(
            f"the records in {folder} were written by Kafka {version}, newer than this "
            f"{KAFKA_VERSION}. Use that version for them, or choose another data folder."
        )
    meta = read_properties(_text(records / "meta.properties"))
    problem = metadata_problem(meta, stamp) or _missing_file(records) or damage_in(records)
    if problem:
        raise KafkaDidNotStart(
            f"the data folder {folder} is damaged: {problem}. Nothing was changed. "
            f"Restore {records} from a backup, or delete it to start empty (its topics are lost)."
        )
    return Storage(meta["cluster.id"])


def metadata_problem(meta: dict[str, str], stamp: dict[str, str]) -> str | None:
    """Why `meta.properties` cannot be used; None when it can."""
    for key, expected in {"version": "1", "node.id": str(NODE_ID)}.items():
        if meta.get(key) != expected:
            return f"meta.properties has {key}={meta.get(key)}, expected {expected}"
    if not meta.get("cluster.id"):
        return "meta.properties has no cluster.id"
    if stamp.get("cluster.id", meta["cluster.id"]) != meta["cluster.id"]:
        return f"its records belong to another cluster, {meta['cluster.id']}"
    return None


def _missing_file(records: Path) -> str | None:
    # Without these files Kafka would start empty and delete the topics' records as strays.
    if not (records / "bootstrap.checkpoint").exists():
        return "bootstrap.checkpoint is missing"
    if not (records / METADATA_LOG).exists() and any(entry.is_dir() for entry in records.iterdir()):
        return f"{METADATA_LOG} is missing"
    return None


def create_storage(folder: Path, run_format: Callable[[str, str], None]) -> Storage:
    """Format a temporary folder, then rename it: a kill in between leaves no half-made storage.

    `run_format(records, cluster_id)` runs Kafka's own tool.
    """
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
    cluster_id = new_cluster_id()
    run_format(UNFINISHED, cluster_id)
    stamp = f"kafka.version={KAFKA_VERSION}\ncluster.id={cluster_id}\n"
    (folder / STAMP).write_text(stamp, encoding="ascii")
    (folder / UNFINISHED).rename(folder / RECORDS)
    return Storage(cluster_id)


def new_cluster_id() -> str:
    """A UUID in Kafka's encoding; its tool rejects one that starts with a dash."""
    while True:
        encoded = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode("ascii")
        if not encoded.startswith("-"):
            return encoded


def read_properties(text: str) -> dict[str, str]:
    """Keys and values of a `.properties` text; comments are skipped."""
    lines = (line.strip() for line in text.splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _version_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.strip().split(".") if part.isdigit())
