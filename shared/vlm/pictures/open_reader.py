"""Add the reader of real pictures to an engine whose model folder has one."""

from pathlib import Path

from shared.embedding.images.package_weights import BadWeights, load_network
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.pictures.medium_classifier import MediumClassifier
from shared.vlm.pictures.picture_features import PictureFeatures
from shared.vlm.pictures.picture_model import Engine, PictureModel
from shared.vlm.pictures.picture_reader import PictureReader


def with_picture_reader(engine: Engine, folder: Path) -> Engine:
    """The engine with the reader of `folder`; the engine itself for a model without one.

    Raises `BadCheckpoint` for a broken file, and when the weights of the network are missing: the
    same model version must give the same words everywhere.
    """
    reader = picture_reader(folder)
    return engine if reader is None else PictureModel(engine, reader)


def picture_reader(folder: Path) -> PictureReader | None:
    """The reader of `folder`, which engines of one thread can share; None without one.

    Raises `BadCheckpoint`.
    """
    classifier = MediumClassifier.read(folder)
    if classifier is None:
        return None
    try:
        network = load_network()
    except BadWeights as error:
        raise BadCheckpoint(f"{folder} reads real pictures with a network: {error}") from error
    return PictureReader(classifier, PictureFeatures(network))
