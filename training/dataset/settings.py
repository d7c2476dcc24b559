"""Hold the numbers of the dataset: windows, caps and weights, each with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DatasetSettings:
    """Every number of the dataset; the report lists them."""

    window_days: int = 30
    """Days of feeds that are read, as long as Kafka keeps them; older tastes may have drifted."""
    long_dwell_ms: int = 5_000
    """Milliseconds of dwell that count as positive feedback, as in the profile service."""
    bounce_ms: int = 1_000
    """A click with a shorter longest dwell is an accident, and counts as a view."""
    clip: float = 10.0
    """Highest inverse propensity: above it one rare swap outweighs ten ordinary pairs."""
    biased_weight: float = 0.25
    """Weight of pairs whose order was not random, relative to FairPairs pairs: position bias stays
    in them. With a tenth of the slates explored there are about 50 times as many of them."""
    pairs_per_slate: int = 10
    """One long session must not dominate the dataset."""
    pairs_per_user: int = 100
    """One user must not dominate the dataset; the gate resamples users, not pairs."""
    pairs_per_image: float = 0.02
    """Share of all pairs in which one image may be the better one, against click farms."""
    min_pairs_per_image: int = 20
    """In a small dataset the share alone would cap ordinary images too."""
    actions_per_day: int = 2_000
    """Actions of one user on one day above which the user is a bot: one every 20 waking seconds."""
    click_rate: float = 0.9
    """Clicks per view from which, over `click_rate_views` views, clicks carry no preference."""
    click_rate_views: int = 100
    references_per_side: int = 5
    """As many as the prompt shows (arXiv 2511.00609)."""
    held_out_users: float = 0.2
    """Share of users whose pairs are never trained on."""
    later_share: float = 0.2
    """Largest share of the other users' slates that is kept for later days."""
    later_days: float = 1.0
    """Last days of training users that are kept for the gate."""
    replay_share: float = 0.3
    """Simulated share of the training cases: their profiles are known exactly, and they prevent
    forgetting (experience replay)."""
    max_replay_cases: int = 2_000
    """Largest number of simulated cases: each has twelve images to draw, a tenth of a second on a
    busy core."""
    image_side: int = 448
    """Pixels of the longer side of stored images: the resolution that a 7B model is given."""
    seed: int = 0
