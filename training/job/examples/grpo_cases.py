"""Write the cases of GRPO: a user's references, and other pairs of the user that judge a profile.

Each case is one prompt: the model predicts a profile from the references, and the reward model
ranks the user's other pairs with it. A pair judges only if none of its images is a reference:
otherwise a click would explain itself. The true profile is the hindsight profile of these users
where it was kept; without it, the prediction reward is left out for the prompt. Simulated cases are
added, with which the other tasks are not forgotten.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.files.atomic_write import atomic_write
from training.job.examples.example_lines import HINDSIGHT, Line, shuffled

GRPO_CASES: Final = "grpo_cases.jsonl"
GRPO_GROUPS: Final = 4
"""Prompts of one step of the job configuration: fewer prompts than that are not trained on."""
MIN_PAIRS: Final = 5
"""Fewer pairs order profiles mostly by chance: users with fewer are left out."""
MAX_PAIRS: Final = 10
MAX_IMAGES: Final = 8
"""Images of one prompt's pairs. Each is scored with each different profile, which takes most of a
step; pairs of one slate share images, so that eight images make up to ten pairs."""
PROMPTS_PER_USER: Final = 4
"""Prompts of one user, so that one with half of all pairs does not decide what is learned."""
MAX_PROMPTS: Final = 240
"""Prompts of one job: sixty steps of four."""
SIMULATED_SHARE: Final = 0.2
"""Simulated cases, at most this share of all cases, and at least one step of them."""
Files = tuple[str, ...]


@dataclass(frozen=True)
class WrittenCases:
    """What became of the users' pairs."""

    prompts: int
    users: int
    """Users with a prompt."""
    with_truth: int
    """Prompts whose user has a hindsight profile."""
    too_few: int
    """Users left out because fewer than `MIN_PAIRS` of their pairs can judge a profile."""
    simulated: int

    @property
    def summary(self) -> str:
        return (
            f"{self.prompts} prompts of {self.users} users for GRPO, {self.with_truth} of them with"
            f" a hindsight profile; {self.too_few} users have fewer than {MIN_PAIRS} other pairs"
        )


@dataclass(frozen=True)
class _Prompt:
    """The references of one prompt, and the user's cases that can judge it."""

    liked: Files
    disliked: Files
    judges: tuple[Line, ...]


def write_grpo_cases(dataset: Path, *, seed: int) -> WrittenCases:
    """Write `grpo_cases.jsonl` from `train.jsonl`, in random order: GRPO reads it in file order."""
    rng = np.random.default_rng((seed, 0x6290))
    cases = _read(dataset / "train.jsonl")
    hindsight = {line["user"]: line for line in _read(dataset / HINDSIGHT)}
    by_user: defaultdict[str, list[Line]] = defaultdict(list)
    for case in cases:
        if case["source"] == "clicks":
            by_user[str(case["user"])].append(case)
    by_round: list[list[Line]] = [[] for _ in range(PROMPTS_PER_USER)]
    users_with_prompts = 0
    for user, own in by_user.items():
        prompts = _prompts(own, hindsight.get(user), rng)
        users_with_prompts += bool(prompts)
        for number, prompt in enumerate(prompts):
            by_round[number].append(_line(user, prompt, hindsight.get(user), rng))
    # The first prompt of every user comes before the second of any.
    ordered = [line for lines in by_round for line in shuffled(lines, rng)]
    chosen = ordered[:MAX_PROMPTS]
    with_truth = sum(line["truth"] is not None for line in chosen)
    simulated = [case for case in cases if case["source"] != "clicks"]
    most = max(round(len(chosen) * SIMULATED_SHARE / (1 - SIMULATED_SHARE)), GRPO_GROUPS)
    simulated = shuffled(simulated, rng)[:most]
    mixed = shuffled([*chosen, *simulated], rng)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in mixed)
    atomic_write(dataset / GRPO_CASES, text)
    return WrittenCases(
        prompts=len(chosen),
        users=users_with_prompts,
        with_truth=with_truth,
        too_few=len(by_user) - users_with_prompts,
        simulated=len(simulated),
    )


def _prompts(
    own: Sequence[Line], hindsight: Mapping[str, Any] | None, rng: np.random.Generator
) -> list[_Prompt]:
    """Different references of one user with enough other pairs, at most `PROMPTS_PER_USER`.

    Those of the hindsight profile come first, then those with the most references.
    """
    references = dict.fromkeys(
        [*([_sides(hindsight)] if hindsight else []), *_by_size(map(_sides, own), rng)]
    )
    prompts = []
    for liked, disliked in references:
        shown = {*liked, *disliked}
        judges = tuple(case for case in own if not {case["better"], case["worse"]} & shown)
        if shown and len(judges) >= MIN_PAIRS:
            prompts.append(_Prompt(liked, disliked, judges))
        if len(prompts) == PROMPTS_PER_USER:
            break
    return prompts


def _line(
    user: str, prompt: _Prompt, hindsight: Mapping[str, Any] | None, rng: np.random.Generator
) -> Line:
    pairs = _judging(prompt.judges, rng)
    judged_by = [
        {"better": pair["better"], "worse": pair["worse"], "weight": float(pair["weight"])}
        for pair in pairs
    ]
    return {
        "user": user, "source": "clicks",
        "liked": list(prompt.liked), "disliked": list(prompt.disliked),
        "better": pairs[0]["better"], "worse": pairs[0]["worse"],
        "tasks": ["predict"], "profile": None,
        "truth": hindsight["taste"] if hindsight else None,
        # Fewer pairs say less about a profile.
        "weight": round(len(pairs) / MAX_PAIRS, 3),
        "judged_by": judged_by,
    }  # fmt: skip


def _judging(cases: Sequence[Line], rng: np.random.Generator) -> list[Line]:
    """At most `MAX_PAIRS` pairs of few images, heavier ones more often.

    Weighted sampling without replacement: the smallest exponential / weight first. A pair that
    would exceed `MAX_IMAGES` is taken only where fewer than `MIN_PAIRS` fit.
    """
    keys = [rng.exponential() / max(float(case["weight"]), 1e-9) for case in cases]
    ordered = [cases[number] for number in np.argsort(keys, kind="stable")]
    chosen: list[Line] = []
    images: set[str] = set()
    for case in ordered:
        with_case = images | {case["better"], case["worse"]}
        if len(chosen) < MAX_PAIRS and len(with_case) <= MAX_IMAGES:
            chosen.append(case)
            images = with_case
    left = [case for case in ordered if case not in chosen]
    return [*chosen, *left[: max(0, MIN_PAIRS - len(chosen))]]


def _sides(case: Mapping[str, Any]) -> tuple[Files, Files]:
    return tuple(case["liked"]), tuple(case["disliked"])


def _by_size(
    references: Iterable[tuple[Files, Files]], rng: np.random.Generator
) -> list[tuple[Files, Files]]:
    """Different references, the most images first, equal ones in random order."""
    different = shuffled(list(dict.fromkeys(references)), rng)
    return sorted(different, key=lambda sides: -len(sides[0]) - len(sides[1]))


def _read(file: Path) -> list[Line]:
    """The lines of a file; none where it is missing."""
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]
