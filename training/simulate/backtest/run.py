"""Run a backtest on a history: rank the selected lists, and make the report."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from shared.embedding.images.protocol import ImageEncoder
from shared.jobs.backtest_report import BacktestReport, OffPolicy
from shared.vlm.protocol import VisionLanguageModel
from training.simulate.backtest.cases import Cases
from training.simulate.backtest.history import History
from training.simulate.backtest.image_files import Images, ImageSource
from training.simulate.backtest.measure_orders import method_results, rank_case
from training.simulate.backtest.offpolicy_value import NO_PROPENSITIES, offpolicy_value
from training.simulate.backtest.ranked_case import RankedCase
from training.simulate.backtest.ranker import ServingRanker


async def backtest(
    history: History,
    cases: Cases,
    model: VisionLanguageModel,
    encoder: ImageEncoder,
    source: ImageSource,
    *,
    seed: int,
    advance: Callable[[], None] = lambda: None,
) -> BacktestReport:
    """The report; raises the errors of the model and of the encoder."""
    started = time.monotonic()
    images, ranker = Images(history.addresses, source), ServingRanker(model, encoder)
    left_out, ranked = Counter(cases.left_out), list[RankedCase]()
    for case in cases.cases:
        result = await rank_case(case, images, ranker)
        if isinstance(result, RankedCase):
            ranked.append(result)
        else:
            left_out[result] += 1
        advance()
    return report(
        history, ranked, left_out, images.missing, model_version=model.model_version, seed=seed,
        seconds=time.monotonic() - started,
    )  # fmt: skip


def report(
    history: History,
    ranked: Sequence[RankedCase],
    left_out: Mapping[str, int],
    missing_images: Mapping[str, int],
    *,
    model_version: str | None,
    seed: int,
    seconds: float = 0.0,
) -> BacktestReport:
    """The report of lists that were ranked; there may be none."""
    off_policy = (
        offpolicy_value(ranked, seed=seed) if ranked else OffPolicy(problem=NO_PROPENSITIES)
    )
    return BacktestReport(
        model_version=model_version,
        seed=seed,
        users_of_history=history.all_users,
        users_sampled=len(history.opinions),
        rankings_of_sample=len(history.rankings),
        methods=method_results(ranked, seed=seed),
        off_policy=off_policy,
        left_out=dict(left_out),
        missing_images=dict(missing_images),
        missing=missing_sentences(history, missing_images, measured=len(ranked)),
        seconds=seconds,
    )


def missing_sentences(
    history: History, missing_images: Mapping[str, int], *, measured: int
) -> tuple[str, ...]:
    """What the history lacks, and what to do; a history without images gets an answer too."""
    sentences = []
    if not history.all_users:
        sentences.append("The history has no user: check the format and the tenant.")
    elif not history.rankings:
        sentences.append(
            "The history has no ranked lists with positions: log what was shown (queries of UBI,"
            " ranking events of Metarank, the column IMPRESSION of Amazon Personalize)."
        )
    elif not any(ranking.clicked for ranking in history.rankings):
        sentences.append(
            "No click names the list in which it happened: log the id of the query or ranking with"
            " each click."
        )
    if not history.addresses:
        sentences.append(
            "No image has an address: add the items to the files, name their field with"
            " --uri-field, or give --uri-template https://host/{id}.jpg."
        )
    elif missing_images:
        reasons = ", ".join(f"{reason} {count}" for reason, count in missing_images.items())
        sentences.append(
            f"{sum(missing_images.values())} images could not be used ({reasons}); images on this"
            " machine must be below PREFERSTREAM_ALLOWED_FILE_ROOTS."
        )
    if not measured and not sentences:
        sentences.append(
            "No list could be measured: a list needs a click, an image without a click, and an"
            " earlier click of the same user on another image."
        )
    return tuple(sentences)
