"""Settings of the assessor service."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator


class AssessorSettings(BaseModel):
    """Settings of the assessor; Kafka, model, images and store have their own settings."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    explain_top_k: PositiveInt = 5
    """Best images that get rationales for a request with `explain: top`: what users see first.
    A rationale costs as much time as the scores of ten images."""
    deadline_margin_ms: NonNegativeInt = 100
    """Milliseconds before a request's deadline at which the assessor publishes the feed without
    the missing steps: Kafka and the app need time too."""
    default_deadline_ms: PositiveInt = 60_000
    """Milliseconds of work for a request without a deadline, time in the queue not counted; it
    matters only when the model hangs."""
    request_deduplication_size: PositiveInt = 20_000
    """Latest answered requests kept in memory, so that a redelivered request gets no second
    feed."""
    candidates_in_flight: PositiveInt = 512
    """Requests in work at the same time. Most of them wait for image hosts, so there are more than
    the model can score."""
    images_in_work: PositiveInt = 6_000
    """Candidates of the requests in work, whose images may be in memory: up to 3 MB each. One user
    gets at most half of them."""
    scoring_concurrency: PositiveInt = 32
    """Requests that are scored at the same time, in the order of arrival and fairly between users:
    enough to fill the model's batches."""
    description_batch_size: PositiveInt = 16
    """Most images described in the background in one batch, while no request is in work; fewer
    where the model is slow (PREFERSTREAM_BACKGROUND_BATCH_SECONDS)."""
    score_cache_entries: NonNegativeInt = 100_000
    """Latest scores of the model that are kept in memory, about 70 MB: an image that was scored by
    the same taste and model version before is not scored again. 0 scores every image again."""
    explore_share: float = Field(default=0.1, ge=0, le=1)
    """Share of slates in which neighbors are swapped at random (FairPairs), so that training can
    separate taste from position; a swap moves an image by one rank. 0 turns exploration off."""
    seen_days: NonNegativeInt = Field(default=0, le=3_650)
    """Days for which an image that the user has seen is ranked behind all others, and left out of
    feeds from the catalog while there are others. 0 turns the rule off."""
    author_cap: NonNegativeInt = 0
    """Largest number of images of one author before images of other authors; 0 turns the cap
    off."""
    diversity: float = Field(default=0.0, ge=0, le=1)
    """Weight of similarity to higher-ranked images against the score when the next image is chosen
    (MMR). 0.2 breaks up rows of the same style. It uses stored descriptions; 0 turns it off."""
    rules_file: Path | None = None
    """TOML file with the rules of the shop by tenant: pins, caps and boosts. It is read at the
    start and after each change. Without it there are no rules."""
    popularity_entries: NonNegativeInt = 200_000
    """Latest opinions of users on images that are kept in memory, about 60 MB: users without a
    taste see what others of their tenant like. 0 turns popularity off."""
    popularity_share: float = Field(default=0.5, ge=0, le=1)
    """Greatest share of popularity in the ranking of a user with few references. It falls with each
    reference, and from 20 on popularity does not count. 0 turns it off for users with a taste."""
    cold_start_diversity: float = Field(default=0.3, ge=0, le=1)
    """Weight of similarity to higher-ranked images against popularity for a user without a taste
    (MMR). 0 turns it off."""
    retrieval_popular_share: float = Field(default=0.1, ge=0, le=1)
    """Share of the images from the catalog that other users like most. A user without a taste gets
    popular images in the places of the taste as well."""
    retrieval_new_share: float = Field(default=0.1, ge=0, le=1)
    """Share of the images from the catalog that are new and hardly viewed yet. The shares of
    popular, new and explored images together are at most 1; the user's taste has the rest."""
    retrieval_explore_share: float = Field(default=0.05, ge=0, le=1)
    """Share of the images from the catalog that are drawn by chance among hardly viewed ones, with
    known probabilities, so that an image that no query returns can be liked as well."""
    retrieval_weights_file: Path | None = None
    """JSON file with the weights of the words and of the subject in the search of the catalog, as
    `preferstream catalog fit` writes it from clicks. Without it the shipped weights count."""
    new_days: PositiveInt = Field(default=30, le=3_650)
    """Days after its publication for which an image of the catalog is new."""
    assessor_health_port: NonNegativeInt = Field(default=0, le=65_535)
    """Port of `/healthz`, `/readyz` and `/metrics`; 0 means any free port."""
    health_host: str = "127.0.0.1"
    """Interface on which the health endpoints listen; `0.0.0.0` in a container."""

    @model_validator(mode="after")
    def _leaves_places_for_the_taste(self) -> Self:
        fixed = (
            self.retrieval_popular_share + self.retrieval_new_share + self.retrieval_explore_share
        )
        if fixed > 1 + 1e-9:
            raise ValueError(
                "PREFERSTREAM_RETRIEVAL_POPULAR_SHARE, PREFERSTREAM_RETRIEVAL_NEW_SHARE and"
                f" PREFERSTREAM_RETRIEVAL_EXPLORE_SHARE add up to {fixed:g}; lower one of them, so"
                " that the sum is at most 1"
            )
        return self
