"""Measure how often the words for what real pictures show are right, and how often one is given.

python -m training.evaluation.real_subjects --cache runs/pictures

The packages are downloaded once. Words are chosen on packages for development; held-out packages
are only measured.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from shared.domain.errors import Unprocessable
from shared.embedding.images.pretrained import PretrainedEncoder
from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings
from training.evaluation.markdown import header, line
from training.evaluation.real_pictures.picture_sets import Use
from training.evaluation.real_pictures.pictures.packages import CannotFetch, extracted
from training.evaluation.real_pictures.pictures.selection import Picture, select
from training.evaluation.real_subjects.measure import (
    NamedPicture,
    Naming,
    picture_naming,
    profile_naming,
    simulated_profiles,
)
from training.evaluation.real_subjects.named_set import NamedSet
from training.evaluation.real_subjects.named_sets import sets_for
from training.evaluation.serving_model import SEED

FAILED: Final = 1
USERS_PER_PAIR: Final = 4
USES: Final[tuple[Use, Use]] = ("development", "held_out")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation.real_subjects",
        description=(__doc__ or "").split("\n")[0],
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for the packages")
    parser.add_argument("--use", choices=USES, help="default: both kinds of packages")
    parser.add_argument("--seed", type=int, default=SEED, help=f"default {SEED}")
    parser.add_argument("--wrong", action="store_true", help="list the pictures with wrong words")
    options = parser.parse_args()
    encoder = PretrainedEncoder()
    try:
        for use in USES if options.use is None else [options.use]:
            named = {
                chosen.name: asyncio.run(
                    name_pictures(encoder, chosen, pictures_of(chosen, options.cache))
                )
                for chosen in sets_for(use)
            }
            report(use, named, seed=options.seed)
            if options.wrong:
                print_wrong(named)
    except CannotFetch as error:
        print(f"preferstream: {error}", file=sys.stderr)
        return FAILED
    finally:
        encoder.close()
    return 0


def pictures_of(named_set: NamedSet, cache: Path) -> list[Picture]:
    """The pictures of a set that the services can decode; raises `CannotFetch`."""
    print(f"{named_set.name} ...", file=sys.stderr)
    cache.mkdir(parents=True, exist_ok=True)
    folder = extracted(named_set.pictures.package, cache.resolve())
    return _decodable(select(named_set.pictures, folder, seed=SEED))


async def name_pictures(
    encoder: PretrainedEncoder, named_set: NamedSet, pictures: Sequence[Picture]
) -> list[NamedPicture]:
    """The pictures of a set with their words."""
    settings = ImageSettings()
    vectors = await encoder.encode([decode(p.data, p.path, settings) for p in pictures])
    return [
        NamedPicture(
            named_set.name,
            picture.path,
            tuple(shown.word for shown in words),
            named_set.right_words(picture.path),
        )
        for picture, words in zip(
            pictures, await encoder.subject_words(np.asarray(vectors)), strict=True
        )
    ]


def report(use: Use, named: Mapping[str, Sequence[NamedPicture]], *, seed: int) -> None:
    """Print one table of the sets of pictures, and one of simulated profiles."""
    print(f"\nPictures, {use.replace('_', '-')} packages\n")
    columns = ["pictures", "named", "named, share", "right of the named"]
    print("\n".join(header("set", columns)))
    for name, pictures in named.items():
        print(_line(name, picture_naming(pictures)))
    for kind, chosen in _by_kind(named).items():
        print(_line(f"**all: {kind}**", picture_naming(chosen)))
    everything = [picture for pictures in named.values() for picture in pictures]
    print(_line("**all**", picture_naming(everything)))
    results = list(simulated_profiles(named, users_per_pair=USERS_PER_PAIR, seed=seed))
    print(f"\nProfile sides, {use.replace('_', '-')} packages, seed {seed}\n")
    print("\n".join(header("users", ["sides", "named", "named, share", "right of the named"])))
    print(_line(f"five likes, five dislikes, {USERS_PER_PAIR} users a pair of sets",
                profile_naming(results, seed=seed)))  # fmt: skip


def print_wrong(named: Mapping[str, Sequence[NamedPicture]]) -> None:
    for pictures in named.values():
        for picture in pictures:
            if picture.is_named and not picture.is_right:
                print(f"{', '.join(picture.words)}: {picture.path}")


def _line(name: str, naming: Naming) -> str:
    named = round(naming.named.value * naming.count)
    return line(name, [naming.count, named, naming.named, naming.right])


def _by_kind(named: Mapping[str, Sequence[NamedPicture]]) -> dict[str, list[NamedPicture]]:
    by_kind: dict[str, list[NamedPicture]] = {}
    for name, pictures in named.items():
        by_kind.setdefault(name.split("/")[1], []).extend(pictures)
    return by_kind


def _decodable(pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures that the services can decode."""
    settings = ImageSettings()
    decodable = []
    for picture in pictures:
        try:
            decode(picture.data, picture.path, settings)
        except Unprocessable as error:
            print(f"left out: {error}", file=sys.stderr)
        else:
            decodable.append(picture)
    return decodable


if __name__ == "__main__":
    sys.exit(main())
