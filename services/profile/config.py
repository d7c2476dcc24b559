"""Settings of the profile service."""

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt


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
    profile_deduplication_size: PositiveInt = 500
    """Latest event ids stored with a profile, so that a redelivered event changes nothing. The
    number is higher than one user's events in a window of unfinished work."""
    seen_days: NonNegativeInt = 0
    """Days for which images that the user has seen rank below all others. 0 turns it off."""
    impressions_per_user: PositiveInt = 1_000
    """Latest impressions stored for one user while `PREFERSTREAM_SEEN_DAYS` is on: more images than
    a user looks at in a day, about 60 KB."""
    profile_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 means any free port."""
    health_host: str = "127.0.0.1"
    """Interface on which the health endpoints listen; `0.0.0.0` in a container."""
