"""Read the recorded days of one seed: its people, its pictures and their visits."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from training.simulate.baselines import ClickHistory
from training.simulate.catalog import Catalog
from training.simulate.loop.day import Visit
from training.simulate.loop.options import Options
from training.simulate.loop.visit_log import visit_of
from training.simulate.population import AnyUser, Population, population_of

SYSTEM: Final = "system"
"""Folder of the system's data below that of the seed."""


class NoRecording(Exception):
    """A folder holds no recorded days that can be ranked again; the message says why."""


@dataclass(frozen=True)
class Recording:
    """The days of one seed in its folder."""

    folder: Path
    seed: int
    options: Options
    population: Population
    data_dir: Path
    """Of the system that ran."""

    @classmethod
    def open(
        cls, folder: Path, *, packages: Path | None = None, data_dir: Path | None = None
    ) -> "Recording":
        """Raises `NoRecording`; `data_dir` is that of a system that ran elsewhere."""
        seed, options = read_options(folder)
        if options.real_pictures and packages is None:
            raise NoRecording("these days show real pictures; give their --packages")
        population = population_of(options.population, subjects=options.subjects, packages=packages)
        return cls(folder, seed, options, population, data_dir or folder / SYSTEM)

    @cached_property
    def users(self) -> list[AnyUser]:
        return list(self.population.draw_users(self.options.users, seed=self.seed))

    @cached_property
    def catalog(self) -> Catalog:
        return self.population.draw_catalog(
            self.options.catalog_size, seed=self.seed, skew=self.options.skew
        )

    @property
    def days(self) -> int:
        """Finished days."""
        return sum(1 for _ in self._day_files())

    def day(self, number: int) -> Mapping[str, Any]:
        """The file of a day."""
        fields: dict[str, Any] = json.loads(
            (self.folder / f"day-{number:02d}.json").read_text(encoding="utf-8")
        )
        return fields

    def visits(self, number: int) -> list[Visit]:
        """The visits of a day; raises `NoRecording` for days that an earlier version recorded."""
        fields = self.day(number)["visits"]
        if fields and "candidates" not in fields[0]:
            raise NoRecording(f"the visits in {self.folder} name no candidates; record new days")
        return [visit_of(one) for one in fields]

    def job(self, night: int) -> Mapping[str, Any]:
        """The outcome of the night after day `night - 1`; empty while it has none."""
        file = self.folder / f"job-{night:02d}.json"
        if not file.exists():
            return {}
        fields: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return fields

    def history(self, day: int) -> ClickHistory:
        """Views and clicks before a day."""
        history = ClickHistory(self.options.users, self.options.catalog_size)
        for number in range(day):
            for visit in self.visits(number):
                history.add(visit.user, visit.viewed, visit.clicked)
        return history

    def _day_files(self) -> Iterator[Path]:
        yield from sorted(self.folder.glob("day-[0-9][0-9].json"))


def read_options(folder: Path) -> tuple[int, Options]:
    """The seed and the options of a folder; raises `NoRecording`."""
    try:
        values = json.loads((folder / "options.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoRecording(f"{folder} is not the folder of a simulated seed: {error}") from error
    return int(values.pop("seed")), Options(**values)
