"""`preferstream assess`: predict a taste from image files and rank others, without Kafka."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.files.inputs import NoImages, image_files
from services.cli.output import tables
from services.cli.output.console import err, fail, print_json, print_line, print_rows, wrong_use
from services.cli.output.subjects import with_file_names
from services.cli.program.interruption import interruptible
from shared.domain.errors import Unavailable, Unprocessable

if TYPE_CHECKING:
    from shared.runtime.rank_files import FileRanking


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
    with interruptible(lambda: "no image was ranked"), err.status("loading the model"):
        from shared.embedding.images.encoders.errors import BadEncoder
        from shared.runtime.rank_files import rank_files
        from shared.vlm.checkpoint.checkpoint import BadCheckpoint

        liked_files, disliked_files, candidate_files = files
        try:
            ranking = asyncio.run(
                rank_files(liked=liked_files, disliked=disliked_files, candidates=candidate_files)
            )
        except (Unavailable, Unprocessable) as error:
            fail(error.detail)
        except (BadCheckpoint, BadEncoder) as error:
            fail(str(error))
    if as_json:
        print_json(_as_dict(ranking))
    else:
        _print(ranking)


def _as_dict(result: "FileRanking") -> dict[str, Any]:
    return {
        "model_version": result.model_version,
        "element_weights": result.element_weights.model_dump(),
        "ranking_weights": (
            result.ranking_weights.model_dump() if result.ranking_weights else None
        ),
        "profile": result.taste.model_dump(mode="json"),
        "subjects": result.subjects.model_dump(mode="json") if result.subjects else None,
        "candidates": [
            {
                "image": str(file.path),
                "rank": rank,
                "score": round(file.scores.total, 3),
                "elements": file.assessment().model_dump(mode="json"),
                "subject": None if file.subject is None else round(file.subject, 3),
                "score_total": round(file.total, 3),
                "subject_words": [word.model_dump() for word in file.subject_words],
            }
            for rank, file in enumerate(result.items, start=1)
        ],
        "rejected": [{"image": str(path), "reason": reason} for path, reason in result.rejected],
    }


def _print(result: "FileRanking") -> None:
    subjects = with_file_names(result.subjects) if result.subjects else None
    print_rows(tables.taste_table(result.taste, title=["Predicted taste"], subjects=subjects))
    if result.ranking_weights:
        print_line(f"you go by: {result.ranking_weights.summary}")
    rows = [
        tables.AssessedFile(
            str(file.path),
            file.scores.total,
            file.assessment(),
            file.subject,
            None if file.subject is None else file.total,
            file.subject_words,
        )
        for file in result.items
    ]
    print_rows(tables.assessment_table(rows, result.element_weights))
    for file in result.items:
        if file.rationales is None:
            continue
        for line in tables.assessment_rationales(str(file.path), file.assessment()):
            print_line(*line)
    for path, reason in result.rejected:
        print_line(*tables.rejected_line(str(path), reason))
