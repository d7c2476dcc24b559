"""Define the request, the progress and the result of a training job.

The retrain service writes `request.json` into the job's folder, starts training on that folder in a
child process, and reads `result.json`, which training writes last.
"""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from shared.domain.taste import Value
from shared.jobs.result_codes import TrainingCode
from shared.jobs.training_methods import DEFAULT_METHODS, Methods

REQUEST = "request.json"
RESULT = "result.json"


class ModelFolder(Value):
    """One version of the model on disk."""

    folder: Path
    version: str
    kind: Literal["checkpoint", "adapter"]


class TrainingJobRequest(Value):
    """Train a challenger on feedback, and collect the evidence for the gate."""

    job: str
    """Name of the job; the same name is never trained twice."""
    requested_at: AwareDatetime
    """End of the dataset's window, also when the job is resumed later."""
    lake: str
    s3_endpoint: str | None = None
    allowed_file_roots: tuple[Path, ...] = ()
    """Folders whose `file:` images may be read, in addition to those of the settings."""
    release: ModelFolder
    """The frozen base that adapters belong to."""
    champion: ModelFolder
    candidate: ModelFolder | None = None
    """The challenger of the night before, neither promoted nor shown to be worse. Its nights count
    together with this one, what it names keeps its name, and GRPO and DPO continue it."""
    earlier_evidence: Path | None = None
    """The evidence of the candidate's last night, which has those before it; the verdict counts
    all."""
    nights_before: int = Field(default=0, ge=0)
    """Nights that the candidate has been judged on."""
    prediction_orders: int = Field(default=1, ge=1)
    """Orders of the same references from which a taste is predicted, as in serving."""
    prompt_style: str = "general"
    """The prompts of models without our manifest, and the template file of a style that has one."""
    prompt_template: Path | None = None
    min_pixels: int | None = None
    """Fewest and most pixels of an image, as in serving; None leaves the default."""
    max_pixels: int | None = None
    served_by_server: bool = False
    """Whether a model server serves the adapters. It ignores updates outside the language model, so
    that nothing else is trained."""
    minutes: float = Field(gt=0)
    """Wall-clock budget up to the end of the evidence, over all resumptions."""
    seed: int = 0
    dry_run: bool = False
    """Stop after the dataset, and report the data that training would use."""
    methods: Methods = DEFAULT_METHODS
    """Training methods in their order; each continues the adapter of the one before."""
    sft_config: Path | None = None
    """TOML files of the methods; without them those for preferthinker-nano on a CPU."""
    grpo_config: Path | None = None
    dpo_config: Path | None = None
    least_users: int = Field(default=50, ge=1)
    """Minimum of held-out users and pairs, as in the gate's rules: with fewer, the gate would
    keep the champion, so nothing is trained."""
    least_pairs: int = Field(default=200, ge=1)


class JobStep(Value):
    """One step of progress, a line of JSON on the standard output of training."""

    stage: str
    text: str
    seconds_spent: float
    seconds_left: float | None = None
    """To the end of the stage; None where it is not known."""


class TrainingJobResult(Value):
    """The result of training; there is none after a crash or a kill."""

    code: TrainingCode
    reason: str
    """Why there is no challenger, or what it was trained on; a sentence for operators."""
    challenger: ModelFolder | None = None
    base_version: str | None = None
    """The version that an adapter is merged into."""
    evidence: Path | None = None
    """File of evidence for the gate."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """Duration of each stage."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Number of cases of each split."""
    ended_at: datetime | None = None
