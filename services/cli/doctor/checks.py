"""Look at one part after another: is it there, does it answer, and what to do if not."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from services.cli.connection import ConnectionSettings
from services.cli.doctor.check_result import CheckResult
from services.cli.doctor.deployment_checks import check_deployment
from services.cli.doctor.model_server_check import check_model_server
from services.local.runtime_file import read_runtime_file
from shared.settings import PREFIX, InvalidSettings, from_environment

SMALLEST_FREE_BYTES = 2 * 1024**3
"""Kafka's log, the profiles and a model's checkpoints; less ends in a full disk within days."""


def run_checks() -> list[CheckResult]:
    """Every examination, in the order in which a person would look."""
    try:
        settings = from_environment(ConnectionSettings)
    except InvalidSettings as error:
        return [CheckResult("settings", False, str(error), "correct the variable or the .env file")]
    looks: list[Callable[[ConnectionSettings], CheckResult]] = [
        python, variables, data_folder, disk, file_roots, model, kafka,
    ]  # fmt: skip
    return [look(settings) for look in looks] + check_deployment()


def python(_: ConnectionSettings) -> CheckResult:
    return CheckResult("Python", sys.version_info >= (3, 11), sys.version.split()[0])


def variables(_: ConnectionSettings) -> CheckResult:
    """A misspelt variable would be ignored in silence."""
    from services.cli.reference.all_settings import known_variables

    unknown = sorted(k for k in os.environ if k.startswith(PREFIX) and k not in known_variables())
    found = f"unknown: {', '.join(unknown)}" if unknown else "all known"
    advice = "unset them, or see .env.example for the names" if unknown else ""
    return CheckResult("settings", not unknown, found, advice)


def data_folder(settings: ConnectionSettings) -> CheckResult:
    folder = settings.data_dir.resolve()
    nearest = next(p for p in (folder, *folder.parents) if p.exists())
    ok = os.access(nearest, os.W_OK)
    advice = "" if ok else "make it writable, or name another in PREFERSTREAM_DATA_DIR"
    return CheckResult("data folder", ok, str(folder), advice)


def disk(settings: ConnectionSettings) -> CheckResult:
    folder = settings.data_dir.resolve()
    nearest = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(nearest).free
    ok = free >= SMALLEST_FREE_BYTES
    advice = "" if ok else "free some, or set PREFERSTREAM_DATA_DIR to a folder on another disk"
    return CheckResult("disk", ok, f"{free / 1024**3:.1f} GiB free", advice)


def file_roots(_: ConnectionSettings) -> CheckResult:
    roots = [r for r in os.environ.get(f"{PREFIX}ALLOWED_FILE_ROOTS", "").split(":") if r]
    missing = [root for root in roots if not Path(root).is_dir()]
    found = f"no such folder: {', '.join(missing)}" if missing else ", ".join(roots) or "none"
    advice = "correct PREFERSTREAM_ALLOWED_FILE_ROOTS" if missing else ""
    return CheckResult("file: images", not missing, found, advice)


def model(_: ConnectionSettings) -> CheckResult:
    from shared.vlm.checkpoint.checkpoint import BadCheckpoint, check_files, shipped_folder
    from shared.vlm.settings import ModelSettings

    settings = from_environment(ModelSettings)
    if settings.model_server is not None:
        return CheckResult("model server", *check_model_server(settings))
    chosen = settings.model
    try:
        version = check_files(chosen or shipped_folder())
    except BadCheckpoint as error:
        advice = "correct PREFERSTREAM_MODEL" if chosen else "get the files of shared/nano anew"
        return CheckResult("model", False, str(error), advice)
    return CheckResult("model", True, version)


def kafka(settings: ConnectionSettings) -> CheckResult:
    from shared.domain.errors import Unavailable
    from shared.events.topics import DEAD_LETTERS, TOPICS
    from shared.messaging.admin.provision import differences
    from shared.messaging.client.settings import MessagingSettings

    running = read_runtime_file(settings.data_dir)
    address = settings.kafka_bootstrap_servers or (running.kafka if running else None)
    if address is None:
        return CheckResult("Kafka", True, "none is running; `preferstream up` starts one")
    try:
        found = differences(
            from_environment(MessagingSettings, kafka_bootstrap_servers=address), (*TOPICS, *DEAD_LETTERS)
        )
    except Unavailable as error:
        return CheckResult("Kafka", False, error.detail, "start it, or correct PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS")
    if found:
        told = "; ".join(str(difference) for difference in found)
        return CheckResult("Kafka", False, f"{address}: {told}", "change the topics, or remove them")
    return CheckResult("Kafka", True, f"{address}, all topics as they should be")
