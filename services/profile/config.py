"""What the profile service can be told."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt


class ProfileSettings(BaseModel):
    """Settings of the profile service; those of Kafka, model, images and store stand beside it."""

    model_config = ConfigDict(frozen=True)

    references_per_side: PositiveInt = 40
    """Images kept for each side of a taste, so that none grows without end: what they show, all
    together, tells whether a taste has changed."""
    predicted_per_side: PositiveInt = 20
    """Of these, the most telling that a taste is predicted from: four predictions of five, so that
    several tastes of a person find room."""
    dwell_liked_ms: PositiveInt = 5_000
    """Milliseconds of looking from which a dwell speaks for an image; feeds are scrolled in one
    or two seconds an image."""
    gather_ms: float = Field(default=250.0, ge=0)
    """Milliseconds that a person's first event waits for more of the same person: ten likes at
    once are then one prediction, and one click is still felt in the next feed."""
    remembered_event_ids: PositiveInt = 500
    """Latest event ids kept with a profile, so that a redelivered event changes nothing; more than
    one person's events in a window of unfinished work."""
    seen_days: NonNegativeInt = 0
    """Days for which images that the person has seen stand behind all others. 0 turns it off."""
    remembered_views: PositiveInt = 1_000
    """Latest seen images kept for one person while `PREFERSTREAM_SEEN_DAYS` is on: more than a
    person looks at in a day, and about 60 KB."""
    profile_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 takes a free one."""
    health_host: str = "127.0.0.1"
    """Interface that the health endpoints listen on; `0.0.0.0` in a container."""
