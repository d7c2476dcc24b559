"""Day after day and night after night for one seed; killed anywhere, it goes on at the day."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.client import AsyncClient
from shared.embedding.minilm import MiniLM
from shared.events import ProfileUpdated
from shared.files.atomic_write import atomic_write
from shared.vlm.checkpoint.checkpoint import shipped_folder
from shared.vlm.engine.transformers_engine import TransformersEngine
from training.finetuning.grpo.text_encoder import WordEncoder
from training.simulate.baselines import (
    Arm,
    Asked,
    Clicks,
    Collaborative,
    Frozen,
    Oracle,
    Popularity,
    Random,
    Similarity,
    word_vectors,
)
from training.simulate.catalog import Catalogue, draw_catalogue
from training.simulate.day import Profiles, Visit, hearing, introduce, spend_day, taken_in
from training.simulate.metrics import DayMeasures, Shown, coverage, diversity, ndcg
from training.simulate.preference_drift import Shift, who_changes
from training.simulate.system import System
from training.simulate.users import Person, clicks, draw_people, looked_at

OURS: Final = "ours"
FIRST: Final = "introduced.json"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What is simulated."""

    nights: int = 10
    people: int = 300
    """With fewer than about 260 too few are held out for the gate to judge by."""
    catalogue: int = 600
    slates: int = 2
    """Of each person a day."""
    slate: int = 20
    minutes: float = 20.0
    """Budget of each night."""
    outspoken: float = 0.0
    """Share of the moments in which people who feel something also say it, 0-1; others click."""
    shift_after: int | None = None
    """Nights after which a part of the people has a change of heart."""
    shifting: float = 0.3
    """Share of the people who change."""

    def shift(self, seeds: Sequence[int]) -> Shift | None:
        """Who changes and when, if anybody does."""
        if self.shift_after is None:
            return None
        changing = {
            seed: set(map(int, who_changes(self.people, share=self.shifting, seed=seed)[0]))
            for seed in seeds
        }
        return Shift(self.shift_after, changing)


@dataclass
class State:
    """What days leave for those that follow."""

    people: list[Person]
    clicks: Clicks
    profiles: Profiles = field(default_factory=Profiles)


def simulate(
    folder: Path, system: System, options: Options, *, seed: int, say: Say,
    done: Callable[[list[dict[str, Any]]], None] = lambda days: None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The days of one seed, each as its file has it; `folder` keeps them, `done` hears of each."""
    folder.mkdir(parents=True, exist_ok=True)
    _claim(folder, options, seed)
    catalogue = draw_catalogue(options.catalogue, seed=seed)
    state = State(draw_people(options.people, seed=seed), Clicks(options.people, options.catalogue))
    model, encoder = TransformersEngine(shipped_folder()), MiniLM()
    days = []
    try:
        words = word_vectors(WordEncoder(encoder))
        for number in range(options.nights + 1):
            if number == options.shift_after:
                _shift(state, options, seed)
            file = folder / f"day-{number:02d}.json"
            if file.exists():
                day = json.loads(file.read_text(encoding="utf-8"))
            else:
                visits = asyncio.run(
                    _day(folder, system, options, state, catalogue, seed, number, say)
                )
                arms = _arms(state, catalogue, model, words, seed=seed, number=number)
                day = _measured(visits, arms, state, catalogue, options, (seed, number))
                atomic_write(file, json.dumps(day))
            _remember(day, state)
            days.append(day)
            say(_line(number, day))
            done(days)
            if number < options.nights:
                days[-1]["night"] = _night(folder, system, options, number, say)
    finally:
        encoder.close()
    return days


def _claim(folder: Path, options: Options, seed: int) -> None:
    """Refuse to go on with another simulation's days; more nights may follow."""
    told = asdict(options) | {"seed": seed}
    told.pop("nights"), told.pop("minutes")
    file = folder / "options.json"
    if file.exists() and json.loads(file.read_text(encoding="utf-8")) != told:
        raise ValueError(f"{folder} holds a simulation of other options; name another with --out")
    atomic_write(file, json.dumps(told))


async def _day(
    folder: Path, system: System, options: Options, state: State, catalogue: Catalogue, seed: int,
    number: int, say: Say,
) -> list[Visit]:  # fmt: skip
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        if done % 50 == 0:
            say(f"day {number}: {done}")

    async with AsyncClient(system.kafka) as app, hearing(app, state.profiles):
        if number == 0 and not (folder / FIRST).exists():
            await introduce(app, state.people, state.profiles, seed=seed, advance=advance)
            atomic_write(folder / FIRST, _dumped(state.profiles))
        elif number == 0:
            _load(state.profiles, json.loads((folder / FIRST).read_text(encoding="utf-8")))
        done = 0
        before = {name: told.profile_version for name, told in state.profiles.known.items()}
        visits = await spend_day(
            app, state.people, catalogue, state.profiles, slates=options.slates,
            slate=options.slate, outspoken=options.outspoken, seed=(seed, number), advance=advance,
        )  # fmt: skip
        await taken_in(state.people, visits, state.profiles, before)
        return visits


def _arms(
    state: State, catalogue: Catalogue, model: TransformersEngine, words: dict[str, Any], *,
    seed: int, number: int,
) -> dict[str, Arm]:  # fmt: skip
    """Each with chance of its own, and with what was known before the day."""

    def rng(arm: int) -> np.random.Generator:
        return np.random.default_rng((seed, number, 0xA4, arm))

    numbers = {person.name: n for n, person in enumerate(state.people)}
    others = Collaborative(state.clicks, numbers, rng(3))
    others.fit()
    return {
        "random": Random(rng(0)),
        "popularity": Popularity(state.clicks, rng(1)),
        "similarity": Similarity(catalogue, words, rng(2)),
        "collaborative": others,
        "frozen": Frozen(model, model.model_version, catalogue, rng(4)),
        "oracle": Oracle(catalogue.shown, rng(5)),
    }


def _measured(
    visits: list[Visit], arms: dict[str, Arm], state: State, catalogue: Catalogue,
    options: Options, seed: tuple[int, int],
) -> dict[str, Any]:  # fmt: skip
    shown: dict[str, list[Shown]] = {OURS: [visit.shown for visit in visits]}
    for at, (name, arm) in enumerate(arms.items()):
        rng = np.random.default_rng((*seed, 0xC11C, at))
        shown[name] = [_shown(arm, visit, state, catalogue, rng) for visit in visits]
    people = [visit.person for visit in visits]
    return {
        "arms": {
            name: asdict(_of(found, people, state, catalogue)) for name, found in shown.items()
        },
        "ndcg_by_person": {
            name: _by_person(shown[name], people, state, catalogue) for name in shown
        },
        "visits": [{"person": v.person, "viewed": v.viewed, "clicked": v.clicked} for v in visits],
        "models": sorted({visit.model_version for visit in visits}),
        "degraded": sum(visit.status == "degraded" for visit in visits),
        "profiles": json.loads(_dumped(state.profiles)),
    }


def _shown(
    arm: Arm, visit: Visit, state: State, catalogue: Catalogue, rng: np.random.Generator
) -> Shown:
    """The same people look and click in the same way, whoever has ranked."""
    person = state.people[visit.person]
    order = arm.rank(
        Asked(person, visit.candidates, visit.taste, visit.model_version, visit.scored)
    )
    viewed = order[: looked_at(rng, len(order))]
    clicked = clicks(rng, person.appeal(catalogue.shown[viewed]))
    return Shown(order, len(viewed), int(clicked.sum()))


def _of(found: list[Shown], people: list[int], state: State, catalogue: Catalogue) -> DayMeasures:
    looked = sum(one.looked for one in found)
    return DayMeasures(
        ctr=sum(one.clicked for one in found) / looked if looked else 0.0,
        ndcg=float(np.mean(list(_by_person(found, people, state, catalogue).values()))),
        diversity=float(np.mean([diversity(one.order, catalogue.shown) for one in found])),
        coverage=coverage([one.order for one in found]),
        people=len(set(people)),
    )


def _by_person(
    found: list[Shown], people: list[int], state: State, catalogue: Catalogue
) -> dict[str, float]:
    values: dict[int, list[float]] = {}
    for one, number in zip(found, people, strict=True):
        appeal = state.people[number].appeal(catalogue.shown)
        values.setdefault(number, []).append(ndcg(one.order, appeal))
    return {str(number): float(np.mean(several)) for number, several in values.items()}


def _shift(state: State, options: Options, seed: int) -> None:
    chosen, rng = who_changes(options.people, share=options.shifting, seed=seed)
    for number in chosen:
        state.people[number] = state.people[number].shifted(rng)


def _remember(day: dict[str, Any], state: State) -> None:
    for visit in day["visits"]:
        state.clicks.add(visit["person"], visit["viewed"], visit["clicked"])
    _load(state.profiles, day["profiles"])


def _night(folder: Path, system: System, options: Options, number: int, say: Say) -> dict[str, Any]:
    file = folder / f"night-{number + 1:02d}.json"
    if file.exists():
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found
    outcome = system.night(minutes=options.minutes)
    atomic_write(file, json.dumps(outcome))
    say(f"night {number + 1}: {outcome['verdict']}: {outcome['reason']}")
    return outcome


def _line(number: int, day: dict[str, Any]) -> str:
    told = ", ".join(f"{name} {found['ndcg']:.3f}" for name, found in day["arms"].items())
    return f"day {number}: NDCG@10 {told}"


def _dumped(profiles: Profiles) -> str:
    told = {name: found.model_dump(mode="json") for name, found in profiles.known.items()}
    return json.dumps(told)


def _load(profiles: Profiles, told: dict[str, Any]) -> None:
    for name, found in told.items():
        profiles.known[name] = ProfileUpdated.model_validate_json(json.dumps(found))
