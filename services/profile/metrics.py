"""What the profile service counts beside its events."""

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)


class ProfileMetrics:
    """Counters and timings of predictions."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.updated = Counter(
            "preferstream_profiles_updated", "New versions of profiles", registry=registry
        )
        self.prediction_seconds = Histogram(
            "preferstream_profile_prediction_seconds",
            "Seconds to predict one taste from its references",
            buckets=SECONDS,
            registry=registry,
        )
        self.unreadable_answers = Counter(
            "preferstream_profile_answer_problems",
            "Elements of a predicted taste that could not be read",
            registry=registry,
        )
        self.lost_references = Counter(
            "preferstream_profile_references_lost",
            "References whose image could not be loaded again",
            registry=registry,
        )
