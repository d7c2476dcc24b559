"""Rate a folder: read ratings, score all photographs, give stars, write sidecars."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from services.cli.files.rating.folder_marks import FolderMarks
from services.cli.files.rating.photographs import Names, Skipped
from services.cli.files.rating.score_cache import ScoreCache
from services.cli.files.rating.sidecar import Rated
from services.cli.files.rating.write_stars import Written, write_stars
from shared.domain.images.star_ratings import By, stars_of
from shared.domain.taste import Taste
from shared.runtime.file_scorer import (
    BATCH,
    FileScore,
    NotScored,
    ScoringReferences,
    open_scorer,
)

SAMPLE = 100
"""Photographs of the folder with which a side with few references is compared."""


@dataclass(frozen=True)
class RatingOptions:
    """How to rate."""

    by: By = "quantile"
    names: Names = "full"
    words: bool = True
    write: bool = False
    dry_run: bool = False


@dataclass
class RatingResult:
    """The scored photographs and what was written."""

    taste: Taste
    scores: dict[Path, FileScore] = field(default_factory=dict)
    stars: dict[Path, int] = field(default_factory=dict)
    """Stars of all scored photographs; the person's own ratings stay in their sidecars."""
    resumed: int = 0
    """Photographs whose score an earlier run has stored."""
    written: Written | None = None

    @property
    def counts(self) -> dict[int, int]:
        """Number of photographs by stars, five first."""
        counts = Counter(self.stars.values())
        return {stars: counts[stars] for stars in (5, 4, 3, 2, 1)}


async def rate(
    marks: FolderMarks,
    references: ScoringReferences,
    options: RatingOptions,
    *,
    data_dir: Path,
    on_skipped: Callable[[Skipped], None],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> RatingResult:
    """Score every photograph and write its stars with `options.write`.

    Raises `ValueError` without a usable reference, and what `open_scorer` raises.
    """
    paths = [photograph.path for photograph in marks.photographs]
    async with open_scorer(references) as scorer:
        for path, reason in scorer.unreadable_references.items():
            on_skipped(Skipped(path, f"left out of the references: {reason}"))
        result = RatingResult(scorer.taste)
        cache = ScoreCache(data_dir, version=scorer.version)
        known = {path: score for path in paths if (score := cache.get(path)) is not None}
        result.scores.update(known)
        result.resumed = done = len(known)
        new: dict[Path, FileScore] = {}
        async for path, scored in scorer.results(p for p in paths if p not in known):
            done += 1
            if isinstance(scored, NotScored):
                on_skipped(Skipped(path, scored.reason))
            else:
                new[path] = scored
            if len(new) >= BATCH:
                cache.put(new)
                result.scores.update(new)
                new = {}
            on_progress(done, len(paths))
        cache.put(new)
        result.scores.update(new)
    result.stars = stars_of({p: s.total for p, s in result.scores.items()}, by=options.by)
    if options.write:
        result.written = write_stars(
            marks,
            {
                path: Rated(result.stars[path], score.total, score.words if options.words else ())
                for path, score in result.scores.items()
            },
            names=options.names,
            on_skipped=on_skipped,
            dry_run=options.dry_run,
        )
    return result


def sample_of(paths: Sequence[Path], *, size: int = SAMPLE) -> tuple[Path, ...]:
    """A fixed draw of the photographs: further files change few of them."""
    return tuple(sorted(paths, key=_draw)[:size])


def _draw(path: Path) -> str:
    return sha256(path.name.encode("utf-8", "replace")).hexdigest()
