"""Ask a model about a whole benchmark, split by split, and report."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol as Interface

from shared.jobs import evaluation
from shared.prompting.pair_template import PairTemplate
from shared.prompting.prompt import PAIR_TEMPLATE
from shared.vlm.pairwise import PairwiseModel
from shared.vlm.protocol import VisionLanguageModel
from training.evaluation.benchmark.answers import Answers, users_of
from training.evaluation.benchmark.by_pair import ask_by_pair
from training.evaluation.benchmark.by_score import ask_by_score
from training.evaluation.benchmark.items import BadBenchmark, Benchmark
from training.evaluation.benchmark.progress import Advance
from training.evaluation.benchmark.report import Run, report


class Model(VisionLanguageModel, PairwiseModel, Interface):
    """A model that can be asked by either protocol."""


@dataclass(frozen=True)
class Settings:
    """What is asked, and how."""

    protocol: evaluation.Protocol
    level: evaluation.Level | None = None
    template: PairTemplate | None = None
    """Replaces ours."""
    seed: int = 0
    limit: int | None = None
    references: int = 5
    """Most images of a side, as in the paper (arXiv 2511.00609)."""


def steps(benchmark: Benchmark, protocol: evaluation.Protocol) -> int:
    """How much there is to do: items, and by `score` the users to predict a taste for."""
    users = [
        len(users_of(items)) if protocol == "score" else 0 for items in benchmark.splits.values()
    ]
    return sum(users) + sum(map(len, benchmark.splits.values()))


async def evaluate(
    model: Model,
    benchmark: Benchmark,
    settings: Settings,
    *,
    advance: Advance,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[evaluation.Report, Mapping[str, Answers]]:
    """The report and the answers it counts; raises `BadBenchmark` when a split has none."""
    began = clock()
    answers: dict[str, Answers] = {}
    for name, items in benchmark.splits.items():

        def told(more: int, name: str = name) -> None:
            advance(name, more)

        if settings.protocol == "score":
            found = await ask_by_score(
                model, items, references=settings.references, seed=settings.seed, advance=told
            )
        else:
            found = await ask_by_pair(
                model, items, template=settings.template or PAIR_TEMPLATE, seed=settings.seed,
                advance=told,
            )  # fmt: skip
        if not found.outcomes:
            counted = ", ".join(f"{reason} {count}" for reason, count in found.left_out.items())
            raise BadBenchmark(f"not one item of {name} can be asked: {counted}")
        answers[name] = found
    run = Run(
        protocol=settings.protocol,
        level=settings.level,
        model_version=model.model_version,
        element_weights=model.element_weights,
        template_checksum=_checksum(settings.template),
        seed=settings.seed,
        limit=settings.limit,
        references=settings.references,
        seconds=clock() - began,
    )
    return report(answers, benchmark, run), answers


def _checksum(template: PairTemplate | None) -> str | None:
    if template is None:
        return None
    return hashlib.sha256(f"{template.system}\n---\n{template.user}".encode()).hexdigest()
