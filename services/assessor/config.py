"""What the assessor service can be told."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt


class AssessorSettings(BaseModel):
    """Settings of the assessor; those of Kafka, model, images and store stand beside it."""

    model_config = ConfigDict(frozen=True)

    explained_top: PositiveInt = 5
    """Best images that get reasons when a request says `explain: top`: what people see first. A
    reason costs as much time as the scores of ten images."""
    deadline_margin_ms: NonNegativeInt = 100
    """Milliseconds before a request's deadline at which we answer with what we have: Kafka and the
    app need some too."""
    default_deadline_ms: PositiveInt = 60_000
    """Time in work of a request that names no deadline, which it does not spend in the queue; only
    a model that hangs makes it matter."""
    remembered_answers: PositiveInt = 20_000
    """Latest answered requests kept in memory, so that a redelivered one is not answered anew."""
    described_at_once: PositiveInt = 16
    """Images described in the background after a feed; one batch, so that the next request waits
    for no more."""
    assessor_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 takes a free one."""
    health_host: str = "127.0.0.1"
    """Interface that the health endpoints listen on; `0.0.0.0` in a container."""
