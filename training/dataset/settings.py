"""What the dataset is made by: windows, caps and weights, each with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DatasetSettings:
    """Every number of the dataset; a night writes them beside its result."""

    window_days: int = 30
    """Days of feeds that are looked at, as long as Kafka keeps them: tastes drift."""
    long_dwell_ms: int = 5_000
    """Milliseconds of looking that speak for an image, as the profile service has it."""
    bounce_ms: int = 1_000
    """A click whose longest look was shorter was a slip of the finger, and counts as a view."""
    clip: float = 10.0
    """Highest inverse propensity: beyond it one lucky swap outweighs ten honest pairs."""
    biased_weight: float = 0.25
    """Weight of pairs whose order was not drawn by chance, against FairPairs pairs: position bias
    stays in them. With a tenth of slates explored they are some 50 times as many."""
    pairs_per_slate: int = 10
    """One long session must not be the dataset."""
    pairs_per_user: int = 100
    """One person's taste must not be everybody's; the gate resamples people, not pairs."""
    pairs_per_image: float = 0.02
    """Share of all pairs that one image may win; a click farm wants one image on top."""
    pairs_per_image_at_least: int = 20
    """In a small dataset a share is less than one honest image's due."""
    actions_per_day: int = 2_000
    """Actions of one user on one day beyond which it is a machine: one every 20 waking seconds."""
    click_rate: float = 0.9
    """Clicks a view from which, over `click_rate_views` views, clicking says nothing."""
    click_rate_views: int = 100
    references_a_side: int = 5
    """As many as the prompt shows (arXiv 2511.00609)."""
    held_out_users: float = 0.2
    """Share of people none of whose pairs is trained on."""
    later_share: float = 0.2
    """Most slates of the others that are kept for later days."""
    later_days: float = 1.0
    """Days at the end that are kept for the gate, of people who are trained on."""
    replay_share: float = 0.3
    """Simulated share of the training cases: their profiles are exactly known, and what the
    release could do is not forgotten."""
    replay_at_most: int = 2_000
    """Simulated cases, whatever the share says: each has twelve images to draw, a tenth of a second
    on a busy core."""
    image_side: int = 448
    """Pixels of the longer side of stored images: what a 7B model sees of one."""
    seed: int = 0
