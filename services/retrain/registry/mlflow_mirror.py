"""Mirror versions, metrics and the aliases champion and challenger to MLflow."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.model_package import ModelPackage

VERSION_TAG: Final = "preferstream.version"
TIMEOUTS: Final = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""Seconds and retries until a server counts as unavailable; MLflow's defaults take four minutes."""


def installed() -> bool:
    """Whether MLflow is installed: it is part of the extra `training`; serving does not need it."""
    return find_spec("mlflow") is not None


def sqlite_uri(data_dir: Path) -> str:
    """The tracking URI of MLflow's database in the data folder."""
    file = (data_dir / "mlflow.db").resolve()
    if "?" not in str(file):
        return f"sqlite:///{file}"
    # A question mark would begin the options of the URI; SQLite decodes the path of a `file:` URI.
    return f"sqlite:///file:{quote(str(file))}?uri=true"


class MlflowMirror:
    """One registered model; a tag of each MLflow version holds our version."""

    def __init__(self, uri: str, *, model: str) -> None:
        self._uri = uri
        self._model = model
        self._client: Any = None

    def register(self, package: ModelPackage, *, uri: str) -> None:
        """Add a version of the registered model, once; raises `Unavailable`."""
        with self._connected() as client:
            if self._number(client, package.version) is None:
                client.create_model_version(
                    self._model,
                    source=uri,
                    tags={
                        VERSION_TAG: package.version,
                        "preferstream.sha256": package.sha256,
                        "preferstream.element_weights": package.element_weights.summary,
                        **{f"metric.{name}": f"{value:g}" for name, value in package.metrics},
                    },
                    description=package.reason[:4_000],
                )

    def point(self, alias: str, version: str | None) -> None:
        """Move an alias, or remove it; raises `Unavailable`."""
        with self._connected() as client:
            number = self._number(client, version) if version else None
            if number is None:
                client.delete_registered_model_alias(self._model, alias)
            else:
                client.set_registered_model_alias(self._model, alias, number)

    def _number(self, client: Any, version: str | None) -> str | None:
        """MLflow's number of our version."""
        versions = client.search_model_versions(f"name = '{self._model}'")
        numbers = [str(v.version) for v in versions if v.tags.get(VERSION_TAG) == version]
        return numbers[0] if numbers else None

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        # Imported here: it takes ten seconds, and only a promotion needs it.
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        try:
            if self._client is None:
                for name, value in TIMEOUTS.items():
                    os.environ.setdefault(name, value)
                self._client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
                self._create_once(self._client, MlflowException)
            yield self._client
        except (MlflowException, OSError) as error:
            self._client = None
            raise Unavailable(
                "mlflow",
                f"MLflow at {self._uri} does not answer as a registry ({_first_line(error)});"
                " start it, or correct PREFERSTREAM_MLFLOW_TRACKING_URI",
            ) from error

    def _create_once(self, client: Any, error_type: type[Exception]) -> None:
        try:
            client.create_registered_model(self._model)
        except error_type as error:
            if getattr(error, "error_code", "") != "RESOURCE_ALREADY_EXISTS":
                raise


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
