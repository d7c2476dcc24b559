"""Check the servers, folders and tokens that the settings of a deployment name."""

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

TIMEOUT_SECONDS = 5.0
"""A healthy server answers in milliseconds."""
HTTP = ("http://", "https://")


def check_deployment() -> list[CheckResult]:
    """Results for what the settings name; a system on one machine names none of it."""
    checks: list[Callable[[], CheckResult | None]] = [
        check_qdrant, check_lake, check_models_folder, check_jobs_folder, check_mlflow,
        check_trace_collector, check_dashboard, check_replication,
    ]  # fmt: skip
    results = []
    for check in checks:
        try:
            results.append(check())
        except InvalidSettings as error:
            results.append(CheckResult("settings", False, str(error), "correct the variable"))
    return [result for result in results if result is not None]


def check_qdrant() -> CheckResult | None:
    settings = from_environment(StoreSettings)
    if not settings.qdrant_url:
        return None
    key = settings.qdrant_api_key
    # /collections, not /readyz: /readyz needs no key, so it would not detect a wrong one.
    problem = _http_problem(
        f"{settings.qdrant_url.rstrip('/')}/collections",
        headers={"api-key": key.get_secret_value()} if key else {},
        trusted=ssl_context(settings.qdrant_ca) if settings.qdrant_ca else None,
    )
    advice = (
        "correct PREFERSTREAM_QDRANT_URL, PREFERSTREAM_QDRANT_API_KEY or PREFERSTREAM_QDRANT_CA, or"
        " start the server"
    )
    return _result("Qdrant", settings.qdrant_url, problem, advice)


def check_lake() -> CheckResult | None:
    settings = from_environment(RetrainSettings)
    uri = urlsplit(settings.lake_uri)
    if uri.scheme != "s3":
        return None
    import s3fs

    images = from_environment(ImageSettings)
    files = s3fs.S3FileSystem(
        **s3fs_options(
            settings.s3_endpoint, anonymous=images.s3_anonymous, connect_seconds=TIMEOUT_SECONDS
        )
    )
    try:
        problem = None if files.exists(uri.netloc) else f"there is no bucket {uri.netloc!r}"
    except Exception as error:
        # S3's client raises dozens of error types; each means that the lake cannot be reached.
        problem = f"{type(error).__name__}: {error}"
    advice = (
        "create the bucket, or correct PREFERSTREAM_LAKE_URI, PREFERSTREAM_S3_ENDPOINT and AWS_*"
    )
    return _result("lake", settings.lake_uri, problem, advice)


def check_models_folder() -> CheckResult | None:
    folder = from_environment(RegistrySettings).models_dir
    return _mounted("models", folder, "PREFERSTREAM_MODELS_DIR")


def check_jobs_folder() -> CheckResult | None:
    """Without this folder the dashboard lacks training jobs, and erasures cannot reach them."""
    folder = from_environment(JobSettings).training_jobs_dir
    return _mounted("training jobs", folder, "PREFERSTREAM_TRAINING_JOBS_DIR")


def check_mlflow() -> CheckResult | None:
    address = from_environment(RegistrySettings).mlflow_tracking_uri
    if address is None or not address.startswith(HTTP):
        return None
    problem = _http_problem(f"{address.rstrip('/')}/health")
    return _result(
        "MLflow", address, problem, "start it, or correct PREFERSTREAM_MLFLOW_TRACKING_URI"
    )


def check_trace_collector() -> CheckResult | None:
    address = from_environment(MessagingSettings).otlp_endpoint
    if address is None:
        return None
    uri = urlsplit(address)
    advice = "correct PREFERSTREAM_OTLP_ENDPOINT (`http://host:4318`), or unset it"
    if uri.scheme not in ("http", "https") or uri.hostname is None:
        return _result("traces", address, "this is not an http address", advice)
    port = uri.port or (443 if uri.scheme == "https" else 80)
    try:
        socket.create_connection((uri.hostname, port), TIMEOUT_SECONDS).close()
    except OSError as error:
        return _result("traces", address, str(error), advice)
    return _result("traces", address, None, advice)


def check_dashboard() -> CheckResult | None:
    """A dashboard that other machines can reach needs tokens."""
    settings = from_environment(OpsSettings)
    if is_loopback(settings.ops_host):
        return None
    advice = "set PREFERSTREAM_OPS_TOKENS to a file with tokens (services/ops/README.md)"
    if settings.ops_tokens is None:
        return _result(
            "dashboard", settings.ops_host, "open to other machines without tokens", advice
        )
    try:
        read_tokens(settings.ops_tokens)
    except InvalidSettings as error:
        return _result("dashboard", settings.ops_host, str(error), advice)
    return _result("dashboard", f"{settings.ops_host}, with tokens", None, advice)


def check_replication() -> CheckResult | None:
    """With one replica per partition, a cluster of several brokers loses data with one broker."""
    settings = from_environment(MessagingSettings)
    if "kafka_bootstrap_servers" not in settings.model_fields_set or settings.topic_replication > 1:
        return None
    from shared.messaging.admin.provision import admin_client

    try:
        with admin_client(settings) as admin:
            brokers = len(admin.describe_cluster()["brokers"])
    except Unavailable:
        # The check of Kafka reports this.
        return None
    problem = f"{brokers} brokers, but new topics get one replica" if brokers > 1 else None
    return _result(
        "replication",
        f"{brokers} broker",
        problem,
        "set PREFERSTREAM_TOPIC_REPLICATION, usually to 3",
    )


def _mounted(name: str, folder: Path | None, variable: str) -> CheckResult | None:
    if folder is None:
        return None
    readable = folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
    problem = None if readable else "this process cannot read it"
    advice = f"mount the volume that all instances share, or correct {variable}"
    return _result(name, str(folder), problem, advice)


def _http_problem(
    address: str,
    headers: dict[str, str] | None = None,
    trusted: ssl.SSLContext | None = None,
) -> str | None:
    """Why the address does not answer with success, or None."""
    if not address.startswith(HTTP):
        return "this is not an http address"
    try:
        request = urllib.request.Request(address, headers=headers or {})
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=trusted).close()
    except urllib.error.HTTPError as error:
        return f"it answers with {error.code} {error.reason}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
    return None


def _result(name: str, what: str, problem: str | None, advice: str) -> CheckResult:
    detail = what if problem is None else f"{what}: {problem}"
    return CheckResult(name, problem is None, detail, "" if problem is None else advice)
