"""Score thousands of image files by one taste, batch by batch, without Kafka or a store."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Taste
from shared.embedding.images.protocol import ImageEncoder
from shared.images.loader import ImageLoader, LoadedImage
from shared.images.settings import ImageSettings
from shared.runtime.file_subjects import FileSubjects, encoded, file_subjects, shown_words
from shared.runtime.rank_files import open_encoder, predict_taste
from shared.settings import from_environment
from shared.vlm.factory import open_model
from shared.vlm.protocol import ScoringInput, VisionLanguageModel
from shared.vlm.settings import ModelSettings

BATCH: Final = 32
"""Files in memory at a time, twice: one batch is read while another is scored."""
NOT_TEXT: Final = "the name is not valid UTF-8; rename the file"
SECONDS_TO_READ: Final = 600.0
"""For one batch: a slow disk or a share on the network is no reason to give up."""


class ElementWord(NamedTuple):
    """A word of one element, or of what an image shows."""

    element: str
    """`subject` or an element of the look: `color`."""
    word: str


@dataclass(frozen=True)
class FileScore:
    """One scored file."""

    total: float
    """How well it fits the taste, 0-25: the look, and what it shows where that counts."""
    words: tuple[ElementWord, ...]
    """What it shows, where the encoder is sure, and its look: one word for each element."""


@dataclass(frozen=True)
class NotScored:
    """A file that cannot be read, and why."""

    reason: str


FileResult = FileScore | NotScored


@dataclass(frozen=True)
class ScoringReferences:
    """What decides the scores: liked and disliked files, or a known taste."""

    liked: tuple[Path, ...] = ()
    disliked: tuple[Path, ...] = ()
    taste: Taste | None = None
    """A known taste in words; None: it is predicted from the files."""
    sample: tuple[Path, ...] = ()
    """Some of the files to score: what a side with few references is compared with."""


class FileScorer:
    """Scores files by one taste; made by `open_scorer`."""

    def __init__(
        self,
        loader: ImageLoader,
        model: VisionLanguageModel,
        encoder: ImageEncoder | None,
        *,
        taste: Taste,
        subjects: FileSubjects,
        unreadable: Mapping[Path, str],
    ) -> None:
        self._loader = loader
        self._model = model
        self._encoder = encoder
        self._subjects = subjects
        self.taste = taste
        self.unreadable_references = unreadable
        """References that cannot be read, and why; they are left out."""

    @property
    def version(self) -> str:
        """Hash of what decides a score besides the file: equal versions give equal scores."""
        encoder = "" if self._encoder is None else self._encoder.name
        references = self._subjects.references
        parts = [self._model.model_version, encoder, self.taste.model_dump_json()]
        weights = self._subjects.weights
        parts.append("" if weights is None else weights.model_dump_json())
        digest = sha256("\n".join(parts).encode())
        if references is not None:
            for vectors in (references.liked, references.disliked, references.background):
                digest.update(np.round(vectors, 3).tobytes())
        return digest.hexdigest()[:16]

    async def results(self, files: Iterable[Path]) -> AsyncIterator[tuple[Path, FileResult]]:
        """Each file with its result, in order. Raises `Unavailable` when the model is gone."""
        batches = _batches(files)
        reading = asyncio.create_task(self._read(next(batches, [])))
        try:
            while batch := await reading:
                reading = asyncio.create_task(self._read(next(batches, [])))
                scored = await self._score({p: i for p, i in batch.items() if not _failed(i)})
                for path, loaded in batch.items():
                    result = NotScored(loaded) if isinstance(loaded, str) else scored[path]
                    yield path, result
        finally:
            reading.cancel()

    async def _read(self, files: Sequence[Path]) -> dict[Path, Image | str]:
        return await read_files(self._loader, files)

    async def _score(self, images: Mapping[Path, Image | str]) -> dict[Path, FileScore]:
        by_name = {str(path): image for path, image in images.items() if not isinstance(image, str)}
        pixels = list(by_name.values())
        if not pixels:
            return {}
        scores, descriptions, (subjects, words) = await asyncio.gather(
            self._model.score([ScoringInput(self.taste, image) for image in pixels]),
            self._model.describe(pixels),
            self._subjects_of(by_name),
        )
        results = {}
        for name, score, description in zip(by_name, scores, descriptions, strict=True):
            weights, subject = self._subjects.weights, subjects.get(name)
            total = score.total
            if weights is not None and subject is not None:
                total = weights.total({e: score.expected(e) for e in ELEMENTS}, subject)
            shown = words.get(name, description.subject)
            look = [
                ElementWord(element.value, word)
                for element in ELEMENTS
                for word in description.words.get(element, ())[:1]
            ]
            subject_words = (ElementWord("subject", word) for word in shown)
            results[Path(name)] = FileScore(total, (*subject_words, *look))
        return results

    async def _subjects_of(
        self, images: Mapping[str, Image]
    ) -> tuple[dict[str, float], dict[str, tuple[str, ...]]]:
        if self._encoder is None:
            return {}, {}
        vectors = await encoded(self._encoder, images)
        words = await shown_words(self._encoder, vectors)
        scores: dict[str, float] = {}
        if self._subjects.references is not None and vectors:
            values = self._subjects.references.scores(np.stack(list(vectors.values())))
            scores = dict(zip(vectors, values.tolist(), strict=True))
        return scores, {n: tuple(shown.word for shown in of) for n, of in words.items()}


@asynccontextmanager
async def open_scorer(references: ScoringReferences) -> AsyncIterator[FileScorer]:
    """Load the model and the encoder of the settings, and learn the taste from the references.

    Raises `ValueError` when no reference can be read and no taste is known, and `BadCheckpoint`,
    `BadEncoder` or `Unavailable` if model or encoder cannot be used.
    """
    # The caller names the files: links among them may lead anywhere that the caller may read.
    settings = from_environment(
        ImageSettings,
        allowed_file_roots=(Path(Path.cwd().anchor),),
        max_image_wait_seconds=SECONDS_TO_READ,
    )
    loader = ImageLoader(settings)
    try:
        async with (
            open_model(from_environment(ModelSettings)) as model,
            open_encoder() as encoder,
        ):
            liked, bad_liked = await _readable(loader, references.liked)
            disliked, bad_disliked = await _readable(loader, references.disliked)
            unreadable = {**bad_liked, **bad_disliked}
            if references.taste is None and not liked and not disliked:
                listed = "; ".join(f"{path}: {reason}" for path, reason in unreadable.items())
                raise ValueError(
                    f"no reference can be read ({listed})" if listed else "no reference"
                )
            taste = references.taste or await predict_taste(
                model, list(liked.values()), list(disliked.values())
            )
            subjects = FileSubjects()
            if encoder is not None and (liked or disliked):
                sample, _ = await _readable(loader, references.sample)
                subjects = await file_subjects(
                    encoder, model, taste,
                    liked=_by_name(liked), disliked=_by_name(disliked), candidates=_by_name(sample),
                )  # fmt: skip
            yield FileScorer(
                loader, model, encoder, taste=taste, subjects=subjects, unreadable=unreadable
            )
    finally:
        await loader.close()


async def read_files(loader: ImageLoader, files: Sequence[Path]) -> dict[Path, Image | str]:
    """The pixels of each file, or why it cannot be read."""
    named = [file for file in files if _is_text(str(file))]
    uris = [file.absolute().as_uri() for file in named]
    loaded = await loader.load_many(uris, within_seconds=SECONDS_TO_READ)
    results: dict[Path, Image | str] = dict.fromkeys(files, NOT_TEXT)
    for file, result in zip(named, loaded, strict=True):
        results[file] = result.pixels if isinstance(result, LoadedImage) else result.detail
    return results


def _is_text(name: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in name)


async def _readable(
    loader: ImageLoader, files: Sequence[Path]
) -> tuple[dict[Path, Image], dict[Path, str]]:
    results = await read_files(loader, files)
    images = {path: image for path, image in results.items() if not isinstance(image, str)}
    return images, {path: why for path, why in results.items() if isinstance(why, str)}


def _by_name(images: Mapping[Path, Image]) -> dict[str, Image]:
    return {str(path): image for path, image in images.items()}


def _failed(image: Image | str) -> bool:
    return isinstance(image, str)


def _batches(files: Iterable[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    for file in files:
        batch.append(file)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
