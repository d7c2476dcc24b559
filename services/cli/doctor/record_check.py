"""Check that this environment reads every codec of Kafka, and that the records can be read."""

from typing import Final

from services.cli.connection import ConnectionSettings
from services.cli.doctor.check_result import CheckResult
from services.local.runtime_file import read_runtime_file
from shared.settings import from_environment

LISTED_PROBLEMS: Final = 5


def check_codecs(_: ConnectionSettings) -> CheckResult:
    from shared.messaging.batches.codecs import MissingCodec, require_codecs

    try:
        require_codecs()
    except MissingCodec as error:
        return CheckResult("codecs", False, str(error), "install the missing package")
    return CheckResult("codecs", True, "gzip, snappy, lz4 and zstd can be read")


def check_kafka_records(settings: ConnectionSettings) -> CheckResult:
    """Read the latest records of each topic, and those that the consumer groups read next."""
    from shared.domain.errors import Unavailable
    from shared.events.topics import ALL_TOPICS
    from shared.messaging.client.settings import MessagingSettings
    from shared.messaging.read.record_check import check_records

    running = read_runtime_file(settings.data_dir)
    address = settings.kafka_bootstrap_servers or (running.kafka if running else None)
    if address is None:
        return CheckResult("records", True, "no Kafka is running")
    messaging = from_environment(MessagingSettings, kafka_bootstrap_servers=address)
    try:
        checked = check_records(messaging, ALL_TOPICS)
    except Unavailable as error:
        return CheckResult("records", False, error.detail, "look at the broker and its log")
    if checked.problems:
        more = len(checked.problems) - LISTED_PROBLEMS
        listed = "; ".join(checked.problems[:LISTED_PROBLEMS])
        return CheckResult(
            "records",
            False,
            f"{listed}; and {more} more" if more > 0 else listed,
            "`preferstream dlq list` shows what was set aside; a wrong checksum is a problem of the"
            " broker's disk",
        )
    return CheckResult("records", True, f"{checked.count} records were read")
