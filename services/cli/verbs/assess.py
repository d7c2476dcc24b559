"""`preferstream assess`: predict a taste and assess candidates on image files, without Kafka."""

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
from shared.vlm.protocol import Candidate, Rationales, References, ScoredCandidate, Scores, VisionLanguageModel

EXPLAINED = 5
"""Reasons for the best few: each costs as much as scoring a dozen images."""


@dataclass(frozen=True)
class Assessed:
    """One file with its scores; reasons only where they were asked for."""

    path: str
    scores: Scores
    reasons: Rationales | None

    def assessment(self) -> Assessment:
        told = self.reasons.by_element if self.reasons else {}
        elements = {
            e.value: ElementAssessment(
                score=round(self.scores.expected(e), 3), rationale=told.get(e)
            )
            for e in ELEMENTS
        }
        return Assessment(**elements)


@dataclass(frozen=True)
class Outcome:
    """What was read from the references, and the candidates best first."""

    taste: Taste
    ranked: tuple[Assessed, ...]
    rejected: tuple[tuple[str, str], ...]
    model_version: str
    element_weights: ElementWeights


def assess(
    candidates: Annotated[list[str], typer.Argument(help="Image files, or folders of them.")],
    liked: Annotated[
        list[str] | None, typer.Option(help="A liked image or folder; repeat.")
    ] = None,
    disliked: Annotated[
        list[str] | None, typer.Option(help="A disliked image or folder; repeat.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The outcome as one line.")] = False,
) -> None:
    """Predict a taste from image files and assess others by it.

    Example: preferstream assess --liked liked/ --disliked disliked/ candidates/
    """
    if not liked and not disliked:
        wrong_use("name at least one image that is liked or disliked: --liked FILE")
    try:
        named = [image_files(names or ()) for names in (liked, disliked, candidates)]
    except NoImages as error:
        wrong_use(str(error))
    try:
        with err.status("loading the model"):
            outcome = asyncio.run(_assess(*named))
    except (Unavailable, Unprocessable) as error:
        fail(error.detail)
    if as_json:
        print_json(_as_json(outcome))
    else:
        _show(outcome)


async def _assess(liked: list[Path], disliked: list[Path], candidates: list[Path]) -> Outcome:
    from services.cli.model import open_loader, open_model

    async with open_loader([*liked, *disliked, *candidates]) as loader, open_model() as model:
        loaded = await loader.load_many([p.resolve().as_uri() for p in (*liked, *disliked)])
        for found in loaded:
            if isinstance(found, Exception):
                raise found
        pixels = [found.pixels for found in loaded if not isinstance(found, Exception)]
        taste = await _predict(model, pixels[: len(liked)], pixels[len(liked) :])
        images: dict[str, Image] = {}
        rejected: list[tuple[str, str]] = []
        uris = [p.resolve().as_uri() for p in candidates]
        for path, found in zip(candidates, await loader.load_many(uris), strict=True):
            if isinstance(found, (Unprocessable, Unavailable)):
                rejected.append((str(path), found.detail))
            else:
                images[str(path)] = found.pixels
        ranked = await _rank(model, taste, images)
    return Outcome(taste, ranked, tuple(rejected), model.model_version, model.element_weights)


async def _predict(
    model: VisionLanguageModel, liked: Sequence[Image], disliked: Sequence[Image]
) -> Taste:
    from shared.prompting.prediction_voting import taste_by_vote
    from shared.prompting.reference_groups import reference_groups

    asked = [References(tuple(up), tuple(down)) for up, down in reference_groups(liked, disliked)]
    return taste_by_vote(await model.predict(asked))


async def _rank(
    model: VisionLanguageModel, taste: Taste, images: dict[str, Image]
) -> tuple[Assessed, ...]:
    held = {path: Candidate(taste, image) for path, image in images.items()}
    scores = dict(zip(held, await model.score(list(held.values())), strict=True))
    order = sorted(held, key=lambda path: (-scores[path].total, path))
    best = order[:EXPLAINED]
    reasons = await model.explain([ScoredCandidate(held[path], scores[path]) for path in best])
    told = dict(zip(best, reasons, strict=True))
    return tuple(Assessed(path, scores[path], told.get(path)) for path in order)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    return {
        "model_version": outcome.model_version,
        "element_weights": outcome.element_weights.model_dump(),
        "profile": outcome.taste.model_dump(mode="json"),
        "candidates": [
            {
                "image": found.path,
                "rank": rank,
                "score": round(found.scores.total, 3),
                "elements": found.assessment().model_dump(mode="json"),
            }
            for rank, found in enumerate(outcome.ranked, start=1)
        ],
        "rejected": [{"image": path, "reason": reason} for path, reason in outcome.rejected],
    }


def _show(outcome: Outcome) -> None:
    out.print(tables.taste_table(outcome.taste, title="Taste, as predicted"))
    rows = [(found.path, found.scores.total, found.assessment()) for found in outcome.ranked]
    out.print(tables.assessment_table(rows, outcome.element_weights))
    for path, _, assessment in rows[:EXPLAINED]:
        for line in tables.assessment_reasons(path, assessment):
            out.print(line, markup=False)
    for path, reason in outcome.rejected:
        out.print(f"not ranked: {path}: {reason}", markup=False)
