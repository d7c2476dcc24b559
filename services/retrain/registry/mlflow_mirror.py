"""Show versions, metrics and the two aliases in MLflow, on SQLite or on a server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import Unavailable
from shared.vlm.checkpoint.model_package import ModelPackage

VERSION_TAG: Final = "preferstream.version"
PATIENCE: Final = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""Seconds and tries before a server counts as away; MLflow's own take four minutes."""


def installed() -> bool:
    """Whether MLflow is there: it comes with the extra `training`, and serving goes without."""
    return find_spec("mlflow") is not None


def sqlite_uri(data_dir: Path) -> str:
    return f"sqlite:///{(data_dir / 'mlflow.db').resolve()}"


class MlflowAliases:
    """One registered model whose versions carry ours as a tag."""

    def __init__(self, uri: str, *, model: str) -> None:
        self._uri = uri
        self._model = model
        self._client: Any = None

    def register(self, artefact: ModelPackage, *, uri: str) -> None:
        """A version of the registered model, once; raises `Unavailable`."""
        with self._answering() as client:
            if self._number(client, artefact.version) is None:
                client.create_model_version(
                    self._model,
                    source=uri,
                    tags={
                        VERSION_TAG: artefact.version,
                        "preferstream.sha256": artefact.sha256,
                        "preferstream.element_weights": artefact.element_weights.told,
                        **{f"metric.{name}": f"{value:g}" for name, value in artefact.metrics},
                    },
                    description=artefact.reason[:4_000],
                )

    def point(self, alias: str, version: str | None) -> None:
        """Move an alias, or take it away; raises `Unavailable`."""
        with self._answering() as client:
            number = self._number(client, version) if version else None
            if number is None:
                client.delete_registered_model_alias(self._model, alias)
            else:
                client.set_registered_model_alias(self._model, alias, number)

    def aliases(self) -> dict[str, str]:
        """Our version behind each alias; raises `Unavailable`."""
        with self._answering() as client:
            found = client.get_registered_model(self._model).aliases
            return {
                alias: client.get_model_version(self._model, number).tags.get(VERSION_TAG, number)
                for alias, number in found.items()
            }

    def _number(self, client: Any, version: str | None) -> str | None:
        """MLflow's own number of our version."""
        found = client.search_model_versions(f"name = '{self._model}'")
        numbers = [str(one.version) for one in found if one.tags.get(VERSION_TAG) == version]
        return numbers[0] if numbers else None

    @contextmanager
    def _answering(self) -> Iterator[Any]:
        # Imported here: ten seconds that only a promotion should pay.
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient

        try:
            if self._client is None:
                for name, value in PATIENCE.items():
                    os.environ.setdefault(name, value)
                self._client = MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)
                self._create_once(self._client, MlflowException)
            yield self._client
        except (MlflowException, OSError) as error:
            self._client = None
            raise Unavailable(
                "mlflow",
                f"MLflow at {self._uri} does not answer as a registry ({_first_line(error)});"
                " start it, or correct PREFERSTREAM_MLFLOW",
            ) from error

    def _create_once(self, client: Any, error_type: type[Exception]) -> None:
        try:
            client.create_registered_model(self._model)
        except error_type as error:
            if getattr(error, "error_code", "") != "RESOURCE_ALREADY_EXISTS":
                raise


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
