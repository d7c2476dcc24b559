"""Look at what a deployment names beyond one machine: does each part answer, and is it guarded?"""

import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from services.cli.doctor.check_result import CheckResult
from services.ops.auth.tokens import read_tokens
from services.ops.config import OpsSettings
from services.ops.http.middleware.origin import is_loopback
from services.retrain.config import RetrainSettings
from services.retrain.jobs.settings import JobSettings
from services.retrain.registry.settings import RegistrySettings
from shared.domain.errors import Unavailable
from shared.files.storage_options import s3fs_options
from shared.images.settings import ImageSettings
from shared.messaging.client.settings import MessagingSettings
from shared.settings import InvalidSettings, from_environment
from shared.store.qdrant import ssl_context
from shared.store.settings import StoreSettings

SECONDS = 5.0
"""A part that answers does so in milliseconds."""
WEB = ("http://", "https://")


def check_deployment() -> list[CheckResult]:
    """Only what is named: the embedded default needs none of it."""
    looks: list[Callable[[], CheckResult | None]] = [
        qdrant, lake, models, nights, mlflow, collector, dashboard, copies,
    ]  # fmt: skip
    found = []
    for look in looks:
        try:
            found.append(look())
        except InvalidSettings as error:
            found.append(CheckResult("settings", False, str(error), "correct the variable"))
    return [one for one in found if one is not None]


def qdrant() -> CheckResult | None:
    settings = from_environment(StoreSettings)
    if not settings.qdrant_url:
        return None
    key = settings.qdrant_api_key
    # /collections, not /readyz: that one needs no key, and would not notice a wrong one.
    problem = _asked(
        f"{settings.qdrant_url.rstrip('/')}/collections",
        headers={"api-key": key.get_secret_value()} if key else {},
        trusted=ssl_context(settings.qdrant_ca) if settings.qdrant_ca else None,
    )
    advice = (
        "correct PREFERSTREAM_QDRANT_URL, PREFERSTREAM_QDRANT_API_KEY or PREFERSTREAM_QDRANT_CA, or"
        " start the server"
    )
    return _of("Qdrant", settings.qdrant_url, problem, advice)


def lake() -> CheckResult | None:
    settings = from_environment(RetrainSettings)
    place = urlsplit(settings.lake_uri)
    if place.scheme != "s3":
        return None
    import s3fs

    images = from_environment(ImageSettings)
    files = s3fs.S3FileSystem(
        **s3fs_options(settings.s3_endpoint, anonymous=images.s3_anonymous, connect_seconds=SECONDS)
    )
    try:
        problem = None if files.exists(place.netloc) else f"there is no bucket {place.netloc!r}"
    except Exception as error:
        # S3's client has dozens of kinds of failure; all of them mean that the lake is not reached.
        problem = f"{type(error).__name__}: {error}"
    advice = "make the bucket, or correct PREFERSTREAM_LAKE_URI, PREFERSTREAM_S3_ENDPOINT and the AWS_*"
    return _of("lake", settings.lake_uri, problem, advice)


def models() -> CheckResult | None:
    folder = from_environment(RegistrySettings).models_dir
    return _mounted("models", folder, "PREFERSTREAM_MODELS_DIR")


def nights() -> CheckResult | None:
    """Without their folder the dashboard leaves them out, and people are not erased from them."""
    folder = from_environment(JobSettings).training_jobs_dir
    return _mounted("nights", folder, "PREFERSTREAM_TRAINING_JOBS_DIR")


def mlflow() -> CheckResult | None:
    address = from_environment(RegistrySettings).mlflow_tracking_uri
    if address is None or not address.startswith(WEB):
        return None
    problem = _asked(f"{address.rstrip('/')}/health")
    return _of("MLflow", address, problem, "start it, or correct PREFERSTREAM_MLFLOW_TRACKING_URI")


def collector() -> CheckResult | None:
    address = from_environment(MessagingSettings).otlp_endpoint
    if address is None:
        return None
    place = urlsplit(address)
    advice = "correct PREFERSTREAM_OTLP_ENDPOINT (`http://host:4318`), or unset it"
    if place.scheme not in ("http", "https") or place.hostname is None:
        return _of("traces", address, "that is no http address", advice)
    port = place.port or (443 if place.scheme == "https" else 80)
    try:
        socket.create_connection((place.hostname, port), SECONDS).close()
    except OSError as error:
        return _of("traces", address, str(error), advice)
    return _of("traces", address, None, advice)


def dashboard() -> CheckResult | None:
    """A dashboard that other machines reach must ask who they are."""
    settings = from_environment(OpsSettings)
    if is_loopback(settings.ops_host):
        return None
    advice = "name the file of its tokens in PREFERSTREAM_OPS_TOKENS (services/ops/README.md)"
    if settings.ops_tokens is None:
        return _of("dashboard", settings.ops_host, "open to other machines, without tokens", advice)
    try:
        read_tokens(settings.ops_tokens)
    except InvalidSettings as error:
        return _of("dashboard", settings.ops_host, str(error), advice)
    return _of("dashboard", f"{settings.ops_host}, with tokens", None, advice)


def copies() -> CheckResult | None:
    """One copy of each partition on a cluster of several brokers is a loss that waits."""
    settings = from_environment(MessagingSettings)
    if "kafka_bootstrap_servers" not in settings.model_fields_set or settings.topic_replication > 1:
        return None
    from shared.messaging.admin.provision import admin_client

    try:
        with admin_client(settings) as admin:
            brokers = len(admin.describe_cluster()["brokers"])
    except Unavailable:
        # Told by the examination of Kafka itself.
        return None
    problem = f"{brokers} brokers, and new topics get one copy" if brokers > 1 else None
    return _of(
        "copies", f"{brokers} broker", problem, "set PREFERSTREAM_TOPIC_REPLICATION, usually to 3"
    )


def _mounted(part: str, folder: Path | None, variable: str) -> CheckResult | None:
    if folder is None:
        return None
    there = folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
    problem = None if there else "this process cannot read it"
    advice = f"mount the disk that all instances see, or correct {variable}"
    return _of(part, str(folder), problem, advice)


def _asked(
    address: str,
    headers: dict[str, str] | None = None,
    trusted: ssl.SSLContext | None = None,
) -> str | None:
    """Why the address does not answer well, or None."""
    if not address.startswith(WEB):
        return "that is no http address"
    try:
        asked = urllib.request.Request(address, headers=headers or {})
        urllib.request.urlopen(asked, timeout=SECONDS, context=trusted).close()
    except urllib.error.HTTPError as error:
        return f"it answers {error.code} {error.reason}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return None


def _of(part: str, what: str, problem: str | None, advice: str) -> CheckResult:
    told = what if problem is None else f"{what}: {problem}"
    return CheckResult(part, problem is None, told, "" if problem is None else advice)
