"""Settings of the audience of an image."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.events.types.audience import MAX_AUDIENCE


class AudienceSettings(BaseModel):
    """When the audience of a new image is published, and who belongs to it."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    audience: bool = False
    """Whether `audience.matched.v1` names, for each new image of the catalog, the users whose taste
    it meets. Off by default: the topic then holds the ids of users. The gateway and the page of an
    image compute it on request in any case, for callers with the role `write`."""
    audience_min_score: Annotated[float, Field(ge=0, le=25)] = 17.0
    """Lowest score, 0-25, of a user in the audience. 10 is the score of an image about which
    nothing is known; see `training/LOG.md` for the share of right matches at each score."""
    audience_max_users: Annotated[int, Field(ge=1, le=MAX_AUDIENCE)] = 100
    """Largest number of users in the audience of one image: those with the highest scores."""
    audience_candidates: Annotated[int, Field(ge=1, le=10_000)] = 400
    """Users with the nearest tastes in words whose scores are computed, at least twice
    `PREFERSTREAM_AUDIENCE_MAX_USERS`."""
