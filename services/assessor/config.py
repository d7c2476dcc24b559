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
    explore_share: float = Field(default=0.1, ge=0, le=1)
    """Share of slates in which neighbours are swapped by chance (FairPairs), so that learning can
    tell taste from position; a swap moves an image by one place. 0 turns it off."""
    seen_days: NonNegativeInt = 0
    """Days for which images that the person has seen stand behind all others. 0 turns it off."""
    author_cap: NonNegativeInt = 0
    """Images of one author in a feed before those of others; 0 caps nobody."""
    diversity: float = Field(default=0.0, ge=0, le=1)
    """Share that likeness to the images above has against the score when the next image is chosen;
    0.2 breaks up rows of the same style. It knows images that were described before. 0 is off."""
    assessor_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 takes a free one."""
    health_host: str = "127.0.0.1"
    """Interface that the health endpoints listen on; `0.0.0.0` in a container."""
