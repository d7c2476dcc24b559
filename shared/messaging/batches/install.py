"""Replace the classes with which both Kafka clients read batches, in this process.

The clients have no hook for it. Without this, one record of a stranger with an unusual header name,
a damaged payload or a huge one would stop every consumer of its partition for ever.
"""

import sys
from typing import Any, Final

from kafka.consumer.fetcher import Fetcher
from kafka.record import memory_records

from shared.messaging.batches.codecs import require_codecs
from shared.messaging.batches.kafka_python_batch import TolerantBatch, TolerantPartitionRecords

FETCHER: Final = "aiokafka.consumer.fetcher"


def install_batch_readers() -> None:
    """Read batches with our classes from now on; a second call changes nothing.

    Raises `MissingCodec` when this environment cannot read every codec.
    """
    require_codecs()
    memory_records.DefaultRecordBatch = TolerantBatch
    Fetcher.PartitionRecords = TolerantPartitionRecords
    # Processes that use only kafka-python do not import aiokafka.
    fetcher: Any = sys.modules.get(FETCHER)
    if fetcher is not None:
        from shared.messaging.batches import aiokafka_batch

        fetcher.MemoryRecords = aiokafka_batch.TolerantRecords
        fetcher.PartitionRecords = aiokafka_batch.TolerantPartitionRecords
