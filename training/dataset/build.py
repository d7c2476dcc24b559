"""Build a dataset step by step: slates, pairs, images, splits, replay, report.

The lake is only read. The same lake, day and settings give the same files.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from training.dataset import cases
from training.dataset.images import ImageSource, store_images
from training.dataset.lake import open_lake
from training.dataset.pairs import add_weights, make_pairs
from training.dataset.replay import replay, replay_count
from training.dataset.report import Report, measure, write_report
from training.dataset.settings import DatasetSettings
from training.dataset.slates import join_feedback
from training.dataset.split import SPLITS, split


@dataclass(frozen=True)
class Dataset:
    """The written files, and what they hold."""

    folder: Path
    report: Report
    counts: Mapping[str, int]
    """Cases from feedback, by split."""


def build(
    lake: str,
    folder: Path,
    images: ImageSource,
    *,
    now: datetime,
    settings: DatasetSettings = DatasetSettings(),  # noqa: B008  a frozen value
    storage_options: Mapping[str, str] | None = None,
    say: Callable[[str], None] = lambda step: None,
) -> Dataset:
    """`train.jsonl`, `later.jsonl`, `held_out.jsonl`, `images/`, `report.json` and `report.html`.

    Raises `UnreadableLake`; a lake without any usable pair gives empty files and a report with the
    reason.
    """
    folder.mkdir(parents=True, exist_ok=True)
    say("reading the lake")
    since = (now - timedelta(days=settings.window_days)).date()
    with open_lake(lake, since=since, storage_options=storage_options) as connection:
        say("joining slates with their feedback")
        join_feedback(connection, settings)
        excluded = make_pairs(connection, settings)
        addresses = cases.image_addresses(connection)
        say(f"fetching {len(addresses)} images")
        stored = store_images(addresses, images, folder / cases.IMAGES, side=settings.image_side)
        excluded |= asdict(cases.drop_unusable(connection, stored))
        split(connection, settings)
        add_weights(connection, settings)
        lines: dict[str, list[cases.CaseLine]] = {name: [] for name in SPLITS}
        for name, line in cases.read_cases(connection, stored, settings):
            lines[name].append(line)
        counts = {name: len(of_split) for name, of_split in lines.items()}
        say("drawing simulated users")
        simulated = min(
            replay_count(counts["train"], share=settings.replay_share), settings.max_replay_cases
        )
        lines["train"] += replay(
            simulated, folder / cases.IMAGES, seed=settings.seed, side=settings.references_per_side
        )
        for name, of_split in lines.items():
            cases.write(folder / f"{name}.jsonl", of_split)
        report = measure(
            connection, settings, at=now, excluded=excluded, images=stored, simulated=simulated
        )
    write_report(folder, report)
    say(report.verdict)
    return Dataset(folder, report, counts)
