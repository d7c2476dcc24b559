"""Find Kafka's jars on this machine, and fetch them the first time."""

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.pinned_jars import JARS, Jar
from services.local.kafka.progress import Progress

FETCHED_AT_ONCE = 6
FETCH_TIMEOUT_SECONDS = 30


def jar_cache() -> Path:
    """The usual local Maven repository, so that other tools' downloads count as well."""
    chosen = os.environ.get("M2_REPO")
    return Path(chosen).expanduser() if chosen else Path.home() / ".m2" / "repository"


def resolve_jars(on_progress: Progress, cache: Path | None = None) -> tuple[Path, ...]:
    """Every jar of the class path. No network when all are there and whole."""
    cache = cache or jar_cache()
    if unfit_jars(cache):
        _fetch_missing(cache, on_progress)
    return tuple(cache / jar.path for jar in JARS)


def unfit_jars(cache: Path) -> tuple[Jar, ...]:
    """Jars that are missing, half fetched, or not the pinned bytes."""
    return tuple(jar for jar in JARS if not _is_whole(cache, jar))


def _is_whole(cache: Path, jar: Jar) -> bool:
    try:
        return hashlib.sha256((cache / jar.path).read_bytes()).hexdigest() == jar.sha256
    except OSError:
        return False


def _fetch_missing(cache: Path, on_progress: Progress) -> None:
    try:
        with _one_fetcher(cache):
            missing = unfit_jars(cache)  # again: another process may have fetched them meanwhile
            if missing:
                on_progress("fetching Kafka (first time, about 45 MB)")
                _fetch(cache, missing)
            wrong = unfit_jars(cache)
    # The downloader raises whatever its HTTP library does; all of it means the same here.
    except Exception as error:
        raise KafkaDidNotStart(_could_not_fetch(cache, error)) from error
    if wrong:
        raise KafkaDidNotStart(
            f"Kafka's jars arrived, but {', '.join(jar.path.name for jar in wrong)} "
            f"in {cache} are not the expected bytes. Check the connection or the mirror in between "
            "and start again; they are fetched anew."
        )


def _fetch(cache: Path, missing: tuple[Jar, ...]) -> None:
    # Here, not above: it takes half a second, and only the first start needs it.
    from jgo.config import GlobalSettings
    from jgo.maven import MavenContext

    logging.getLogger("jgo").setLevel(logging.CRITICAL)
    mirrors = GlobalSettings.load().repositories
    context = MavenContext(
        repo_cache=cache, remote_repos=mirrors or None, timeout=FETCH_TIMEOUT_SECONDS
    )
    with ThreadPoolExecutor(FETCHED_AT_ONCE) as pool:
        for done in [pool.submit(_fetch_one, context, cache, jar) for jar in missing]:
            done.result()


def _fetch_one(context: Any, cache: Path, jar: Jar) -> None:
    (cache / jar.path).unlink(missing_ok=True)  # it would take a half-fetched file for a whole one
    context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()


def _could_not_fetch(cache: Path, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return (
            f"Kafka's jars cannot be written to {cache}: {error.strerror}. "
            "Make room there, or set M2_REPO to another folder."
        )
    return (
        f"Kafka's jars (about 45 MB, needed once) are not in {cache} and could not be fetched "
        f"({type(error).__name__}). Start once with access to a Maven repository (HTTPS_PROXY is "
        "respected), or copy that folder from a machine that has them. "
        "Afterwards they are kept there and no network is needed."
    )


@contextmanager
def _one_fetcher(cache: Path) -> Iterator[None]:
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".preferstream-kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
