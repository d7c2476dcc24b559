"""Define the error of a local Kafka that did not start."""


class KafkaDidNotStart(Exception):
    """`detail` is a message for the user: what failed, where, and what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
