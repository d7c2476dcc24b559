"""Find Kafka's jars on this machine, and download them the first time."""

import hashlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from filelock import FileLock

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.pinned_jars import JARS, Jar
from services.local.kafka.progress import Progress

DOWNLOAD_CONCURRENCY = 6
DOWNLOAD_TIMEOUT_SECONDS = 30


def jar_cache() -> Path:
    """The local Maven repository, so that downloads of other programs are used too."""
    configured = os.environ.get("M2_REPO")
    return Path(configured).expanduser() if configured else Path.home() / ".m2" / "repository"


def resolve_jars(on_progress: Progress, cache: Path | None = None) -> tuple[Path, ...]:
    """Every jar of the class path. Uses no network when all of them are there and valid."""
    cache = cache or jar_cache()
    if problem := unusable_cache(cache):
        raise KafkaDidNotStart(problem)
    if invalid_jars(cache):
        _download_missing(cache, on_progress)
    return tuple(cache / jar.path for jar in JARS)


def unusable_cache(cache: Path) -> str | None:
    """Why Java cannot load jars from this folder, or None."""
    if os.pathsep not in str(cache):
        return None
    return (
        f"the folder of Kafka's jars, {cache}, has {os.pathsep!r} in its path, which separates the"
        " jars of Java's class path; set M2_REPO to a folder without it"
    )


def invalid_jars(cache: Path) -> tuple[Jar, ...]:
    """Jars that are missing, incomplete, or have another checksum than the pinned one."""
    return tuple(jar for jar in JARS if not _is_valid(cache, jar))


def _is_valid(cache: Path, jar: Jar) -> bool:
    try:
        return hashlib.sha256((cache / jar.path).read_bytes()).hexdigest() == jar.sha256
    except OSError:
        return False


def _download_missing(cache: Path, on_progress: Progress) -> None:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # The system drops this lock when its holder dies, so a killed download blocks no other.
        with FileLock(cache / ".preferstream-kafka.lock"):
            # Again: another process may have downloaded them while this one waited for the lock.
            missing = invalid_jars(cache)
            if missing:
                on_progress("downloading Kafka (first time, about 45 MB)")
                _download(cache, missing)
            invalid = invalid_jars(cache)
    # The downloader raises whatever its HTTP library raises; every error means the same here.
    except Exception as error:
        raise KafkaDidNotStart(_download_failed(cache, error)) from error
    if invalid:
        names = ", ".join(jar.path.name for jar in invalid)
        raise KafkaDidNotStart(
            f"Kafka's jars were downloaded to {cache}, but the checksum of {names} is wrong. "
            "Check the connection or the mirror and start again; these files are downloaded again."
        )


def _download(cache: Path, missing: tuple[Jar, ...]) -> None:
    # Imported here: it takes half a second, and only the first start needs it.
    from jgo.config import GlobalSettings
    from jgo.maven import MavenContext

    logging.getLogger("jgo").setLevel(logging.CRITICAL)
    mirrors = GlobalSettings.load().repositories
    context = MavenContext(
        repo_cache=cache, remote_repos=mirrors or None, timeout=DOWNLOAD_TIMEOUT_SECONDS
    )
    with ThreadPoolExecutor(DOWNLOAD_CONCURRENCY) as pool:
        for download in [pool.submit(_download_jar, context, cache, jar) for jar in missing]:
            download.result()


def _download_jar(context: Any, cache: Path, jar: Jar) -> None:
    # The downloader takes an incomplete file for a complete one: remove it first.
    (cache / jar.path).unlink(missing_ok=True)
    context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()


def _download_failed(cache: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return (
            f"Kafka's jars cannot be written to {cache}: {error.strerror}. "
            "Free some space there, or set M2_REPO to another folder."
        )
    return (
        f"Kafka's jars (about 45 MB, needed once) are not in {cache} and could not be downloaded "
        f"({type(error).__name__}). Start once with access to a Maven repository (HTTPS_PROXY is "
        "respected), or copy that folder from a machine that has them. "
        "After that, no network is needed."
    )
