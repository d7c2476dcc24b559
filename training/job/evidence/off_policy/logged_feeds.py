"""Read the lake again, and choose the logged slates whose orders are valued."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from shared.files.storage_options import delta_options
from shared.jobs.training_job import TrainingJobRequest
from training.dataset.cases import create_addresses
from training.dataset.images import ImageKey, ImageSource
from training.dataset.lake import open_lake
from training.dataset.settings import DatasetSettings
from training.dataset.slates import join_feedback
from training.gate.off_policy.evidence import OffPolicyEvidence
from training.job.evidence.off_policy.lake_slates import (
    LakeSlate,
    UserReferences,
    count_looks,
    count_swaps,
    popularity,
    read_slates,
    references,
)

Owner = tuple[str, str]
"""Tenant and user."""


@dataclass(frozen=True)
class LakeWindow:
    """The days of the lake from which feeds are read."""

    lake: str
    since: date
    storage_options: Mapping[str, str]

    @classmethod
    def of(cls, request: TrainingJobRequest, settings: DatasetSettings) -> "LakeWindow":
        """The window of the job's dataset."""
        since = (request.requested_at - timedelta(days=settings.window_days)).date()
        return cls(request.lake, since, delta_options(request.s3_endpoint) or {})


@dataclass(frozen=True)
class LoggedFeeds:
    """What the lake holds for the estimates; images are fetched when their slate is scored."""

    held_out: Sequence[LakeSlate]
    others: Sequence[LakeSlate]
    popularity: Mapping[str, Sequence[float]]
    """By request and user (`slate_name`): the popularity of the images of a slate."""
    references: Mapping[Owner, UserReferences]
    addresses: Mapping[ImageKey, str]
    folder: Path
    """Where images are stored."""
    images: Callable[[], ImageSource]
    side: int
    """Pixels of the longer side of a stored image."""
    counts: OffPolicyEvidence
    """Without slates: looks and swaps."""


def read_logged_feeds(
    window: LakeWindow,
    folder: Path,
    images: Callable[[], ImageSource],
    *,
    settings: DatasetSettings,
) -> LoggedFeeds:
    """Read the lake again and choose slates; raises `UnreadableLake`."""
    with open_lake(
        window.lake, since=window.since, storage_options=window.storage_options
    ) as connection:
        join_feedback(connection, settings)
        held_out, others = read_slates(connection, held_out_share=settings.held_out_users)
        every = [*held_out, *others]
        shares = popularity(connection, every)
        known = references(connection, every)
        create_addresses(connection)
        rows = connection.execute("SELECT tenant, image_id, uri FROM addresses").fetchall()
        counts = OffPolicyEvidence(looks=count_looks(connection), swaps=count_swaps(connection))
    wanted = {key for slate in every for key in slate.image_keys()}
    for (tenant, _), sides in known.items():
        wanted |= {(tenant, image) for image in (*sides.liked, *sides.disliked)}
    return LoggedFeeds(
        [slate for slate in held_out if _has_reference(known[slate.owner])],
        [slate for slate in others if _has_reference(known[slate.owner])],
        {slate_name(slate): rates for slate, rates in zip(every, shares, strict=True)},
        known,
        {(t, image): uri for t, image, uri in rows if uri and (t, image) in wanted},
        folder, images, settings.image_side, counts,
    )  # fmt: skip


def slate_name(slate: LakeSlate) -> str:
    """Request and user of a slate in one text."""
    return "\x1f".join((slate.tenant, slate.user, slate.request))


def _has_reference(known: UserReferences) -> bool:
    return bool(known.liked or known.disliked)
