"""Make the cases of one user from choices: earlier prompts give references, later ones are judged.

Protocol: (1) of the same two images the choice counts once, and not at all where the user chose
both ways; (2) choices that share a prompt or an image belong together, so that no image is on both
sides of the division; (3) the latest groups are judged, in the order of their first time, or of the
seed where there are no times; (4) a reference is an image that was always chosen (liked) or never
chosen (disliked) in the earlier groups; (5) the seed draws references and pairs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from training.evaluation.benchmark.public_data.cases.protocol import (
    SPARE_REFERENCES,
    Protocol,
    draw,
    shuffled,
)
from training.evaluation.benchmark.public_data.values import (
    Choice,
    JudgedPair,
    UserCases,
    UserLeftOut,
)
from training.evaluation.benchmark.public_data.writing.left_out import LeftOut


def cases_of_choices(
    user: str, choices: Iterable[Choice], protocol: Protocol, left_out: LeftOut
) -> UserCases | UserLeftOut:
    """The cases of one user, whose choices may come in any order."""
    kept = _consistent(choices, left_out)
    groups = _groups(kept, protocol, user)
    count = max(1, round(len(groups) * protocol.judged_share)) if len(groups) > 1 else 0
    earlier, judged = groups[: len(groups) - count], groups[len(groups) - count :]
    liked, disliked = _references([c for group in earlier for c in group], protocol, user)
    if count == 0 or min(len(liked), len(disliked)) < protocol.references:
        prompts = len({choice.prompt for choice in kept})
        return UserLeftOut(
            user, "too_few_references",
            f"{len(kept)} choices on {prompts} prompts give {len(liked)} liked and {len(disliked)}"
            f" disliked references besides the judged prompts; {protocol.references} of each are"
            " needed",
        )  # fmt: skip
    pairs = sorted(
        (c for group in judged for c in group),
        key=lambda c: (draw(protocol.seed, user, "pair", c.better, c.worse), c.better, c.worse),
    )[: protocol.pairs]
    return UserCases(
        user, liked, disliked, tuple(JudgedPair(c.better, c.worse, str(c.place)) for c in pairs)
    )


def _consistent(choices: Iterable[Choice], left_out: LeftOut) -> list[Choice]:
    by_pair: dict[tuple[str, ...], list[Choice]] = defaultdict(list)
    order = sorted(choices, key=lambda c: (c.at, c.better, c.worse, c.place.file, c.place.line))
    for choice in order:
        by_pair[tuple(sorted((choice.better, choice.worse)))].append(choice)
    kept: list[Choice] = []
    for same in by_pair.values():
        if len({choice.better for choice in same}) > 1:
            for choice in same:
                detail = f"user {choice.user} prefers each of {choice.better} and {choice.worse}"
                left_out.row(choice.place, "contradicting_choices", f"{detail} once")
            continue
        kept.append(same[0])
        for choice in same[1:]:
            left_out.row(
                choice.place, "repeated_row",
                f"the choice of {choice.better} before {choice.worse} is in an earlier row",
            )  # fmt: skip
    return kept


def _groups(choices: Sequence[Choice], protocol: Protocol, user: str) -> list[list[Choice]]:
    """Choices that share a prompt or an image, the earliest group first."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for choice in choices:
        for key in (f"image {choice.better}", f"image {choice.worse}"):
            parent[root(key)] = root(f"prompt {choice.prompt}")
    groups: dict[str, list[Choice]] = defaultdict(list)
    for choice in choices:
        groups[root(f"prompt {choice.prompt}")].append(choice)
    return sorted(
        groups.values(),
        key=lambda group: (
            min(choice.at for choice in group),
            draw(protocol.seed, user, "group", min(choice.prompt for choice in group)),
        ),
    )


def _references(
    choices: Sequence[Choice], protocol: Protocol, user: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    chosen = Counter(choice.better for choice in choices)
    refused = Counter(choice.worse for choice in choices)
    most = protocol.references + SPARE_REFERENCES
    liked = shuffled(chosen.keys() - refused.keys(), protocol.seed, user, "liked")
    disliked = shuffled(refused.keys() - chosen.keys(), protocol.seed, user, "disliked")
    return tuple(liked[:most]), tuple(disliked[:most])
