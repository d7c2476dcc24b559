"""Choose what draws profiles for the prediction reward, and what compares the images."""

from typing import Final

from shared.prompting.text_to_image.settings import GenerationSettings
from shared.settings import from_environment
from training.finetuning.grpo.drawn_profiles import DrawnProfiles, unlike_profiles
from training.finetuning.grpo.generated_profiles import GeneratedProfiles
from training.finetuning.run.config import BadConfig, GrpoConfig
from training.rewards.image_similarity import FeatureSimilarity, ImageSimilarity, rescaled
from training.rewards.prediction import ImageTerm
from training.rewards.text_similarity import SentenceEncoder

UNLIKE_PAIRS: Final = 64
"""Pairs of unlike profiles for the floor of image similarity; the floor is then accurate to .01."""
GENERATED_PAIRS: Final = 8
"""The same at a text-to-image server, which draws an image in seconds."""
GENERATED: Final = "generated"
"""Folder of the server's images in the run's folder."""


def image_term(config: GrpoConfig, encoder: SentenceEncoder) -> ImageTerm | None:
    """The image term of the prediction reward; None where only words are compared.

    Raises `BadConfig` where the text-to-image server is missing or draws nothing.
    """
    if config.image_similarity == "none":
        return None
    if config.image_renderer == "simulator":
        drawn = DrawnProfiles(encoder)
        return ImageTerm(
            drawn, rescaled(_similarity(config), drawn, unlike=unlike_profiles(UNLIKE_PAIRS))
        )
    settings = from_environment(GenerationSettings)
    if settings.image_generator is None:
        raise BadConfig(
            'image_renderer is "server", and PREFERSTREAM_IMAGE_GENERATOR is not set: set it to the'
            " address of a text-to-image server"
        )
    generated = GeneratedProfiles(settings, config.run.folder / GENERATED)
    try:
        similarity = rescaled(
            _similarity(config), generated, unlike=unlike_profiles(GENERATED_PAIRS)
        )
    except ValueError as error:
        raise BadConfig(
            f"{settings.image_generator} draws no image; start it, or set image_renderer to"
            ' "simulator"'
        ) from error
    return ImageTerm(generated, similarity)


def _similarity(config: GrpoConfig) -> ImageSimilarity:
    if config.image_similarity == "dreamsim":
        from training.rewards.dreamsim import DreamSimSimilarity

        return DreamSimSimilarity()
    return FeatureSimilarity()
