"""Evaluate a model folder on a benchmark; print the report as one line of JSON.

python -m training.evaluation FOLDER --protocol score --model shared/nano --out runs/evaluation
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from shared.domain.errors import Unavailable, Unprocessable
from shared.jobs.evaluation import Report
from shared.prompting.pair_template import InvalidPairTemplate, PairTemplate
from shared.settings import InvalidSettings, from_environment
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.factory import open_model
from shared.vlm.settings import ModelSettings
from training.evaluation.benchmark.answers import Answers
from training.evaluation.benchmark.evaluate import Settings, evaluate, steps
from training.evaluation.benchmark.items import BadBenchmark, Benchmark
from training.evaluation.benchmark.reader import read_benchmark
from training.plots.progress import progress

FAILURE, INTERRUPTED = 1, 130
REFERENCES = {None: 5, "easy": 5, "hard": 8}
"""Images of a side by level: five as in the paper; in the hard benchmark some references contradict
the profile, and only all eight together determine it."""


def main() -> int:
    options = _arguments()
    settings = Settings(
        protocol=options.protocol,
        level=options.level,
        template=options.prompt_template,
        seed=options.seed,
        limit=options.limit,
        references=options.references or REFERENCES[options.level],
    )
    try:
        benchmark = read_benchmark(
            options.bench, references=settings.references, limit=settings.limit
        )
        for complaint in benchmark.complaints:
            print(f"left out: {complaint}", file=sys.stderr)
        fixed = {"model": options.model} if options.model else {}
        report, answers = run(benchmark, settings, from_environment(ModelSettings, **fixed))
    except (BadBenchmark, BadCheckpoint, Unavailable, Unprocessable, InvalidSettings) as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    if options.out:
        write(options.out, report, answers)
    print(report.model_dump_json(), flush=True)
    failures = report.format_failures
    if failures.unanswered == failures.answers:
        reasons = ", ".join(f"{reason} {count}" for reason, count in failures.reasons.items())
        print(
            f"preferstream: none of {failures.answers} answers is readable ({reasons}), so the"
            f" accuracy means nothing: {report.model_version} was not trained on this prompt. Use"
            f" another --protocol than {settings.protocol}, or --prompt-template with the prompt of"
            " its training",
            file=sys.stderr,
        )
        return FAILURE
    return 0


def run(
    benchmark: Benchmark, settings: Settings, model_settings: ModelSettings
) -> tuple[Report, Mapping[str, Answers]]:
    """Open the engine that serves, evaluate, and close the engine."""

    async def evaluated() -> tuple[Report, Mapping[str, Answers]]:
        async with open_model(model_settings) as model:
            with progress(steps(benchmark, settings.protocol)) as advance:
                return await evaluate(model, benchmark, settings, advance=advance)

    print("loading the model", file=sys.stderr, flush=True)
    return asyncio.run(evaluated())


def write(folder: Path, report: Report, answers: Mapping[str, Answers]) -> None:
    """Write `answers.jsonl`, one line an item, and then `report.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "answers.jsonl").open("w", encoding="utf-8") as file:
        for split, of_split in answers.items():
            for outcome in of_split.outcomes:
                line = {
                    "split": split, "item": outcome.item.place, "preferred": outcome.item.preferred,
                    "won": outcome.won, "answers": outcome.answers,
                }  # fmt: skip
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    (folder / "report.json").write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("bench", type=Path, help="a SET.json, or a folder of data/<SET>/<SET>.json")
    parser.add_argument("--protocol", choices=("score", "pair"), default="score")
    parser.add_argument("--model", type=Path, help="a model folder; default: PREFERSTREAM_MODEL")
    parser.add_argument("--level", choices=("easy", "hard"), help="of the simulated benchmark")
    parser.add_argument("--limit", type=_positive, help="only the first N items of each set")
    parser.add_argument("--references", type=_positive, help="of a side (default 5, hard: 8)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the intervals and of the control other_user"
    )
    parser.add_argument("--prompt-template", type=_template, help="replaces the pair prompt")
    parser.add_argument("--out", type=Path, help="folder for report.json and answers.jsonl")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _template(text: str) -> PairTemplate:
    try:
        return PairTemplate.parse(Path(text).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, InvalidPairTemplate) as error:
        raise argparse.ArgumentTypeError(f"{text} cannot be used: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
