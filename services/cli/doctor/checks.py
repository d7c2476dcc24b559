"""Check everything that Preferstream needs on this machine, and say how to correct it."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from services.cli.connection import ConnectionSettings
from services.cli.doctor.check_result import CheckResult
from services.cli.doctor.deployment_checks import check_deployment
from services.cli.doctor.model_server_check import check_model_server
from services.cli.doctor.record_check import check_codecs, check_kafka_records
from services.local.runtime_file import read_runtime_file
from shared.settings import PREFIX, InvalidSettings, from_environment

MIN_FREE_BYTES = 2 * 1024**3
"""For Kafka's log, the profiles and the checkpoints of a few days."""


def run_checks() -> list[CheckResult]:
    """The results of all checks, from general to specific."""
    try:
        settings = from_environment(ConnectionSettings)
    except InvalidSettings as error:
        advice = "correct the variable or the .env file"
        return [CheckResult("settings", False, str(error), advice)]
    checks: list[Callable[[ConnectionSettings], CheckResult]] = [
        check_python, check_variables, check_data_folder, check_disk, check_file_roots,
        check_model, check_codecs, check_kafka, check_kafka_records,
    ]  # fmt: skip
    return [check(settings) for check in checks] + check_deployment()


def check_python(_: ConnectionSettings) -> CheckResult:
    return CheckResult("Python", sys.version_info >= (3, 11), sys.version.split()[0])


def check_variables(_: ConnectionSettings) -> CheckResult:
    """Without this check a misspelled variable would be ignored silently."""
    from services.cli.reference.all_settings import known_variables

    unknown = sorted(k for k in os.environ if k.startswith(PREFIX) and k not in known_variables())
    detail = f"unknown: {', '.join(unknown)}" if unknown else "all names are known"
    advice = "correct or unset them; .env.example lists all names" if unknown else ""
    return CheckResult("settings", not unknown, detail, advice)


def check_data_folder(settings: ConnectionSettings) -> CheckResult:
    folder = settings.data_dir.resolve()
    ok = os.access(_nearest_existing(folder), os.W_OK)
    advice = "" if ok else "make it writable, or set PREFERSTREAM_DATA_DIR to another folder"
    return CheckResult("data folder", ok, str(folder), advice)


def check_disk(settings: ConnectionSettings) -> CheckResult:
    free = shutil.disk_usage(_nearest_existing(settings.data_dir.resolve())).free
    ok = free >= MIN_FREE_BYTES
    advice = "" if ok else "free some, or set PREFERSTREAM_DATA_DIR to a folder on another disk"
    return CheckResult("disk", ok, f"{free / 1024**3:.1f} GiB free", advice)


def check_file_roots(_: ConnectionSettings) -> CheckResult:
    roots = [r for r in os.environ.get(f"{PREFIX}ALLOWED_FILE_ROOTS", "").split(":") if r]
    missing = [root for root in roots if not Path(root).is_dir()]
    detail = ", ".join(roots) or "none set; image files are sent inside the events"
    if missing:
        detail = f"no such folder: {', '.join(missing)}"
    advice = "correct PREFERSTREAM_ALLOWED_FILE_ROOTS" if missing else ""
    return CheckResult("image folders", not missing, detail, advice)


def check_model(_: ConnectionSettings) -> CheckResult:
    from shared.vlm.checkpoint.checkpoint import BadCheckpoint, check_files, shipped_folder
    from shared.vlm.settings import ModelSettings

    settings = from_environment(ModelSettings)
    if settings.model_server is not None:
        return CheckResult("model server", *check_model_server(settings))
    folder = settings.model
    try:
        version = check_files(folder or shipped_folder())
    except BadCheckpoint as error:
        advice = (
            "correct PREFERSTREAM_MODEL" if folder else "download the files of shared/nano again"
        )
        return CheckResult("model", False, str(error), advice)
    return CheckResult("model", True, version)


def check_kafka(settings: ConnectionSettings) -> CheckResult:
    from shared.domain.errors import Unavailable
    from shared.events.topics import ALL_TOPICS
    from shared.messaging.admin.provision import differences
    from shared.messaging.client.settings import MessagingSettings

    running = read_runtime_file(settings.data_dir)
    address = settings.kafka_bootstrap_servers or (running.kafka if running else None)
    if address is None:
        return CheckResult("Kafka", True, "none is running; `preferstream up` starts one")
    messaging = from_environment(MessagingSettings, kafka_bootstrap_servers=address)
    try:
        wrong = differences(messaging, ALL_TOPICS)
    except Unavailable as error:
        advice = "start it, or correct PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS"
        return CheckResult("Kafka", False, error.detail, advice)
    if wrong:
        detail = f"{address}: {'; '.join(map(str, wrong))}"
        return CheckResult("Kafka", False, detail, "correct these topics, or delete them")
    return CheckResult("Kafka", True, f"{address}, all topics are as defined")


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
