"""Command line of SFT and GRPO: read the configuration, run, report the result."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, get_args

from pydantic import ValidationError

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from training.finetuning.data.case_files import BadCases
from training.finetuning.estimate.before_start import check_before_start
from training.finetuning.run.adapter import BadAdapter
from training.finetuning.run.config import BadConfig, ConfigT, Layers, read_config
from training.finetuning.run.runner import Finished
from training.plots.progress import spell

WRONG_USE = 2


class Training(Protocol[ConfigT]):
    """Trains one run; its time counts from `began`."""

    def __call__(self, config: ConfigT, *, began: float | None = None) -> Finished: ...


def run_command(kind: type[ConfigT], train: Training[ConfigT], *, description: str) -> None:
    """Exit code 0, or 2 if the run cannot start with this configuration.

    The budget counts from the start of the process, because loading libraries can take a minute.
    """
    began = _process_began()
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True, help="a TOML file, as in configs/")
    parser.add_argument("--folder", type=Path, help="instead of the file's run.folder")
    parser.add_argument("--base", type=Path, help="instead of the file's policy.base")
    parser.add_argument("--adapter", type=Path, help="an adapter to continue with")
    parser.add_argument(
        "--layers", choices=get_args(Layers), help="instead of the file's policy.layers"
    )
    parser.add_argument("--prompt-style", help="instead of the file's policy.prompt_style")
    parser.add_argument("--min-pixels", type=int, help="instead of the file's policy.min_pixels")
    parser.add_argument("--max-pixels", type=int, help="instead of the file's policy.max_pixels")
    parser.add_argument("--prompt-template", type=Path, help="of a prompt style that has one")
    parser.add_argument("--element-weights", help="as JSON, instead of policy.element_weights")
    parser.add_argument("--data", type=Path, help="instead of the file's data.source")
    parser.add_argument("--images", type=Path, help="instead of the file's data.images")
    parser.add_argument("--minutes", type=float, help="instead of the file's run.minutes")
    parser.add_argument(
        "--force", action="store_true", help="start although the memory plainly does not suffice"
    )
    parser.add_argument("--json", action="store_true", help="print the result as a line of JSON")
    options = parser.parse_args()
    try:
        config = _changed(read_config(options.config, kind), options)
        check_before_start(config, force=options.force)
        finished = train(config, began=began)
    except (BadConfig, BadCheckpoint, BadAdapter, BadCases) as error:
        print(f"{error}.", file=sys.stderr)
        raise SystemExit(WRONG_USE) from error
    if options.json:
        print(json.dumps({**asdict(finished), "adapter": str(finished.adapter)}))
        return
    early = ", stopped by the time budget" if finished.ran_out_of_time else ""
    print(
        f"{finished.version}: {finished.steps} steps in {spell(finished.seconds)}{early}."
        f" The adapter is in {finished.adapter}."
    )


def _process_began() -> float:
    """Start of the process on the monotonic clock."""
    import psutil

    return time.monotonic() - max(0.0, time.time() - psutil.Process().create_time())


def _changed(config: ConfigT, options: argparse.Namespace) -> ConfigT:
    """The configuration with the values of the command line."""
    settings = config.model_dump()
    for section, key, value in (
        ("run", "folder", options.folder),
        ("run", "minutes", options.minutes),
        ("policy", "base", options.base),
        ("policy", "adapter", options.adapter),
        ("policy", "layers", options.layers),
        ("policy", "prompt_style", options.prompt_style),
        ("policy", "prompt_template", options.prompt_template),
        ("policy", "min_pixels", options.min_pixels),
        ("policy", "max_pixels", options.max_pixels),
        ("policy", "element_weights", _read(options.element_weights)),
        ("data", "source", options.data),
        ("data", "images", options.images),
    ):
        if value is not None:
            settings[section][key] = value
    try:
        return type(config).model_validate(settings)
    except ValidationError as error:
        problems = "; ".join(str(problem["msg"]) for problem in error.errors())
        raise BadConfig(f"the command line gives an invalid value: {problems}") from error


def _read(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError as error:
        raise BadConfig(f"--element-weights is not JSON: {error}") from error
