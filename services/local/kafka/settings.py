"""Build the configuration of the broker and the command line of its Java."""

import os
from collections.abc import Sequence
from pathlib import Path

from services.local.kafka.ports import Ports
from shared.events.topics import MAX_RECORD_BYTES

NODE_ID = 1
MAX_HEAP_MEGABYTES = 384
"""Four times what 60 records of 4 MB over 84 partitions need: 96 is enough, 48 is not."""

JAVA_OPTIONS = (
    f"-Xmx{MAX_HEAP_MEGABYTES}m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # faster start, less memory; the optimizing compiler helps servers
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
    "-Dlog4j2.configurationFile=log4j2.properties",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)

_SERVER = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={node}@127.0.0.1:{ports.controller}
listeners=PLAINTEXT://127.0.0.1:{ports.broker},CONTROLLER://127.0.0.1:{ports.controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{ports.broker}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={records}

# Topics are provisioned; a misspelled name must not create one.
auto.create.topics.enable=false
message.max.bytes={max_record_bytes}

# One node: one copy of everything, and few partitions of the internal topics to open at start.
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# Tests of a lost consumer then do not wait the default six seconds.
group.min.session.timeout.ms=1000

# After a kill, the new broker can register only when the old session has ended: keep it short.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
# No-op records for other controllers, flushed to disk twice a second; there are no others.
metadata.max.idle.interval.ms=0

# Sized for a laptop.
num.network.threads=2
num.io.threads=4
background.threads=2
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=8388608
# After a kill, every active segment is read again: small segments keep this fast.
log.segment.bytes=67108864
log.index.size.max.bytes=2097152
"""

_LOGGING = """\
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
"""


def server_properties(*, ports: Ports, records: str, extra: str = "") -> str:
    """Text of `server.properties`.

    `records` is relative to the data folder, where Java runs, so no path needs escaping. `extra` is
    appended and overrides the lines above; `{ports.broker}` in it is the broker's port.
    """
    return _SERVER.format(
        node=NODE_ID, ports=ports, records=records, max_record_bytes=MAX_RECORD_BYTES
    ) + extra.format(ports=ports)


def logging_properties() -> str:
    """Text of `log4j2.properties`: warnings and errors to standard output, which is `kafka.log`."""
    return _LOGGING


def java_command(
    java: Path,
    jars: Sequence[Path],
    main_class: str,
    arguments: Sequence[str],
    *,
    options: Sequence[str] = (),
) -> list[str]:
    """The command line that runs `main_class` with our Java options and these further ones."""
    class_path = os.pathsep.join(map(str, jars))
    return [str(java), *JAVA_OPTIONS, *options, "-cp", class_path, main_class, *arguments]
