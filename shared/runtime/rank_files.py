"""Predict a taste from image files and rank other files by it: the method as one library call."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL.Image import Image

from shared.domain.element_weights import ElementWeights
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.subjects.words import ShownWord, Subjects
from shared.domain.taste import ELEMENTS, Taste
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.factory import open_image_encoder
from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.images.settings import SubjectSettings
from shared.events import Assessment, ElementAssessment
from shared.images.loader import ImageLoader, LoadedImage
from shared.images.settings import ImageSettings
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.runtime.file_subjects import FileSubjects, file_subjects
from shared.settings import from_environment
from shared.vlm.factory import open_model
from shared.vlm.protocol import (
    Rationales,
    References,
    ScoredInput,
    Scores,
    ScoringInput,
    VisionLanguageModel,
)
from shared.vlm.settings import ModelSettings

EXPLAIN_TOP_K = 5
"""Best images that get rationales: each costs as much as scoring a dozen images."""


@dataclass(frozen=True)
class RankedFile:
    """One file with its scores, and rationales if it is among the best."""

    path: Path
    scores: Scores
    rationales: Rationales | None
    total: float
    """What the rank follows, 0-25: the scores of the look, and of the subject where it counts."""
    subject: float | None = None
    """Score of what the file shows, 0-5; None where it does not count."""
    subject_words: tuple[ShownWord, ...] = ()
    """Words for what the file shows, the narrowest first; empty where the encoder is not sure."""

    def assessment(self) -> Assessment:
        """Scores (0-5, rounded) and rationales of the five elements."""
        rationales = self.rationales.by_element if self.rationales else {}
        elements = {
            element.value: ElementAssessment(
                score=round(self.scores.expected(element), 3), rationale=rationales.get(element)
            )
            for element in ELEMENTS
        }
        return Assessment(**elements)


@dataclass(frozen=True)
class FileRanking:
    """The predicted taste, the ranked files (best first), and the files that cannot be read."""

    taste: Taste
    items: tuple[RankedFile, ...]
    rejected: tuple[tuple[Path, str], ...]
    model_version: str
    element_weights: ElementWeights
    subjects: Subjects | None = None
    """What the references show; None where images are ranked by their look alone."""
    ranking_weights: RankingWeights | None = None
    """What the user goes by; None where images are ranked by their look alone."""


async def rank_files(
    *, liked: Sequence[Path], disliked: Sequence[Path], candidates: Sequence[Path]
) -> FileRanking:
    """Rank candidates for a user with these liked and disliked images.

    The model comes from the `PREFERSTREAM_MODEL*` settings, the image encoder from the
    `PREFERSTREAM_IMAGE_ENCODER*` settings. An unreadable candidate is listed in `rejected`. Raises
    `Unprocessable` for an unreadable reference, `BadCheckpoint`, `BadEncoder` or `Unavailable` if
    model or encoder cannot be used.
    """
    async with (
        _open_loader([*liked, *disliked, *candidates]) as loader,
        open_model(from_environment(ModelSettings)) as model,
        open_encoder() as encoder,
    ):
        references = await _load(loader, _uris([*liked, *disliked]))
        taste = await predict_taste(model, references[: len(liked)], references[len(liked) :])
        images: dict[Path, Image] = {}
        rejected: list[tuple[Path, str]] = []
        loaded = await loader.load_many(_uris(candidates))
        for path, image in zip(candidates, loaded, strict=True):
            if isinstance(image, LoadedImage):
                images[path] = image.pixels
            else:
                rejected.append((path, image.detail))
        by_subject = await _subjects(
            encoder,
            model,
            taste,
            liked=dict(zip(liked, references[: len(liked)], strict=True)),
            disliked=dict(zip(disliked, references[len(liked) :], strict=True)),
            candidates=images,
        )
        return FileRanking(
            taste,
            await _rank(model, taste, images, by_subject),
            tuple(rejected),
            model.model_version,
            model.element_weights,
            by_subject.subjects,
            by_subject.weights,
        )


@asynccontextmanager
async def open_encoder() -> AsyncIterator[ImageEncoder | None]:
    """The image encoder of the settings; None while subjects do not count."""
    if not from_environment(SubjectSettings).subject_ranking:
        yield None
        return
    async with open_image_encoder(from_environment(ImageEncoderSettings)) as encoder:
        yield encoder


@asynccontextmanager
async def _open_loader(files: Sequence[Path]) -> AsyncIterator[ImageLoader]:
    """A loader that may read the folders of these files, because the caller has named them."""
    roots = tuple({file.resolve().parent for file in files})
    loader = ImageLoader(from_environment(ImageSettings, allowed_file_roots=roots))
    try:
        yield loader
    finally:
        await loader.close()


def _uris(files: Sequence[Path]) -> list[str]:
    return [file.resolve().as_uri() for file in files]


async def _load(loader: ImageLoader, uris: Sequence[str]) -> list[Image]:
    """Pixels of all images; raises the reason of the first one that cannot be loaded."""
    pixels = []
    for image in await loader.load_many(uris):
        if isinstance(image, (Unprocessable, Unavailable)):
            raise image
        pixels.append(image.pixels)
    return pixels


async def predict_taste(
    model: VisionLanguageModel, liked: Sequence[Image], disliked: Sequence[Image]
) -> Taste:
    """The taste of a user with these references."""
    # References that exceed one prompt become several prompts; the taste is their vote.
    groups = [
        References(tuple(likes), tuple(dislikes))
        for likes, dislikes in reference_groups(liked, disliked)
    ]
    return taste_by_vote(await model.predict(groups))


async def _subjects(
    encoder: ImageEncoder | None,
    model: VisionLanguageModel,
    taste: Taste,
    **files: dict[Path, Image],
) -> FileSubjects:
    if encoder is None:
        return FileSubjects()
    by_name = {
        group: {str(path): image for path, image in images.items()}
        for group, images in files.items()
    }
    return await file_subjects(
        encoder,
        model,
        taste,
        liked=by_name["liked"],
        disliked=by_name["disliked"],
        candidates=by_name["candidates"],
    )


async def _rank(
    model: VisionLanguageModel, taste: Taste, images: dict[Path, Image], by_subject: FileSubjects
) -> tuple[RankedFile, ...]:
    by_path = {path: ScoringInput(taste, image) for path, image in images.items()}
    scores = dict(zip(by_path, await model.score(list(by_path.values())), strict=True))
    totals = {path: total_of(path, scores[path], by_subject) for path in by_path}
    order = sorted(by_path, key=lambda path: (-totals[path], path))
    best = order[:EXPLAIN_TOP_K]
    rationales = await model.explain([ScoredInput(by_path[path], scores[path]) for path in best])
    explained = dict(zip(best, rationales, strict=True))
    return tuple(
        RankedFile(
            path,
            scores[path],
            explained.get(path),
            totals[path],
            by_subject.scores.get(str(path)) if by_subject.weights else None,
            by_subject.words.get(str(path), ()),
        )
        for path in order
    )


def total_of(path: Path, scores: Scores, by_subject: FileSubjects) -> float:
    """The total of the six scores, or of the five of the look where the subject is not known."""
    subject = by_subject.scores.get(str(path))
    if by_subject.weights is None or subject is None:
        return scores.total
    elements = {element: scores.expected(element) for element in ELEMENTS}
    return by_subject.weights.total(elements, subject)
