"""Record the metrics of a run: JSON lines, and MLflow if it is installed."""

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
    """Records metrics."""

    def add(self, step: int, metrics: Mapping[str, float]) -> None: ...

    def close(self, *, finished: bool) -> None: ...


class CurveFile:
    """One JSON object a line. Lines after the step that a run resumes from are dropped."""

    def __init__(self, file: Path, *, first: int = 0) -> None:
        self._file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        kept = [line for line in lines if _step(line) <= first]
        file.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def add(self, step: int, metrics: Mapping[str, float]) -> None:
        with self._file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps({"step": step, **metrics}) + "\n")

    def close(self, *, finished: bool) -> None:
        return None


class MlflowCurves:
    """One MLflow run for one run folder; a resumed training continues it."""

    def __init__(
        self, folder: Path, *, address: str, name: str, parameters: Mapping[str, Any]
    ) -> None:
        from mlflow import MlflowClient  # the import takes seconds

        logging.getLogger("mlflow").setLevel(logging.WARNING)  # hides messages about new tables
        self._client = MlflowClient(tracking_uri=address)
        run_file = folder / MLFLOW_RUN
        if run_file.exists():
            self._run: str = run_file.read_text(encoding="utf-8")
            self._client.update_run(self._run, status="RUNNING")
            return
        artifacts = (folder / "mlflow").absolute().as_uri() if "sqlite" in address else None
        experiment = self._client.get_experiment_by_name(name)
        experiment_id = (
            experiment.experiment_id
            if experiment
            else self._client.create_experiment(name, artifact_location=artifacts)
        )
        self._run = self._client.create_run(experiment_id, run_name=folder.name).info.run_id
        for key, value in parameters.items():
            self._client.log_param(self._run, key, value)
        run_file.write_text(self._run, encoding="utf-8")

    def add(self, step: int, metrics: Mapping[str, float]) -> None:
        for key, value in metrics.items():
            self._client.log_metric(self._run, key, value, step=step)

    def close(self, *, finished: bool) -> None:
        self._client.set_terminated(self._run, status="FINISHED" if finished else "KILLED")


def curves(
    folder: Path, *, address: str, name: str, parameters: Mapping[str, Any], first: int
) -> list[Curves]:
    """All recorders of a run; without MLflow, or with it off, the file only."""
    recorders: list[Curves] = [CurveFile(folder / "curves.jsonl", first=first)]
    if address != OFF and importlib.util.find_spec("mlflow") is not None:
        recorders.append(MlflowCurves(folder, address=address, name=name, parameters=parameters))
    return recorders


def numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """The finite numbers among the logs of a trainer."""
    return {
        key: float(value)
        for key, value in logs.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"run": {"seed": 1}}` as `{"run.seed": 1}`."""
    flattened: dict[str, Any] = {}
    for key, value in settings.items():
        name = f"{prefix}{key}"
        flattened |= flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return flattened


def _step(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError):
        return 1 << 62  # an incomplete line, left by a kill
