"""Score logged slates with both models and the baselines, within the time of the evidence."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
import numpy as np

from shared.domain.taste import Taste
from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.protocol import Vectors
from shared.files.append_line import append_line
from shared.vlm.protocol import References
from training.dataset.cases import IMAGES
from training.dataset.images import ImageKey, store_images
from training.dataset.lake import UnreadableLake
from training.evaluation.scoring import batches
from training.gate.off_policy.evidence import (
    BASELINES,
    CHALLENGER,
    CHAMPION,
    LoggedSlate,
    OffPolicyEvidence,
)
from training.job.context import Job
from training.job.evidence.models import ComparedModels
from training.job.evidence.off_policy.image_baseline import logistic_scores
from training.job.evidence.off_policy.lake_slates import LakeSlate
from training.job.evidence.off_policy.logged_feeds import (
    LakeWindow,
    LoggedFeeds,
    Owner,
    read_logged_feeds,
    slate_name,
)
from training.job.scoring.deadline import Advance, IsLate
from training.job.scoring.feedback_cases import UnreadableCases, open_image
from training.job.scoring.pair_scoring import predict_tastes
from training.job.scoring.score_cache import ScoreCache

PART: Final = "off-policy values"
SLATE_BATCH: Final = 4
"""Slates between two looks at the clock: about 160 scores."""
USER_BATCH: Final = 16
NO_SLATES: Final = (
    "no feed of a held-out user can be used: a feed needs views with its request_id, references of"
    " the user before it, images that can still be loaded, and no image that a rule has placed"
)
IMAGES_OF_USERS: Final = "off_policy_images.jsonl"
"""Images of logged feeds by user, in the dataset's folder: an erasure deletes by these lines."""
NO_TIME: Final = "no time was left to score logged feeds. Give the job more minutes"


def collect_off_policy(
    feeds: LoggedFeeds,
    models: ComparedModels,
    encoder: ImageEncoder | None,
    *,
    is_late: IsLate,
    advance: Advance,
) -> OffPolicyEvidence:
    """The evidence on other orders; what does not fit into the time is left out."""
    if not feeds.held_out:
        return OffPolicyEvidence(
            looks=feeds.counts.looks, swaps=feeds.counts.swaps, problem=NO_SLATES
        )
    scorer = _Scorer(feeds, models, encoder)
    held_out, done = list[LoggedSlate](), 0
    tastes: dict[Owner, tuple[Taste, Taste]] = {}
    for batch in batches(feeds.held_out, SLATE_BATCH):
        if is_late():
            break
        usable = scorer.usable(batch)
        new = [s.owner for s in usable if s.owner not in tastes]
        tastes |= scorer.tastes(list(dict.fromkeys(new)))
        held_out += [scorer.held_out(slate, *tastes[slate.owner]) for slate in usable]
        done += len(batch)
        advance(PART, done, len(feeds.held_out))
    others = list[LoggedSlate]()
    for batch in batches(feeds.others, SLATE_BATCH):
        if is_late():
            break
        others += [scorer.other(slate) for slate in scorer.usable(batch)]
    return OffPolicyEvidence(
        tuple(held_out), tuple(others), feeds.counts.looks, feeds.counts.swaps,
        available=len(feeds.held_out),
        problem=None if held_out else NO_SLATES if done else NO_TIME,
    )  # fmt: skip


@dataclass
class _Scorer:
    """Both models with their caches, and the vectors of images by file."""

    feeds: LoggedFeeds
    models: ComparedModels
    encoder: ImageEncoder | None
    vectors: dict[Path, Vectors] = field(default_factory=dict)
    codes: dict[Owner, str] = field(default_factory=dict)
    files: dict[ImageKey, Path] = field(default_factory=dict)
    """Images that could be loaded."""

    def __post_init__(self) -> None:
        self.champion = ScoreCache(self.models.champion)
        self.challenger = ScoreCache(self.models.challenger)

    def usable(self, slates: Sequence[LakeSlate]) -> list[LakeSlate]:
        """Fetch the images of the slates; those whose images and a reference could be loaded."""
        wanted = {key for slate in slates for key in slate.image_keys()}
        for slate in slates:
            known = self.feeds.references[slate.owner]
            wanted |= {(slate.tenant, image) for image in (*known.liked, *known.disliked)}
        new = {
            key: self.feeds.addresses[key]
            for key in wanted - self.files.keys()
            if key in self.feeds.addresses
        }
        folder = self.feeds.folder / IMAGES
        if new:
            stored = store_images(new, self.feeds.images(), folder, side=self.feeds.side)
            self.files |= {key: folder / name for key, name in stored.files.items()}
        self._name_images(slates)
        return [slate for slate in slates if self._is_usable(slate)]

    def _name_images(self, slates: Sequence[LakeSlate]) -> None:
        lines = []
        for slate in slates:
            known = self.feeds.references[slate.owner]
            shown = self._files(slate.owner, (*slate.images, *known.liked, *known.disliked))
            names = sorted({f"{IMAGES}/{file.name}" for file in shown})
            line = {"user": "/".join(slate.owner), "images": names}
            lines.append(json.dumps(line, ensure_ascii=False))
        append_line(self.feeds.folder / IMAGES_OF_USERS, "\n".join(lines))

    def _is_usable(self, slate: LakeSlate) -> bool:
        known = self.feeds.references[slate.owner]
        loaded = self._files(slate.owner, (*known.liked, *known.disliked))
        return bool(loaded) and all(key in self.files for key in slate.image_keys())

    def tastes(self, owners: Sequence[Owner]) -> dict[Owner, tuple[Taste, Taste]]:
        """The tastes that champion and challenger predict from each user's references."""
        if not owners:
            return {}
        prompts = [
            References(
                tuple(map(open_image, self._files(owner, self.feeds.references[owner].liked))),
                tuple(map(open_image, self._files(owner, self.feeds.references[owner].disliked))),
            )
            for owner in owners
        ]
        by_model = [
            [taste for taste, _ in predict_tastes(model, prompts)]
            for model in (self.models.champion, self.models.challenger)
        ]
        return dict(zip(owners, zip(*by_model, strict=True), strict=True))

    def held_out(self, slate: LakeSlate, champion: Taste, challenger: Taste) -> LoggedSlate:
        files = [self.files[key] for key in slate.image_keys()]
        scores = {
            CHAMPION: self.champion.score([(champion, file) for file in files]),
            CHALLENGER: self.challenger.score([(challenger, file) for file in files]),
        }
        totals = {name: np.array([s.total for s in own]) for name, own in scores.items()}
        return self._logged(slate, totals | self._baselines(slate, files))

    def other(self, slate: LakeSlate) -> LoggedSlate:
        files = [self.files[key] for key in slate.image_keys()]
        return self._logged(slate, self._baselines(slate, files))

    def _baselines(self, slate: LakeSlate, files: Sequence[Path]) -> dict[str, Vectors]:
        scores = {BASELINES[0]: np.array(self.feeds.popularity[slate_name(slate)])}
        if self.encoder is not None:
            known = self.feeds.references[slate.owner]
            liked, disliked = (self._files(slate.owner, s) for s in (known.liked, known.disliked))
            self._encode([*files, *liked, *disliked])
            scores[BASELINES[1]] = logistic_scores(
                *(self._stacked(group) for group in (files, liked, disliked))
            )
        return scores

    def _encode(self, files: Sequence[Path]) -> None:
        new = [file for file in dict.fromkeys(files) if file not in self.vectors]
        if new and self.encoder is not None:
            encoded = asyncio.run(self.encoder.encode([open_image(file) for file in new]))
            self.vectors.update(zip(new, encoded, strict=True))

    def _stacked(self, files: Sequence[Path]) -> Vectors:
        assert self.encoder is not None
        empty = np.zeros((0, self.encoder.dimension), np.float32)
        return np.stack([self.vectors[file] for file in files]) if files else empty

    def _files(self, owner: Owner, names: Sequence[str]) -> list[Path]:
        keys = [(owner[0], name) for name in names]
        return [self.files[key] for key in keys if key in self.files]

    def _logged(self, slate: LakeSlate, scores: Mapping[str, Vectors]) -> LoggedSlate:
        code = self.codes.setdefault(slate.owner, f"{len(self.codes):08d}")
        return LoggedSlate(
            user=code,
            propensities=np.array(slate.propensities),
            explored=slate.explored,
            viewed=np.array(slate.viewed, float),
            clicked=np.array(slate.clicked, float),
            scores={name: np.asarray(values, np.float64) for name, values in scores.items()},
        )


def off_policy_part(
    job: Job, models: ComparedModels, encoder: Callable[[], ImageEncoder] | None
) -> Callable[[IsLate, Advance], OffPolicyEvidence]:
    """The part of the evidence of a job, ready to be collected.

    It decides nothing, so that a broken lake, a lost image or a full disk is its problem alone.
    """

    def collect(is_late: IsLate, advance: Advance) -> OffPolicyEvidence:
        if is_late():
            return OffPolicyEvidence(problem=NO_TIME)
        try:
            settings = job.dependencies.dataset
            feeds = read_logged_feeds(
                LakeWindow.of(job.request, settings),
                job.dataset,
                lambda: job.dependencies.images(job.request),
                settings=settings,
            )
            return collect_off_policy(
                feeds, models, encoder() if encoder else None, is_late=is_late, advance=advance
            )
        except (UnreadableLake, UnreadableCases, OSError, ValueError, duckdb.Error) as error:
            return OffPolicyEvidence(problem=f"logged feeds cannot be used: {error}")

    return collect
