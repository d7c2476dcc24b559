"""Find the models that the arms rank with: those that served, and those of offline chains."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.vlm.checkpoint.checkpoint import MANIFEST, shipped_folder
from training.simulate.arms.recorded_days import Recording

SERVED: Final = "adapter nights"
"""The arm of the model that served, ranked again end to end."""
LATEST: Final = "latest adapter"
"""The arm of the adapter that the last night left, whether the gate promoted it or not."""
CHAINS: Final = "chains"
NIGHT: Final = "night.json"
"""In the folder of one night of a chain: the adapter after it. It is written last."""


@dataclass(frozen=True)
class TrainedModel:
    """A model on the release; without an adapter it is the release itself."""

    version: str
    adapter: Path | None = None


def release_folder(recording: Recording) -> Path:
    """The model with which the system of a recording started."""
    own = recording.folder / "release"
    return own if (own / MANIFEST).is_file() else shipped_folder()


def serving_model(recording: Recording, day: int) -> TrainedModel | None:
    """The model that served most slates of a day; None where its folder is gone."""
    served = Counter(visit.model_version for visit in recording.visits(day) if visit.model_version)
    if not served:
        return None
    version = served.most_common(1)[0][0]
    if version == version_of(release_folder(recording)):
        return TrainedModel(version)
    return _kept_version(recording, version)


def latest_model(recording: Recording, day: int) -> TrainedModel | None:
    """The challenger of the last night before a day that trained one; at first the release.

    The system keeps the versions that its gate did not promote too. None where the folder is gone.
    """
    for night in range(day, 0, -1):
        version = str(recording.job(night).get("version", ""))
        if version:
            return _kept_version(recording, version)
    return TrainedModel(version_of(release_folder(recording)))


def _kept_version(recording: Recording, version: str) -> TrainedModel | None:
    for manifest in recording.data_dir.glob(f"models/**/{MANIFEST}"):
        if version_of(manifest.parent) == version:
            return TrainedModel(version, manifest.parent)
    return None


def chain_names(recording: Recording) -> list[str]:
    """The chains with at least one finished night."""
    nights = (recording.folder / CHAINS).glob(f"*/night-*/{NIGHT}")
    return sorted({night.parent.parent.name for night in nights})


def chain_model(recording: Recording, name: str, day: int) -> TrainedModel | None:
    """The model of a chain on a day, after as many nights; None while it is not trained."""
    release = TrainedModel(version_of(release_folder(recording)))
    if day == 0:
        return release
    file = recording.folder / CHAINS / name / f"night-{day:02d}" / NIGHT
    if not file.exists():
        return None
    night = json.loads(file.read_text(encoding="utf-8"))
    if night["adapter"] is None:
        return release
    return TrainedModel(night["version"], Path(night["adapter"]))


def version_of(folder: Path) -> str:
    """The version in a manifest."""
    return str(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["version"])


def nights_of(recording: Recording, name: str) -> Iterator[dict[str, object]]:
    """What each night of a chain ended with, in order."""
    for file in sorted((recording.folder / CHAINS / name).glob(f"night-*/{NIGHT}")):
        yield json.loads(file.read_text(encoding="utf-8"))
