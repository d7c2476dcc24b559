"""Keep the measures of a run: a line of JSON each time, and MLflow where it is installed."""

import importlib.util
import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

MLFLOW_RUN = "mlflow_run.txt"
OFF = "off"


class Curves(Protocol):
    """Takes measures as they come."""

    def add(self, step: int, measures: Mapping[str, float]) -> None: ...

    def close(self, *, finished: bool) -> None: ...


class CurveFile:
    """One JSON object a line. Measures after the step that a run resumes from are measured anew."""

    def __init__(self, file: Path, *, first: int = 0) -> None:
        self._file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        kept = [line for line in lines if _step(line) <= first]
        file.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def add(self, step: int, measures: Mapping[str, float]) -> None:
        with self._file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps({"step": step, **measures}) + "\n")

    def close(self, *, finished: bool) -> None:
        return None


class MlflowCurves:
    """One MLflow run for one run folder, taken up again when the training is."""

    def __init__(
        self, folder: Path, *, address: str, name: str, parameters: Mapping[str, Any]
    ) -> None:
        from mlflow import MlflowClient  # seconds to import: only where a run is trained

        logging.getLogger("mlflow").setLevel(logging.WARNING)  # its new tables are no news
        self._client = MlflowClient(tracking_uri=address)
        remembered = folder / MLFLOW_RUN
        if remembered.exists():
            self._run: str = remembered.read_text(encoding="utf-8")
            self._client.update_run(self._run, status="RUNNING")
            return
        artifacts = (folder / "mlflow").absolute().as_uri() if "sqlite" in address else None
        experiment = self._client.get_experiment_by_name(name)
        number = (
            experiment.experiment_id
            if experiment
            else self._client.create_experiment(name, artifact_location=artifacts)
        )
        self._run = self._client.create_run(number, run_name=folder.name).info.run_id
        for key, value in parameters.items():
            self._client.log_param(self._run, key, value)
        remembered.write_text(self._run, encoding="utf-8")

    def add(self, step: int, measures: Mapping[str, float]) -> None:
        for key, value in measures.items():
            self._client.log_metric(self._run, key, value, step=step)

    def close(self, *, finished: bool) -> None:
        self._client.set_terminated(self._run, status="FINISHED" if finished else "KILLED")


def curves(
    folder: Path, *, address: str, name: str, parameters: Mapping[str, Any], first: int
) -> list[Curves]:
    """Every place that measures go to; without MLflow, or with it off, the file alone."""
    kept: list[Curves] = [CurveFile(folder / "curves.jsonl", first=first)]
    if address != OFF and importlib.util.find_spec("mlflow") is not None:
        kept.append(MlflowCurves(folder, address=address, name=name, parameters=parameters))
    return kept


def numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """The finite measures of what a trainer logs."""
    return {
        key: float(value)
        for key, value in logs.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"run": {"seed": 1}}` as `{"run.seed": 1}`."""
    told: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        told |= flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return told


def _step(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError):
        return 1 << 62  # a line that a kill cut short
