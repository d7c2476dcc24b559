"""Simulate the days and training jobs of one seed; killed anywhere, it resumes at its last day."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.client import AsyncClient
from shared.embedding.minilm import MiniLM
from shared.events import ProfileUpdated
from shared.files.atomic_write import atomic_write
from shared.vlm.pictures.picture_model import Engine
from training.finetuning.grpo.text_encoder import WordEncoder
from training.simulate.baselines import (
    Baseline,
    ClickHistory,
    CollaborativeFiltering,
    Collapsed,
    FrozenModel,
    Oracle,
    Popularity,
    RandomOrder,
    WordSimilarity,
    word_vectors,
)
from training.simulate.catalog import Catalog
from training.simulate.loop.day import (
    Profiles,
    Visit,
    following,
    run_day,
    send_references,
    wait_for_profiles,
)
from training.simulate.loop.options import Options
from training.simulate.loop.preference_drift import drifting_users
from training.simulate.loop.start_weights import open_engine
from training.simulate.loop.system import System
from training.simulate.loop.visit_log import VisitLog, visit_fields
from training.simulate.measure.day_metrics import COLLAPSED, FROZEN, measure_day
from training.simulate.population import AnyUser, Population

FIRST_PROFILES: Final = "first_profiles.json"
Say = Callable[[str], None]
DayFile = dict[str, Any]


@dataclass
class State:
    """What the days so far leave for the next one."""

    users: list[AnyUser]
    history: ClickHistory
    profiles: Profiles = field(default_factory=Profiles)


@dataclass(frozen=True)
class Simulation:
    """One seed's simulation in its folder."""

    folder: Path
    system: System
    options: Options
    seed: int
    population: Population
    catalog: Catalog
    say: Say


def simulate(
    folder: Path, system: System, options: Options, *, seed: int, population: Population,
    release: Path, say: Say, on_day: Callable[[list[DayFile]], None] = lambda days: None,
) -> list[DayFile]:  # fmt: skip
    """The days of one seed as in their files; `on_day` gets all of them after every day.

    `release` is the model folder with which the system started.
    """
    folder.mkdir(parents=True, exist_ok=True)
    claim_folder(folder, options, seed)
    catalog = population.draw_catalog(options.catalog_size, seed=seed, skew=options.skew)
    simulation = Simulation(folder, system, options, seed, population, catalog, say)
    history = ClickHistory(options.users, options.catalog_size)
    state = State(list(population.draw_users(options.users, seed=seed)), history)
    model, encoder = open_engine(release), MiniLM()
    days = []
    try:
        vectors = word_vectors(WordEncoder(encoder), population.vocabulary)
        for number in range(options.jobs + 1):
            if number == options.drift_after:
                _apply_drift(state, options, seed)
            day = _day(simulation, state, model, vectors, number)
            _update(state, day)
            days.append(day)
            say(_progress_line(number, day))
            on_day(days)
            if number < options.jobs:
                days[-1]["job"] = _job(simulation, number)
    finally:
        encoder.close()
    return days


def claim_folder(folder: Path, options: Options, seed: int) -> None:
    """Refuse a folder with the days of other options; more jobs and minutes are allowed."""
    values = asdict(options) | {"seed": seed}
    values.pop("jobs"), values.pop("minutes")
    file = folder / "options.json"
    if file.exists() and _claimed(file) != values:
        raise ValueError(f"{folder} holds a simulation with other options; set another --out")
    atomic_write(file, json.dumps(values))


def _claimed(file: Path) -> dict[str, Any]:
    """The options in a file; one that an earlier version did not have is at its default."""
    defaults = asdict(Options())
    defaults.pop("jobs"), defaults.pop("minutes")
    claimed: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return defaults | claimed


def _day(
    simulation: Simulation, state: State, model: Engine, vectors: dict[str, Any],
    number: int,
) -> DayFile:  # fmt: skip
    """A finished day from its file, else a new one."""
    file = simulation.folder / f"day-{number:02d}.json"
    if file.exists():
        day: DayFile = json.loads(file.read_text(encoding="utf-8"))
        return day
    log = VisitLog(simulation.folder / f"day-{number:02d}.visits.jsonl")
    visits = asyncio.run(_visits(simulation, state, number, log))
    baselines = _baselines(simulation, state, model, vectors, number)
    seed = (simulation.seed, number)
    day = measure_day(visits, baselines, state.users, simulation.catalog, seed=seed) | {
        "visits": [visit_fields(visit) for visit in visits],
        "models": sorted({visit.model_version for visit in visits}),
        "degraded": sum(visit.status == "degraded" for visit in visits),
        "profiles": json.loads(_dump(state.profiles)),
    }
    atomic_write(file, json.dumps(day))
    log.delete()
    return day


async def _visits(simulation: Simulation, state: State, number: int, log: VisitLog) -> list[Visit]:
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        if done % 50 == 0:
            simulation.say(f"day {number}: {done}")

    first, options, seed = simulation.folder / FIRST_PROFILES, simulation.options, simulation.seed
    profiles = state.profiles
    async with AsyncClient(simulation.system.kafka) as client, following(client, profiles):
        if number == 0 and not first.exists():
            await send_references(
                client, simulation.population, state.users, profiles, seed=seed, advance=advance
            )
            atomic_write(first, _dump(profiles))
        elif number == 0:
            _load(profiles, json.loads(first.read_text(encoding="utf-8")))
        done = 0
        before = {name: event.profile_version for name, event in profiles.by_user.items()}
        finished = log.read()
        visits = await run_day(
            client, state.users, simulation.catalog, profiles, slates=options.slates_per_day,
            slate_size=options.slate_size, explicit_feedback_rate=options.explicit_feedback_rate,
            seed=(seed, number), advance=advance, done=finished, on_user=log.add,
        )  # fmt: skip
        # The profiles of users who finished before a kill were published then.
        new = [visit for visit in visits if visit.user not in finished]
        await wait_for_profiles(state.users, new, profiles, before)
        return visits


def _baselines(
    simulation: Simulation, state: State, model: Engine, vectors: dict[str, Any],
    number: int,
) -> dict[str, Baseline]:  # fmt: skip
    """Each with its own random numbers, and with what was known before the day."""
    catalog = simulation.catalog

    def rng(place: int) -> np.random.Generator:
        return np.random.default_rng((simulation.seed, number, 0xA4, place))

    numbers = {user.name: n for n, user in enumerate(state.users)}
    collaborative = CollaborativeFiltering(state.history, numbers, rng(3))
    collaborative.fit()
    return {
        "random": RandomOrder(rng(0)),
        "popularity": Popularity(state.history, rng(1)),
        "similarity": WordSimilarity(catalog, vectors, rng(2), simulation.population.vocabulary),
        "collaborative": collaborative,
        FROZEN: FrozenModel(model, model.model_version, catalog, rng(4)),
        "oracle": Oracle(catalog.shown, rng(5)),
        COLLAPSED: Collapsed.of(state.users, catalog.shown, rng(6)),
    }


def _apply_drift(state: State, options: Options, seed: int) -> None:
    numbers, rng = drifting_users(options.users, share=options.drift_share, seed=seed)
    for number in numbers:
        state.users[number] = state.users[number].with_drift(rng)


def _update(state: State, day: DayFile) -> None:
    for visit in day["visits"]:
        state.history.add(visit["user"], visit["viewed"], visit["clicked"])
    _load(state.profiles, day["profiles"])


def _job(simulation: Simulation, number: int) -> dict[str, Any]:
    """The outcome of a training job, from its file if it has run."""
    file = simulation.folder / f"job-{number + 1:02d}.json"
    if file.exists():
        outcome: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return outcome
    ended = simulation.system.ended_jobs()
    # A job can have ended just before a kill.
    if len(ended) > number:
        outcome = ended[number]
    else:
        outcome = simulation.system.run_training_job(minutes=simulation.options.minutes)
    atomic_write(file, json.dumps(outcome))
    simulation.say(f"job {number + 1}: {outcome['verdict']}: {outcome['reason']}")
    return outcome


def _progress_line(number: int, day: DayFile) -> str:
    values = ", ".join(f"{name} {metrics['ndcg']:.3f}" for name, metrics in day["rankings"].items())
    return f"day {number}: NDCG@10 {values}"


def _dump(profiles: Profiles) -> str:
    events = {name: event.model_dump(mode="json") for name, event in profiles.by_user.items()}
    return json.dumps(events)


def _load(profiles: Profiles, events: dict[str, Any]) -> None:
    for name, event in events.items():
        profiles.by_user[name] = ProfileUpdated.model_validate_json(json.dumps(event))
