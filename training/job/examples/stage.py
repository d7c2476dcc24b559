"""Stage 2: write the SFT examples and the GRPO cases, and measure the machine meanwhile."""

from collections.abc import Mapping
from typing import Any, Final

from shared.domain.element_weights import ElementWeights
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from training.job.context import Job, JobAborted
from training.job.examples.grpo_cases import write_grpo_cases
from training.job.examples.hindsight.described_references import encode_files
from training.job.examples.hindsight.kept_readings import KeptReadings
from training.job.examples.hindsight.write import Hindsight, write_hindsight
from training.job.examples.own_answers import learned_from_drawings
from training.job.examples.sft_examples import write_sft_examples
from training.job.plan import (
    DATA_SHARE,
    FITS_END,
    PREDICTIONS_END,
    READINGS_END,
    REFERENCES_END,
    SCORING_END,
    MachineTimings,
)
from training.job.scoring.deadline import Deadline
from training.job.scoring.feedback_cases import read_feedback_cases
from training.job.scoring.pair_scoring import Model

MAX_PAIRS: Final = 1_000
"""Most pairs that examples are written from; each one costs two scores."""
FIELDS: Final = frozenset(
    {"pairs", "kept", "summary", "element_weights", "grpo_prompts", "open_model", "score"}
)
"""Fields of the stage's result that later stages read."""


def write_job_examples(job: Job) -> dict[str, Any]:
    """The result of the stage; raises `JobAborted` where no example could be written."""
    result = job.stages.once("2-examples", lambda: _write(job))
    if not result.keys() >= FIELDS:
        raise JobAborted(
            "data",
            "the job was started by an earlier release, and this one cannot resume its examples:"
            " the next job starts from the beginning; to start one now run `preferstream night`",
        )
    if not result["kept"]:
        raise JobAborted(
            "no_signal",
            f"the champion agrees with none of {result['pairs']} clicked pairs in any sample: the"
            " clicks hold no signal that it could learn",
        )
    return result


def machine_timings(result: Mapping[str, Any]) -> MachineTimings:
    """How fast this machine is, from the result of the stage."""
    return MachineTimings(result["open_model"], result["score"])


def learned_weights(result: Mapping[str, Any]) -> ElementWeights:
    """How much each element counts, from the result of the stage."""
    return ElementWeights.model_validate(result["element_weights"])


def _write(job: Job) -> dict[str, Any]:
    start = job.spent
    seconds = DATA_SHARE * job.budget_seconds
    job.stages.report("examples", "scoring the clicked pairs with the champion")
    champion = job.dependencies.open_champion(job.request)
    opened = job.spent
    score_seconds = 0.0

    def advance(done: int, total: int, scores: int) -> None:
        nonlocal score_seconds
        elapsed = job.spent - opened
        score_seconds = elapsed / scores
        left = elapsed / done * (total - done)
        job.stages.report("examples", f"{done} of {total} pairs", seconds_left=left)

    def until(share: float) -> Deadline:
        return Deadline(lambda: job.spent, end=start + share * seconds)

    encoder = job.dependencies.image_encoder
    on_drawings = learned_from_drawings(job.request.release.folder)
    train = read_feedback_cases(job.dataset / "train.jsonl")
    cases = [case for case in train if case.source == "clicks"]

    def hindsight() -> Hindsight:
        job.stages.report("examples", "looking for the profiles and words that explain the choices")
        return write_hindsight(
            job.dataset, cases, champion, seed=job.request.seed,
            predictions_are_late=until(PREDICTIONS_END),
            references_are_late=until(REFERENCES_END), readings_are_late=until(READINGS_END),
            fits_are_late=lambda: job.spent > start + FITS_END * seconds,
            encode=encode_files(encoder) if encoder else None, rationales=on_drawings,
            open_candidate=lambda: _open_candidate(job),
            kept=KeptReadings.next_to(job.folder.parent, champion=job.request.champion.version),
        )  # fmt: skip

    written = write_sft_examples(
        job.dataset / "examples.jsonl",
        cases,
        champion,
        seed=job.request.seed,
        max_pairs=MAX_PAIRS,
        advance=advance,
        scoring_is_late=until(SCORING_END),
        hindsight=hindsight,
        rationales_are_late=until(1.0),
        on_drawings=on_drawings,
    )
    prompts = write_grpo_cases(job.dataset, seed=job.request.seed)
    job.stages.report("examples", f"{written.summary}; {prompts.summary}")
    in_hindsight = len(written.hindsight.lines) if written.hindsight.has_lessons else 0
    return {
        "pairs": written.pairs, "kept": written.kept + in_hindsight,
        "summary": written.summary, "hindsight": written.hindsight.counts,
        "element_weights": written.learned.weights.model_dump(),
        "gain": round(written.learned.gain, 5),
        "gain_error": round(written.learned.standard_error, 5),
        "grpo_prompts": prompts.prompts,
        "open_model": round(opened - start, 2), "score": round(score_seconds, 5),
    }  # fmt: skip


def _open_candidate(job: Job) -> Model | None:
    """The candidate of the nights before; None without one, and where it cannot be used."""
    try:
        return job.dependencies.open_candidate(job.request)
    except BadCheckpoint as error:
        job.stages.report("examples", f"words keep the champion's names, because {error}")
        return None
