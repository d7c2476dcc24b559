"""Open the models that a training job compares."""

from dataclasses import dataclass

from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from shared.prompting.styles.protocol import BadPromptStyle, PromptStyle
from shared.prompting.styles.registry import prompt_style
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.model_package import read_model_package
from shared.vlm.checkpoint.pixel_limits import MAX_PIXELS, PixelLimits
from shared.vlm.engine.transformers_engine import TransformersEngine
from shared.vlm.pictures.open_reader import with_picture_reader
from training.job.scoring.pair_scoring import Model


@dataclass(frozen=True)
class ComparedModels:
    """Champion, challenger, and the release, which is None where it is the champion."""

    champion: Model
    challenger: Model
    release: Model | None = None
    champion_version: str = "champion"
    challenger_version: str = "challenger"
    release_version: str = "release"


def open_model(request: TrainingJobRequest, model: ModelFolder) -> Model:
    """Open a model in this process with the serving engine; raises `BadCheckpoint`."""
    base, adapter = model.folder, None
    if model.kind == "adapter":
        base, adapter = request.release.folder, read_model_package(model.folder)
    engine = TransformersEngine(
        base,
        adapter=adapter,
        prompt_style=default_style(request),
        limits=pixel_limits(request),
    )
    # As in serving: real pictures are scored by their words, whatever an adapter learned.
    return with_picture_reader(engine, base)


def open_candidate(request: TrainingJobRequest) -> Model | None:
    """The candidate of the nights before, if there is one; raises `BadCheckpoint`."""
    return open_model(request, request.candidate) if request.candidate else None


def pixel_limits(request: TrainingJobRequest) -> PixelLimits:
    """The limits of images, as in serving."""
    return PixelLimits(request.min_pixels, request.max_pixels or MAX_PIXELS)


def default_style(request: TrainingJobRequest) -> PromptStyle:
    """The prompts of models without our manifest, as in serving; raises `BadCheckpoint`."""
    try:
        return prompt_style(request.prompt_style, template=request.prompt_template)
    except BadPromptStyle as error:
        raise BadCheckpoint(f"the prompts of {request.release.version}: {error}") from error


def open_models(request: TrainingJobRequest, challenger: ModelFolder) -> ComparedModels:
    """Open all models of a comparison; raises `BadCheckpoint`."""
    champion_is_release = request.champion.version == request.release.version
    return ComparedModels(
        champion=open_model(request, request.champion),
        challenger=open_model(request, challenger),
        release=None if champion_is_release else open_model(request, request.release),
        champion_version=request.champion.version,
        challenger_version=challenger.version,
        release_version=request.release.version,
    )
