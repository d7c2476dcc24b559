"""What a night's training is asked, what it says while it works, and what it answers.

The service that keeps the models writes `request.json` into the night's folder, starts training on
that folder in a process of its own, and reads `result.json`, which is written last.
"""

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from shared.domain.taste import Value
from shared.jobs.result_codes import TrainingCode

REQUEST = "request.json"
RESULT = "result.json"


class ModelFolder(Value):
    """One version of the model on disk."""

    folder: Path
    version: str
    kind: Literal["checkpoint", "adapter"]


class TrainingJobRequest(Value):
    """Train a challenger from what people did, and gather the evidence that it is judged by."""

    night: str
    """Names the night; the same name is never trained twice."""
    asked_at: AwareDatetime
    """The dataset's window ends here, also when the night is resumed later."""
    lake: str
    s3_endpoint: str | None = None
    allowed_file_roots: tuple[Path, ...] = ()
    """Folders below which `file:` images may be read, beside those of the settings."""
    release: ModelFolder
    """The frozen base that adapters belong to."""
    champion: ModelFolder
    minutes: float = Field(gt=0)
    """Wall-clock budget of everything up to the evidence, over all resumptions."""
    seed: int = 0
    dry_run: bool = False
    """Stop after the dataset, and say what training would have begun with."""
    sft_config: Path | None = None
    """TOML files of the two trainings; without them those for preferthinker-nano on a CPU."""
    grpo_config: Path | None = None
    least_users: int = Field(default=50, ge=1)
    """Held-out people and pairs below which no gate could pass anything, so that nothing is
    trained; the gate's own rules."""
    least_pairs: int = Field(default=200, ge=1)


class JobStep(Value):
    """One line of progress, as JSON on the standard output of the training."""

    stage: str
    text: str
    seconds_spent: float
    seconds_left: float | None = None
    """To the end of the stage; None where nobody can know."""


class TrainingJobResult(Value):
    """What came of a training that ended by itself; one that crashed leaves none."""

    code: TrainingCode
    reason: str
    """Why there is no challenger, or what it was made from; for those who read it next morning."""
    challenger: ModelFolder | None = None
    base_version: str | None = None
    """What an adapter is merged into."""
    evidence: Path | None = None
    """JSON as the gate reads it."""
    seconds: dict[str, float] = Field(default_factory=dict)
    """Of each stage."""
    counts: dict[str, int] = Field(default_factory=dict)
    """Cases by split."""
    ended_at: datetime | None = None
