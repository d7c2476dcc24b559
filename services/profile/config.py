"""Settings of the profile service."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt


class ProfileSettings(BaseModel):
    """Settings of the profile service; Kafka, model, images and store have their own settings."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    references_per_side: PositiveInt = 40
    """References stored for each side of a profile. The bound keeps a profile small; all stored
    references together show whether a taste has drifted."""
    predicted_per_side: PositiveInt = 20
    """References of each side from which a profile is predicted, highest weight first. Twenty make
    four groups of five, so that several tastes of one user can appear."""
    dwell_liked_ms: PositiveInt = 5_000
    """Dwell time in milliseconds from which an image counts as liked; users scroll past most
    images in one or two seconds."""
    profile_debounce_ms: float = Field(default=250.0, ge=0)
    """Milliseconds that a user's first event waits for more events of the same user. Ten likes at
    once become one prediction, and a single click still counts in the next feed."""
    feedback_in_flight: PositiveInt = 6_000
    """Feedback events in flight at once. Most of them only wait for other events of their user or
    for an image, so a burst of one user does not keep the events behind it unread."""
    predictions_in_flight: PositiveInt = 32
    """Users whose profiles are predicted at the same time, first come, first served: enough to fill
    the model's batches. Each holds up to eighty images in memory."""
    slow_predictions_in_flight: PositiveInt = 64
    """Further users whose profiles are predicted while one of their images loads slowly."""
    image_attempt_seconds: PositiveFloat = 10.0
    """Seconds in which the images of a user's new events or references must load. Later ones are
    tried again with their event, or left out of one prediction."""
    events_waiting_for_images: PositiveInt = 1_000
    """Events that wait for slow images at once. When there are more, the user who has the most
    gives a place up, and that event is tried again later."""
    image_retry_seconds: PositiveFloat = 30.0
    """Seconds after which feedback is tried again whose image was unavailable."""
    image_attempts: PositiveInt = 20
    """Attempts to load the image of a feedback event before it becomes a dead letter with the
    reason `image_unavailable`: ten minutes for the restart of an image host."""
    profile_deduplication_size: PositiveInt = 500
    """Latest event ids stored with a profile, so that a redelivered event changes nothing. The
    number is higher than one user's events in a window of unfinished work."""
    seen_days: NonNegativeInt = Field(default=0, le=3_650)
    """Days for which images that the user has seen rank below all others. 0 turns it off."""
    record_impressions: bool = True
    """Store which images a user has viewed, also while `PREFERSTREAM_SEEN_DAYS` is 0. Drift
    detection then knows what the user could choose from; without it, it takes the whole catalog of
    the tenant. The share of the subject then moves by what the user chose and passed over. Costs
    one read and one write for the views of a moment."""
    impressions_per_user: PositiveInt = 1_000
    """Latest impressions stored for one user: more images than a user looks at in a day, about
    60 KB."""
    profile_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 means any free port."""
    health_host: str = "127.0.0.1"
    """Interface on which the health endpoints listen; `0.0.0.0` in a container."""
