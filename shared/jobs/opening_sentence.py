"""Say in one sentence how a training job ended: whether the model changed, how sure, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shared.jobs.result_codes import MEANINGS, JobCode, JobVerdict


@dataclass(frozen=True)
class Gain:
    """Challenger minus champion on held-out users, 0-1, with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        value, low, high = (f"{100 * end:+.1f}" for end in (self.value, self.low, self.high))
        return f"{value} points (95 % interval {low} to {high})"


_JUDGED: Final[Mapping[JobCode, tuple[str, str]]] = {
    "no_signal": (
        "the new one may be better or not",
        "there is nothing to do: the next job tries again with more feedback",
    ),
    "worse": (
        "the new one is worse for users that it did not learn from",
        "there is nothing to do, unless this repeats: then look for wrong feedback",
    ),
    "few_users": (
        "a few users alone could have made the gain of the new one",
        "check whether these users are real before you promote it yourself",
    ),
    "later_days": (
        "the new one loses on the latest days",
        "there is nothing to do: the next job learns from these days",
    ),
    "format": (
        "the new one writes more answers that cannot be read",
        "there is nothing to do, unless this repeats: then lower the learning rate",
    ),
    "benchmark": (
        "a loss of earlier abilities of the new one cannot be ruled out",
        "there is nothing to do, unless this repeats: then give the job more minutes",
    ),
    "release": (
        "the new one may have lost too much of what the release can do",
        "consider a rollback to the release if this repeats",
    ),
    "order": (
        "the answers of the new one depend more on the order of images",
        "there is nothing to do: the next job trains another one",
    ),
}
"""Why a judged model was kept out, and what to do."""

_UNJUDGED: Final[Mapping[JobCode, tuple[str, str]]] = {
    "too_little_data": (
        "there was too little feedback to judge a new one",
        "wait for more clicks, or collect over more days",
    ),
    "no_time": (
        "the time ran out before a new one could be judged",
        "give the job more minutes (PREFERSTREAM_TRAINING_MINUTES)",
    ),
    "dry_run": (
        "this was a dry run, which trains nothing",
        "start a job without --dry-run to train",
    ),
    "machine": (
        "the machine ran out of disk space or memory, or a training process failed",
        "free disk space or memory, and start the job again",
    ),
    "lake": ("a table of the lake cannot be read", "restore the table that the reason names"),
    "data": ("the training data cannot be used", "repair what the reason names"),
    "collect": (
        "the newest feedback could not be collected",
        "look whether Kafka and the lake can be reached, and start the job again",
    ),
    "champion": (
        "another model became champion meanwhile, or its files cannot be used",
        "start the job again: it then starts from the model that serves now",
    ),
    "registry": (
        "the folder of the models cannot be used",
        "make it writable, and start the job again",
    ),
    "kafka": ("Kafka did not answer", "look whether Kafka runs, and start the job again"),
    "mlflow": ("MLflow did not answer", "look whether MLflow runs, and start the job again"),
    "crash": (
        "a process of the job ended without a result",
        "look at the log of the retrain service, and start the job again",
    ),
    "held": ("another job was running", "wait for its end"),
    "done": ("the job of this day had ended before", "wait for the next one, or start one by hand"),
    "stopped": (
        "the service stopped while the job was running",
        "start the service again: the job continues where it was",
    ),
}
"""Why no new model was judged, and what to do."""


def opening_sentence(
    verdict: JobVerdict | Literal["won"],
    code: JobCode,
    *,
    version: str = "",
    gain: Gain | None = None,
) -> str:
    """One sentence on the outcome of a job, for an operator.

    `won` is the gate's own view, before the promotion. Without a gain the sureness is left out;
    where nothing was judged the sentence says so.
    """
    new = version or "the new model"
    sure = f"; its gain is {gain}" if gain else ""
    if verdict == "won":
        return (
            f"The model changes: {new} won its comparison and takes over, at first for a share of"
            f" the users where a trial is set{sure}; there is nothing to do, unless the job reports"
            " a failed promotion."
        )
    if verdict == "promoted":
        return (
            f"The model changed: {new} serves all users now, because it agrees with more choices of"
            f" users that it did not learn from{sure}; there is nothing to do."
        )
    if verdict == "tried_out":
        return (
            f"The model changes step by step: {new} won its comparison and is now on trial for a"
            f" share of the users{sure}; watch it on the page Models."
        )
    if code == "not_announced":
        return (
            f"The model did not change, although {new} won its comparison{sure}: it could not be"
            " announced; repair what the reason below names, and promote it on the page Models."
        )
    if code in _JUDGED and version:
        why, action = _JUDGED[code]
        return f"The model did not change, because {why}{sure}; {action}."
    why, action = _UNJUDGED.get(code, (MEANINGS[code], "look at the reason below"))
    unknown = "so that nothing is known about a new one"
    return f"The model did not change, because {why}, {unknown}; {action}."
