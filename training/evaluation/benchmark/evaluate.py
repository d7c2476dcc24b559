"""Evaluate a model on a whole benchmark, split by split."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol as Interface

from shared.jobs import evaluation
from shared.prompting.pair_template import PairTemplate
from shared.prompting.prompt import PAIR_TEMPLATE
from shared.prompting.styles.protocol import PromptStyle
from shared.vlm.pairwise import PairwiseModel
from shared.vlm.protocol import VisionLanguageModel
from training.evaluation.benchmark.answers import Answers
from training.evaluation.benchmark.by_pair import compare_split
from training.evaluation.benchmark.by_score import score_split
from training.evaluation.benchmark.items import BadBenchmark, Benchmark, first_item_by_user
from training.evaluation.benchmark.report import Run, report
from training.plots.progress import Advance


class Model(VisionLanguageModel, PairwiseModel, Interface):
    """A model that answers by either protocol."""

    @property
    def prompt_style(self) -> PromptStyle: ...


@dataclass(frozen=True)
class Settings:
    """The options of an evaluation."""

    protocol: evaluation.Protocol
    level: evaluation.Level | None = None
    template: PairTemplate | None = None
    """Replaces the pair prompt of the model's own style."""
    seed: int = 0
    limit: int | None = None
    references: int = 5
    """Most images of a side, as in the paper (arXiv 2511.00609)."""


def steps(benchmark: Benchmark, protocol: evaluation.Protocol) -> int:
    """Number of progress steps: items, and for `score` also users with a profile to predict."""
    splits = benchmark.splits.values()
    users = sum(len(first_item_by_user(items)) for items in splits) if protocol == "score" else 0
    return users + sum(map(len, splits))


async def evaluate(
    model: Model,
    benchmark: Benchmark,
    settings: Settings,
    *,
    advance: Advance,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[evaluation.Report, Mapping[str, Answers]]:
    """The report, and its answers by split.

    Raises `BadBenchmark` where no item of a split can be evaluated.
    """
    began = clock()
    answers: dict[str, Answers] = {}
    style = model.prompt_style
    template = settings.template or style.pair_template
    for name, items in benchmark.splits.items():
        advance_split = partial(advance, name)
        if settings.protocol == "score":
            of_split = await score_split(
                model, items, references=settings.references, seed=settings.seed,
                advance=advance_split,
            )  # fmt: skip
        else:
            of_split = await compare_split(
                model, items, template=template, seed=settings.seed, advance=advance_split
            )
        if not of_split.outcomes:
            counts = ", ".join(f"{reason} {count}" for reason, count in of_split.left_out.items())
            raise BadBenchmark(f"no item of {name} can be evaluated: {counts}")
        answers[name] = of_split
    run = Run(
        protocol=settings.protocol,
        level=settings.level,
        model_version=model.model_version,
        element_weights=model.element_weights,
        style=style,
        template_checksum=None if template == PAIR_TEMPLATE else _checksum(template),
        seed=settings.seed,
        limit=settings.limit,
        references=settings.references,
        seconds=clock() - began,
    )
    return report(answers, benchmark, run), answers


def _checksum(template: PairTemplate) -> str:
    return hashlib.sha256(f"{template.system}\n---\n{template.user}".encode()).hexdigest()
