"""Identify the model that a server serves, from the server's model list and the settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import ModelPackage


@dataclass(frozen=True)
class ServedModel:
    """The model with which a server was started."""

    id: str
    """The model's name in requests."""
    name: str
    """The model's name, the same for all its versions: promotions are addressed to it."""
    version: str
    package: ModelPackage | None
    """The model's files, if this process can read them."""


def identify_served_model(
    cards: Sequence[Mapping[str, Any]],
    *,
    package: ModelPackage,
    from_settings: bool,
    server_name: str | None,
    address: str,
) -> ServedModel:
    """Choose among the models of a server (`cards`); raises `BadCheckpoint`.

    `package` is the checkpoint of the settings (`from_settings`) or the shipped one. A server
    cannot report the hash of its weights. It counts as serving `package` when it serves the
    package's version, or the name that the settings give for it there (`server_name`).
    """
    bases = [str(card["id"]) for card in cards if not card.get("parent")]
    listed = ", ".join(bases) or "nothing"
    if server_name is not None and server_name not in bases:
        raise BadCheckpoint(
            f"{address} serves {listed}, not {server_name}; correct PREFERSTREAM_MODEL_SERVER_MODEL"
        )
    if package.version in bases and server_name in (None, package.version):
        return ServedModel(package.version, package.name, package.version, package)
    if from_settings and server_name is not None:
        return ServedModel(server_name, package.name, package.version, package)
    if from_settings:
        raise BadCheckpoint(
            f"{address} serves {listed}, not {package.version}, which PREFERSTREAM_MODEL names;"
            f" start it with --served-model-name {package.version}, or put its name there into"
            " PREFERSTREAM_MODEL_SERVER_MODEL"
        )
    if server_name is None and len(bases) != 1:
        raise BadCheckpoint(
            f"{address} serves {listed}; put the name of the model to use into"
            " PREFERSTREAM_MODEL_SERVER_MODEL"
        )
    name = server_name or bases[0]
    return ServedModel(name, name, name, None)
