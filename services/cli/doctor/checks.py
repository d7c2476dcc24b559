"""Check everything that Preferstream needs on this machine, and say how to correct it."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from services.cli.connection import ConnectionSettings
from services.cli.doctor.check_result import CheckResult
from services.cli.doctor.deployment_checks import check_deployment
from services.cli.doctor.image_encoder_check import check_image_encoder
from services.cli.doctor.model_check.quick_check import check_answers
from services.cli.doctor.model_server_check import check_model_server
from services.cli.doctor.record_check import check_codecs, check_kafka_records
from services.cli.doctor.rules_check import check_rules
from services.cli.doctor.services_check import check_services
from services.cli.files.data_folder import ADVICE
from services.cli.files.paths import lake_settings
from services.local.config import LocalSettings
from services.local.disk_space import MEGABYTE
from services.local.kafka.jars import jar_cache, unusable_cache
from services.local.runtime_file import read_runtime_file
from shared.files.lake_address import linked_lakes_folder, local_folder, unusable_by_delta
from shared.files.writable_folder import unwritable_because
from shared.images.settings import ImageSettings
from shared.settings import PREFIX, InvalidSettings, from_environment

START_KAFKA = "start it, or correct PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS"


def run_checks() -> list[CheckResult]:
    """The results of all checks, from general to specific."""
    try:
        settings = from_environment(ConnectionSettings)
    except InvalidSettings as error:
        advice = "correct the variable or the .env file"
        return [CheckResult("settings", False, str(error), advice)]
    checks: list[Callable[[ConnectionSettings], CheckResult]] = [
        check_python, check_variables, check_data_folder, check_disk,
        check_lake_folder, check_file_roots,
        check_model, check_image_encoder, check_rules,
    ]  # fmt: skip
    general = [check(settings) for check in checks]
    running = _check_kafka(settings) + check_services(settings)
    return general + check_answers() + running + check_deployment()


def _check_kafka(settings: ConnectionSettings) -> list[CheckResult]:
    """Each check only if the one before allows it: no client works without the codecs."""
    results = [check_codecs(settings)]
    if results[-1].ok:
        results.append(check_kafka(settings))
        # A Kafka that does not answer would be waited for again.
        if results[-1].advice != START_KAFKA:
            results.append(check_kafka_records(settings))
    return results


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
    """Write to the folder: permissions alone do not show a read-only or full disk."""
    folder = settings.data_dir.absolute()
    problem = unwritable_because(folder)
    advice = ADVICE if problem else ""
    return CheckResult("data folder", problem is None, problem or str(folder), advice)


def check_disk(settings: ConnectionSettings) -> CheckResult:
    free = shutil.disk_usage(_nearest_existing(Path(os.path.realpath(settings.data_dir)))).free
    limit = from_environment(LocalSettings).disk_warning_megabytes * MEGABYTE
    ok = free >= limit
    advice = "" if ok else "free some, or set PREFERSTREAM_DATA_DIR to a folder on another disk"
    detail = f"{free / 1024**3:.1f} GiB free"
    return CheckResult("disk", ok, detail if ok else f"{detail}, below the limit", advice)


def check_lake_folder(_: ConnectionSettings) -> CheckResult:
    """The lake of a data folder whose path Delta Lake cannot open is linked to another folder."""
    lake = lake_settings().lake_uri
    advice = "correct PREFERSTREAM_LAKE_URI, or set PREFERSTREAM_DATA_DIR to another folder"
    try:
        folder = local_folder(lake)
        if folder is None:
            return CheckResult("lake folder", True, f"{lake}, in object storage")
        wrong = unusable_by_delta(os.path.realpath(folder))
        real = linked_lakes_folder() if wrong else Path(os.path.realpath(folder))
    except ValueError as error:
        return CheckResult("lake folder", False, str(error), advice)
    problem = unwritable_because(real)
    if problem:
        return CheckResult("lake folder", False, problem, advice)
    detail = f"{folder}, a link to a folder in {real}, because Delta Lake cannot open {wrong!r}"
    return CheckResult("lake folder", True, detail if wrong else str(real))


def check_file_roots(_: ConnectionSettings) -> CheckResult:
    advice = "correct PREFERSTREAM_ALLOWED_FILE_ROOTS"
    try:
        roots = from_environment(ImageSettings).allowed_file_roots
    except InvalidSettings as error:
        return CheckResult("image folders", False, str(error), advice)
    missing = [str(root) for root in roots if not root.is_dir()]
    if missing:
        detail = f"no such folder: {', '.join(missing)}"
        return CheckResult("image folders", False, detail, advice)
    detail = ", ".join(map(str, roots)) or "none set; image files are sent inside the events"
    return CheckResult("image folders", True, detail)


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
        if problem := unusable_cache(jar_cache()):
            return CheckResult("Kafka", False, problem, "set M2_REPO to another folder")
        return CheckResult("Kafka", True, "none is running; `preferstream up` starts one")
    messaging = from_environment(MessagingSettings, kafka_bootstrap_servers=address)
    try:
        wrong = differences(messaging, ALL_TOPICS)
    except Unavailable as error:
        return CheckResult("Kafka", False, error.detail, START_KAFKA)
    if wrong:
        detail = f"{address}: {'; '.join(map(str, wrong))}"
        return CheckResult("Kafka", False, detail, "correct these topics, or delete them")
    return CheckResult("Kafka", True, f"{address}, all topics are as defined")


def _nearest_existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
