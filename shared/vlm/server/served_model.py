"""Know which model a server serves, by what it and the settings say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import ModelPackage


@dataclass(frozen=True)
class Served:
    """The model that a server was started with."""

    id: str
    """As questions name it."""
    name: str
    """Of the model, whatever its version: what promotions are addressed to."""
    version: str
    artefact: ModelPackage | None
    """Its files as this process sees them, when it does."""


def served(
    cards: Sequence[Mapping[str, Any]],
    *,
    known: ModelPackage,
    known_is_meant: bool,
    called: str | None,
    address: str,
) -> Served:
    """Choose among a server's models; raises `BadCheckpoint`.

    `known` is the checkpoint of the settings (`known_is_meant`) or the shipped one. A server cannot
    be asked for its weights' hash: it is believed when it serves under the checkpoint's version, or
    under the name that the settings say it has there (`called`).
    """
    bases = [str(card["id"]) for card in cards if not card.get("parent")]
    listed = ", ".join(bases) or "nothing"
    if called is not None and called not in bases:
        raise BadCheckpoint(
            f"{address} serves {listed}, not {called}; correct PREFERSTREAM_MODEL_SERVER_MODEL"
        )
    if known.version in bases and called in (None, known.version):
        return Served(known.version, known.name, known.version, known)
    if known_is_meant and called is not None:
        return Served(called, known.name, known.version, known)
    if known_is_meant:
        raise BadCheckpoint(
            f"{address} serves {listed}, not {known.version}, which PREFERSTREAM_MODEL names; start"
            f" it with --served-model-name {known.version}, or say in"
            " PREFERSTREAM_MODEL_SERVER_MODEL what it calls that model"
        )
    if called is None and len(bases) != 1:
        raise BadCheckpoint(
            f"{address} serves {listed}; say in PREFERSTREAM_MODEL_SERVER_MODEL which of them is"
            " meant"
        )
    one = called or bases[0]
    return Served(one, one, one, None)
