"""`preferstream rate FOLDER --xmp`: rate the photographs of a folder by a person's taste."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from services.cli.connection import ConnectionSettings
from services.cli.files.inputs import NoImages, image_files
from services.cli.output.console import err, fail, print_json, print_line, print_rows, wrong_use
from services.cli.output.listing import Column, Listing
from services.cli.program.interruption import interruptible
from shared.domain.errors import Unavailable, Unprocessable
from shared.settings import from_environment

if TYPE_CHECKING:
    from services.cli.files.rating.folder_marks import FolderMarks
    from services.cli.files.rating.photographs import Skipped
    from services.cli.files.rating.run import RatingResult
    from shared.domain.taste import Taste

SHOWN = 20
"""Photographs, and files that were left out, that the table lists; `--json` lists all."""


def rate(
    folder: Annotated[Path, typer.Argument(help="Folder of photographs, with its subfolders.")],
    xmp: Annotated[
        bool, typer.Option("--xmp", help="Write stars and words into XMP sidecars.")
    ] = False,
    likes: Annotated[
        list[str] | None, typer.Option(help="A liked image or folder; can be repeated.")
    ] = None,
    dislikes: Annotated[
        list[str] | None, typer.Option(help="A disliked image or folder; can be repeated.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Use the taste of this user of the running system.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant of --user.")] = None,
    liked_label: Annotated[
        list[str] | None, typer.Option(help="Color label that means a like; can be repeated.")
    ] = None,
    disliked_label: Annotated[
        list[str] | None, typer.Option(help="Color label that means a dislike; can be repeated.")
    ] = None,
    stars_by: Annotated[
        Literal["quantile", "score"],
        typer.Option(help="quantile: the best 10 % get 5 stars; score: by the score, 0-25."),
    ] = "quantile",
    sidecar_names: Annotated[
        Literal["full", "stem"],
        typer.Option(help="full: IMG.JPG.xmp (darktable, digiKam); stem: IMG.xmp (Lightroom)."),
    ] = "full",
    no_words: Annotated[bool, typer.Option("--no-words", help="Write stars alone.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Rank photographs by a person's taste, and write stars and words into XMP sidecars.

    The taste is learned from the ratings of the folder (4-5 stars: likes; 1-2 stars and rejected:
    dislikes), from --likes and --dislikes, or it is that of --user. A person's own rating is never
    changed. An interrupted run continues where it ended.

    Example: preferstream rate photos/ --xmp
    """
    if not folder.is_dir():
        wrong_use(f"{folder} is no folder; name a folder of photographs")
    try:
        named = [image_files(names or ()) for names in (likes, dislikes)]
    except NoImages as error:
        wrong_use(str(error))
    # Imported here: the model takes seconds.
    from services.cli.files.rating.folder_marks import Labels, read_marks
    from services.cli.files.rating.photographs import photographs
    from services.cli.files.rating.run import RatingOptions, sample_of
    from services.cli.files.rating.run import rate as rate_folder
    from shared.embedding.images.encoders.errors import BadEncoder
    from shared.runtime.file_scorer import ScoringReferences
    from shared.vlm.checkpoint.checkpoint import BadCheckpoint

    skipped: list[Skipped] = []
    labels = Labels(frozenset(liked_label or ()), frozenset(disliked_label or ()))
    with err.status("reading ratings"):
        marks = read_marks(photographs(folder, skipped.append), labels, skipped.append)
    if not marks.photographs:
        fail(f"{folder} has no photographs that can be decoded; export JPEG files into it")
    taste = None if user is None else _taste_of(user, tenant)
    own = ([], []) if taste is not None else (marks.liked, marks.disliked)
    liked, disliked = ((*by_option, *rated) for by_option, rated in zip(named, own, strict=True))
    if taste is None and not liked and not disliked:
        fail(
            f"no photograph of {folder} is rated with 4-5 or with 1-2 stars; rate about ten in your"
            " photo library, or name --likes, --dislikes or --user"
        )
    paths = [photograph.path for photograph in marks.photographs]
    references = ScoringReferences(liked, disliked, taste, sample_of(paths))
    options = RatingOptions(
        by=stars_by, names=sidecar_names, words=not no_words, write=xmp, dry_run=dry_run
    )
    state = {"done": 0}
    with (
        interruptible(lambda: f"{state['done']} photographs are scored; run it again to continue"),
        err.status("loading the model") as status,
    ):

        def progress(done: int, total: int) -> None:
            state["done"] = done
            status.update(f"{done:,} of {total:,} photographs")

        try:
            result = asyncio.run(
                rate_folder(
                    marks,
                    references,
                    options,
                    data_dir=from_environment(ConnectionSettings).data_dir,
                    on_skipped=skipped.append,
                    on_progress=progress,
                )
            )
        except (Unavailable, Unprocessable) as error:
            fail(error.detail)
        except (BadCheckpoint, BadEncoder, ValueError) as error:
            fail(str(error))
    if as_json:
        print_json(_as_dict(result, marks, skipped, dry_run=dry_run))
    else:
        _print(result, marks, skipped, dry_run=dry_run)
    if result.written is not None and result.written.failed:
        raise typer.Exit(1)


def _taste_of(user: str, tenant: str | None) -> "Taste":
    """The stored taste of a user, in words, from the gateway of the running system."""
    from services.cli.catalog.gateway import open_gateway
    from services.cli.connection import connect

    with open_gateway(connect()) as gateway:
        return gateway.taste(user, tenant=tenant)


def _as_dict(
    result: "RatingResult", marks: "FolderMarks", skipped: "list[Skipped]", *, dry_run: bool
) -> dict[str, Any]:
    return {
        "profile": result.taste.model_dump(mode="json"),
        "stars": {str(stars): count for stars, count in result.counts.items()},
        "photographs": [
            {
                "image": str(path),
                "score": round(score.total, 3),
                "stars": result.stars[path],
                "own_stars": marks.stars.get(path),
                "words": score.words,
            }
            for path, score in _best_first(result)
        ],
        "resumed": result.resumed,
        "dry_run": dry_run,
        "sidecars": None if result.written is None else vars(result.written),
        "skipped": [{"file": str(s.path), "reason": s.reason} for s in skipped],
    }


def _best_first(result: "RatingResult") -> "list[tuple[Path, Any]]":
    return sorted(result.scores.items(), key=lambda item: (-item[1].total, item[0]))


def _print(
    result: "RatingResult", marks: "FolderMarks", skipped: "list[Skipped]", *, dry_run: bool
) -> None:
    columns = (
        Column("stars"), Column("yours"), Column("score"), Column("photograph", "text"),
        Column("words", "text"),
    )  # fmt: skip
    rows = [
        (
            str(result.stars[path]),
            str(marks.stars.get(path, "")),
            f"{score.total:.1f}",
            str(path),
            ", ".join(word for _, word in score.words),
        )
        for path, score in _best_first(result)[:SHOWN]
    ]
    print_rows(Listing(columns, rows))
    counts = ", ".join(f"{count:,} with {stars}" for stars, count in result.counts.items())
    print_line(f"{len(result.scores):,} photographs by stars: {counts}")
    if result.written is not None:
        verb = "would change" if dry_run else "written"
        print_line(
            f"sidecars: {result.written.sidecars:,} {verb}, {result.written.unchanged:,} as before,"
            f" {result.written.failed:,} failed; {len(marks.stars):,} ratings of your own stay"
        )
    for left_out in skipped[:SHOWN]:
        print_line(f"{left_out.path}: {left_out.reason}")
    if len(skipped) > SHOWN:
        print_line(f"and {len(skipped) - SHOWN:,} more files; --json lists all")
