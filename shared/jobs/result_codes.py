"""List the codes that say why a training job ended, for logs, metrics, pages and commands."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

JobVerdict = Literal["promoted", "tried_out", "kept", "skipped", "stopped"]
"""Result of a job. `tried_out`: the new model serves a share of the users first; `kept`: the
champion stays; `skipped`, `stopped`: the job did not run to its end."""

TrainingCode = Literal[
    "trained", "too_little_data", "no_signal", "no_time", "machine", "lake", "data", "dry_run",
]  # fmt: skip
"""Why the training process ended, when it was not killed."""

GateCode = Literal[
    "better", "too_little_data", "format", "no_signal", "worse", "few_users", "later_days",
    "benchmark", "release", "order", "crash",
]  # fmt: skip
"""Why the gate promotes or keeps: `better`, or the first condition that fails."""

JobCode = Literal[
    TrainingCode, GateCode,
    "promoted", "not_announced", "champion", "collect", "kafka", "mlflow", "registry",
    "held", "done", "stopped",
]  # fmt: skip
"""Every reason for the end of a job."""

MEANINGS: Final[Mapping[JobCode, str]] = {
    "trained": "a challenger was trained; the gate decides",
    "better": "every condition of the gate holds",
    "promoted": "the job was killed after its promotion, which is complete",
    "too_little_data": "there is less feedback than the gate needs",
    "no_signal": "the feedback does not show a difference between the models",
    "no_time": "the budget does not hold the work that is left",
    "dry_run": "the job stopped before training, as requested",
    "worse": "the challenger agrees with fewer choices of the users",
    "few_users": "the gain comes from too few users",
    "later_days": "the gain does not hold on later days",
    "format": "the challenger makes more format errors",
    "benchmark": "the challenger is worse on the frozen benchmark",
    "release": "the challenger is worse than the release",
    "order": "the challenger depends more on the order of images",
    "machine": "memory, disk or a training process failed",
    "lake": "a table of the lake cannot be read",
    "data": "the dataset or an adapter cannot be used",
    "collect": "the lake could not be brought up to date",
    "champion": "the champion changed, or its files cannot be used",
    "registry": "the folder of the models cannot be used",
    "kafka": "Kafka did not answer",
    "mlflow": "MLflow did not answer",
    "not_announced": "the gate promoted, but the promotion failed",
    "crash": "a process ended without a result",
    "held": "another instance runs a job",
    "done": "the job of this day has already ended",
    "stopped": "the service stopped; the job resumes when it starts again",
}

NEEDS_REPAIR: Final[frozenset[JobCode]] = frozenset(
    {"crash", "machine", "registry", "collect", "kafka", "lake", "data", "champion", "mlflow",
     "not_announced"}
)  # fmt: skip
"""Not a verdict on a model: an operator has to repair something."""

INCONCLUSIVE: Final[frozenset[JobCode]] = NEEDS_REPAIR | {"no_time"}
"""The job reached no verdict, or could not announce it."""


def job_code(part: str) -> JobCode:
    """The code of an unavailable part of the system; `machine` for a part without a code."""
    codes: tuple[JobCode, ...] = get_args(JobCode)
    return next((code for code in codes if code == part), "machine")
