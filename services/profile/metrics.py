"""Metrics of the profile service, in addition to those of its Kafka consumers."""

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60)
"""Histogram buckets: from a prediction of the small model to a slow model server."""


class ProfileMetrics:
    """Counters and timings of predictions."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.updated = Counter(
            "preferstream_profiles_updated", "New versions of profiles", registry=registry
        )
        self.prediction_seconds = Histogram(
            "preferstream_profile_prediction_seconds",
            "Seconds to predict one profile from its references",
            buckets=SECONDS,
            registry=registry,
        )
        self.unreadable_answers = Counter(
            "preferstream_profile_answer_problems",
            "Elements of a predicted profile that could not be parsed",
            registry=registry,
        )
        self.lost_references = Counter(
            "preferstream_profile_references_lost",
            "References whose image could not be loaded again",
            registry=registry,
        )
        self.ignored_feedback = Counter(
            "preferstream_profile_feedback_ignored",
            "Feedback that is no reference, because other feedback counts instead",
            ["reason"],
            registry=registry,
        )
        self.overruled_statements = Counter(
            "preferstream_profile_statements_overruled",
            "Changes of stated words by feedback on feeds, noted in the history of the profile",
            registry=registry,
        )
        self.image_retries = Counter(
            "preferstream_profile_image_retries",
            "Feedback events to be tried again later because their image was unavailable",
            registry=registry,
        )
