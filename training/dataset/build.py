"""Build the dataset of a night, chapter by chapter: slates, pairs, images, splits, replay, report.

Nothing is changed in the lake. The same lake, day and settings give the same files.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from training.dataset import cases
from training.dataset.images import Images, keep_images
from training.dataset.lake import open_lake
from training.dataset.pairs import make_pairs, weigh
from training.dataset.replay import replay, replay_count
from training.dataset.report import Report, measure, write_report
from training.dataset.settings import DatasetSettings
from training.dataset.slates import join
from training.dataset.split import SPLITS, split


@dataclass(frozen=True)
class Dataset:
    """What was written."""

    folder: Path
    report: Report
    counts: Mapping[str, int]
    """Cases from clicks, by split."""


def build(
    lake: str,
    folder: Path,
    images: Images,
    *,
    now: datetime,
    settings: DatasetSettings = DatasetSettings(),  # noqa: B008  a frozen value
    storage_options: Mapping[str, str] | None = None,
    say: Callable[[str], None] = lambda step: None,
) -> Dataset:
    """`train.jsonl`, `later.jsonl`, `held_out.jsonl`, `images/`, `report.json` and `report.html`.

    Raises `LakeUnreadable`; a lake without a single usable pair gives empty files and says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    say("reading the lake")
    since = (now - timedelta(days=settings.window_days)).date()
    with open_lake(lake, since=since, storage_options=storage_options) as connection:
        say("joining slates with what was done on them")
        join(connection, settings)
        left_out = make_pairs(connection, settings)
        addresses = cases.image_addresses(connection)
        say(f"fetching {len(addresses)} images")
        kept = keep_images(addresses, images, folder / cases.IMAGES, side=settings.image_side)
        left_out |= asdict(cases.drop_unusable(connection, kept))
        split(connection, settings)
        weigh(connection, settings)
        lines: dict[str, list[cases.CaseLine]] = {name: [] for name in SPLITS}
        for name, line in cases.cases(connection, kept, settings):
            lines[name].append(line)
        counts = {name: len(found) for name, found in lines.items()}
        say("drawing simulated people")
        wanted = replay_count(counts["train"], share=settings.replay_share)
        simulated = min(wanted, settings.replay_at_most)
        lines["train"] += replay(
            simulated, folder / cases.IMAGES, seed=settings.seed, side=settings.references_a_side
        )
        for name, found in lines.items():
            cases.write(folder / f"{name}.jsonl", found)
        report = measure(
            connection, settings, at=now, left_out=left_out, images=kept, simulated=simulated
        )
    write_report(folder, report)
    say(report.verdict)
    return Dataset(folder, report, counts)
