"""The one failure of the local Kafka: it did not start, and this is what to do about it."""


class KafkaDidNotStart(Exception):
    """`detail` is for a person: what failed, where, and what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
