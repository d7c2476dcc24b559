"""Measure whether pins and vetoes of words move the images that show them.

python -m training.evaluation.steerability --people 40 --cache runs/pictures

Each edit is one event of `profile.corrected.v1`, applied by the profile service. The assessor ranks
the same slate before and after it, and the edit is undone. Without `--cache` only simulated people
are measured. Choices are made on packages for development and on other seeds.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from shared.domain.subjects.element import PROFILE_ELEMENTS, SUBJECT, ProfileElement
from shared.domain.taste import ELEMENTS, Element
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.embedding.minilm import MiniLM
from shared.vlm.protocol import VisionLanguageModel
from training.evaluation.real_pictures.pictures.packages import CannotFetch
from training.evaluation.serving_model import SEED, SHIPPED, serving_model
from training.evaluation.steerability import real, simulated
from training.evaluation.steerability.edits import SLATE, Person
from training.evaluation.steerability.measure import Measured, Setting, measure_people
from training.evaluation.steerability.product import open_product
from training.evaluation.steerability.report import report

FAILED: Final = 1
PEOPLE: Final = 40
MEASURED: Final[tuple[ProfileElement, ...]] = (
    Element.COLOR, Element.SATURATION, Element.DETAIL, SUBJECT,
)  # fmt: skip
"""Elements of real pictures whose words have a source other than the model."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.steerability",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--people", type=int, default=PEOPLE, help=f"simulated ones ({PEOPLE})")
    parser.add_argument("--real-people", type=int, default=PEOPLE, help=f"({PEOPLE})")
    parser.add_argument("--cache", type=Path, help="folder for the packages of real pictures")
    parser.add_argument(
        "--use", choices=["held_out", "development"], default="held_out", help="default held_out"
    )
    parser.add_argument("--sets", nargs="+", help="sets of real pictures by subject (all)")
    parser.add_argument("--elements", nargs="+", choices=[str(e) for e in PROFILE_ELEMENTS])
    parser.add_argument("--model", type=Path, default=SHIPPED, help=f"default {SHIPPED}")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--threads", type=int, default=0, help="default: torch's own number")
    parser.add_argument("--slate", type=int, default=SLATE, help=f"images of a slate ({SLATE})")
    parser.add_argument("--out", type=Path, help="folder for one line of JSON an edit")
    parser.add_argument("--edits", type=int, help="of a person, at most (all)")
    options = parser.parse_args()
    logging.getLogger("services").setLevel(logging.ERROR)
    parts: list[tuple[str, Sequence[Person], Sequence[ProfileElement]]] = []
    if options.people:
        # One more: the last person corrects nothing and is the other user of the controls.
        people = list(simulated.draw_people(options.people + 1, seed=options.seed))
        parts.append(("simulated people and drawings", people, ELEMENTS))
    if options.cache is not None:
        try:
            sets = real.fetch(options.cache, options.use, subjects=options.sets or ())
        except CannotFetch as error:
            print(f"preferstream: {error}", file=sys.stderr)
            return FAILED
        people = list(real.draw_people(options.real_people + 1, sets, seed=options.seed))
        parts.append((f"real pictures of {options.use} packages", people, MEASURED))
    with serving_model(options.model, threads=options.threads) as model:
        for name, people, elements in parts:
            chosen = [e for e in elements if options.elements is None or e in options.elements]
            setting = Setting(options.seed, chosen, options.slate, options.edits)
            measured = asyncio.run(measure(model, people, setting))
            users = len({each.person for each in measured})
            print(f"\n{name}: {users} users, {model.model_version}, seed {options.seed}\n")
            print(report(measured, slate=options.slate), flush=True)
            if options.out is not None:
                write(options.out / f"{name.split()[0]}.jsonl", measured)
    return 0


async def measure(
    model: VisionLanguageModel, people: Sequence[Person], setting: Setting
) -> list[Measured]:
    """The edits of all people but the last, on a new store."""
    embedder, encoder = MiniLM(), PretrainedEncoder()
    try:
        with tempfile.TemporaryDirectory() as folder:
            opened = open_product(Path(folder), model, embedder=embedder, encoder=encoder)
            async with opened as product:
                return await measure_people(product, people, setting)
    finally:
        encoder.close()
        embedder.close()


def write(path: Path, measured: Sequence[Measured]) -> None:
    """One line of JSON an edit, with its move and controls."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(asdict(each) | {"raises": each.edit.raises}) for each in measured]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
