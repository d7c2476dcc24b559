"""`preferstream assess`: predict a taste from image files and rank others, without Kafka."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from PIL.Image import Image

from services.cli.inputs import NoImages, image_files
from services.cli.output import tables
from services.cli.output.console import err, fail, out, print_json, wrong_use
from shared.domain.element_weights import ElementWeights
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.taste import ELEMENTS, Taste
from shared.events import Assessment, ElementAssessment
from shared.vlm.protocol import (
    Candidate,
    Rationales,
    References,
    ScoredCandidate,
    Scores,
    VisionLanguageModel,
)

EXPLAIN_TOP_K = 5
"""Best images that get rationales: each costs as much as scoring a dozen images."""


@dataclass(frozen=True)
class AssessedFile:
    """One file with its scores, and rationales if it is among the best."""

    path: str
    scores: Scores
    rationales: Rationales | None

    def assessment(self) -> Assessment:
        rationales = self.rationales.by_element if self.rationales else {}
        elements = {
            element.value: ElementAssessment(
                score=round(self.scores.expected(element), 3), rationale=rationales.get(element)
            )
            for element in ELEMENTS
        }
        return Assessment(**elements)


@dataclass(frozen=True)
class AssessResult:
    """The predicted taste, and the candidates, best first."""

    taste: Taste
    ranked: tuple[AssessedFile, ...]
    rejected: tuple[tuple[str, str], ...]
    model_version: str
    element_weights: ElementWeights


def assess(
    candidates: Annotated[list[str], typer.Argument(help="Image files, or folders of images.")],
    liked: Annotated[
        list[str] | None, typer.Option(help="A liked image or folder; can be repeated.")
    ] = None,
    disliked: Annotated[
        list[str] | None, typer.Option(help="A disliked image or folder; can be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Predict a taste from liked and disliked image files, and rank other images by it.

    Example: preferstream assess --liked liked/ --disliked disliked/ candidates/
    """
    if not liked and not disliked:
        wrong_use("name at least one liked or disliked image: --liked FILE")
    try:
        files = [image_files(names or ()) for names in (liked, disliked, candidates)]
    except NoImages as error:
        wrong_use(str(error))
    try:
        with err.status("loading the model"):
            result = asyncio.run(_assess(*files))
    except (Unavailable, Unprocessable) as error:
        fail(error.detail)
    if as_json:
        print_json(_as_dict(result))
    else:
        _print(result)


async def _assess(liked: list[Path], disliked: list[Path], candidates: list[Path]) -> AssessResult:
    from services.cli.model import open_loader, open_model

    async with open_loader([*liked, *disliked, *candidates]) as loader, open_model() as model:
        loaded = await loader.load_many([p.resolve().as_uri() for p in (*liked, *disliked)])
        for image in loaded:
            if isinstance(image, Exception):
                raise image
        pixels = [image.pixels for image in loaded if not isinstance(image, Exception)]
        taste = await _predict(model, pixels[: len(liked)], pixels[len(liked) :])
        images: dict[str, Image] = {}
        rejected: list[tuple[str, str]] = []
        uris = [p.resolve().as_uri() for p in candidates]
        for path, image in zip(candidates, await loader.load_many(uris), strict=True):
            if isinstance(image, (Unprocessable, Unavailable)):
                rejected.append((str(path), image.detail))
            else:
                images[str(path)] = image.pixels
        ranked = await _rank(model, taste, images)
    return AssessResult(taste, ranked, tuple(rejected), model.model_version, model.element_weights)


async def _predict(
    model: VisionLanguageModel, liked: Sequence[Image], disliked: Sequence[Image]
) -> Taste:
    from shared.prompting.prediction_voting import taste_by_vote
    from shared.prompting.reference_groups import reference_groups

    # More references than a prompt holds become several prompts; their answers are voted.
    groups = [
        References(tuple(likes), tuple(dislikes))
        for likes, dislikes in reference_groups(liked, disliked)
    ]
    return taste_by_vote(await model.predict(groups))


async def _rank(
    model: VisionLanguageModel, taste: Taste, images: dict[str, Image]
) -> tuple[AssessedFile, ...]:
    by_path = {path: Candidate(taste, image) for path, image in images.items()}
    scores = dict(zip(by_path, await model.score(list(by_path.values())), strict=True))
    order = sorted(by_path, key=lambda path: (-scores[path].total, path))
    best = order[:EXPLAIN_TOP_K]
    rationales = await model.explain(
        [ScoredCandidate(by_path[path], scores[path]) for path in best]
    )
    explained = dict(zip(best, rationales, strict=True))
    return tuple(AssessedFile(path, scores[path], explained.get(path)) for path in order)


def _as_dict(result: AssessResult) -> dict[str, Any]:
    return {
        "model_version": result.model_version,
        "element_weights": result.element_weights.model_dump(),
        "profile": result.taste.model_dump(mode="json"),
        "candidates": [
            {
                "image": file.path,
                "rank": rank,
                "score": round(file.scores.total, 3),
                "elements": file.assessment().model_dump(mode="json"),
            }
            for rank, file in enumerate(result.ranked, start=1)
        ],
        "rejected": [{"image": path, "reason": reason} for path, reason in result.rejected],
    }


def _print(result: AssessResult) -> None:
    out.print(tables.taste_table(result.taste, title="Predicted taste"))
    rows = [(file.path, file.scores.total, file.assessment()) for file in result.ranked]
    out.print(tables.assessment_table(rows, result.element_weights))
    for path, _, assessment in rows[:EXPLAIN_TOP_K]:
        for line in tables.assessment_rationales(path, assessment):
            out.print(line, markup=False)
    for path, reason in result.rejected:
        out.print(f"not ranked: {path}: {reason}", markup=False)
