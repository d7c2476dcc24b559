"""Metrics of training jobs and canary checks."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BUCKETS = (60, 300, 600, 1200, 2400, 3600, 7200, 14400, 28800)


class JobMetrics:
    """The heartbeat of a running job, and the outcomes of jobs that ended here."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.running = Gauge(
            "preferstream_training_job_running", "1 while a training job runs", registry=registry
        )
        self.heartbeat = Gauge(
            "preferstream_training_job_heartbeat_timestamp_seconds",
            "Time of the last progress of a training job, seconds since the epoch",
            registry=registry,
        )
        self.spent = Gauge(
            "preferstream_training_job_spent_seconds",
            "Seconds of its budget that the running training job has used",
            registry=registry,
        )
        self.ends = Counter(
            "preferstream_training_jobs",
            "Training jobs that ended here, by verdict and by the code of the reason",
            ["verdict", "code"],
            registry=registry,
        )
        self.last_end = Gauge(
            "preferstream_training_job_last_end_timestamp_seconds",
            "Time at which a training job last ended here, seconds since the epoch, by verdict",
            ["verdict"],
            registry=registry,
        )
        self.skipped = Counter(
            "preferstream_training_jobs_skipped",
            "Training jobs that did not start here, because another instance runs or ran them",
            registry=registry,
        )
        self.seconds = Histogram(
            "preferstream_training_job_seconds",
            "Seconds of a training job from its collection to its verdict",
            buckets=BUCKETS,
            registry=registry,
        )
        self.canary_checks = Counter(
            "preferstream_canary_checks",
            "Checks of a canary, by verdict",
            ["verdict"],
            registry=registry,
        )

    def ended(self, *, verdict: str, code: str, at: datetime) -> None:
        """Count a job that ended."""
        self.ends.labels(verdict, code).inc()
        self.last_end.labels(verdict).set(at.timestamp())
