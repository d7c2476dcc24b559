"""Order the records of one image: of two records, the later one counts."""

from typing import NamedTuple


class RecordPosition(NamedTuple):
    """The place of a record in Kafka, and when it was written."""

    partition: int
    offset: int
    written_ms: int
    """Kafka timestamp in milliseconds."""

    def is_after(self, other: "RecordPosition") -> bool:
        """Whether this record of an image is later than another record of the same image.

        Records of one image are in one partition, so their offsets decide. After the topic was
        created again, or got more partitions, a later record may have a lower offset: then the
        times decide.
        """
        if self.partition == other.partition and self.offset > other.offset:
            return True
        return self.written_ms > other.written_ms
