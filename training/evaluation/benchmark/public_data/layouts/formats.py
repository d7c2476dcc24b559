"""List the public data sets that can be imported: how each is read, where it is had, its terms."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from training.evaluation.benchmark.items import BadBenchmark
from training.evaluation.benchmark.public_data.layouts import pick_a_pic, rating_files, released
from training.evaluation.benchmark.public_data.request import Request
from training.evaluation.benchmark.public_data.values import UserCases, UserLeftOut
from training.evaluation.benchmark.public_data.writing.image_store import ImageStore, load_files
from training.evaluation.benchmark.public_data.writing.left_out import LeftOut
from training.evaluation.benchmark.reader import find_sets

Read = Callable[[Request, LeftOut], tuple[int, list[UserCases | UserLeftOut]]]
Load = Callable[[Request, Set[str], ImageStore], None]


@dataclass(frozen=True)
class Format:
    """One data set in the layout of its release."""

    name: str
    set_name: str
    read: Read
    load: Load
    needs_references: bool
    """Whether a user needs all references of the protocol; otherwise the data decides."""
    source: str
    licence: str
    by_set: bool = False
    """Whether each file is a set of its own, named after it."""

    def sets(self, request: Request) -> Mapping[str, Request]:
        """The request for each set by its name; raises `BadBenchmark`."""
        if missing := [str(file) for file in request.files if not file.exists()]:
            raise BadBenchmark(f"there is no file {missing[0]}; check its name")
        if not self.by_set:
            if folders := [str(file) for file in request.files if file.is_dir()]:
                raise BadBenchmark(f"{folders[0]} is a folder; name the files in it")
            return {request.set_name or self.set_name: request}
        files = [file for path in request.files for file in find_sets(path)]
        if request.set_name is not None and len(files) > 1:
            raise BadBenchmark(f"--set names one set, and there are {len(files)}; leave it out")
        sets = {request.set_name or file.stem: replace(request, files=(file,)) for file in files}
        if len(sets) < len(files):
            raise BadBenchmark("two files have the same name; import them into different folders")
        return sets


def _load_files(request: Request, images: Set[str], store: ImageStore) -> None:
    load_files(sorted(images), store)


FORMATS: Final = {
    format.name: format
    for format in (
        Format(
            "preferimg-bench", "PREFERIMG", released.cases_of_files, _load_files,
            needs_references=False, by_set=True,
            source="data set ZhouSimple/PreferImg-Bench on Hugging Face",
            licence="MIT, as its dataset card says",
        ),
        Format(
            "preferthinker", "PREFERTHINKER", released.cases_of_files, _load_files,
            needs_references=False,
            source="data set ZhouSimple/PreferThinker-Dataset on Hugging Face",
            licence="not known to us for the data; the repository of the paper's code is MIT",
        ),
        Format(
            "pick-a-pic", "PICKAPIC_USERS", pick_a_pic.cases_of_files, pick_a_pic.load_images,
            needs_references=True,
            source="data sets yuvalkirstain/pickapic_v2 and pickapic_v1 on Hugging Face",
            licence="not known to us: the dataset cards that we read name none",
        ),
        Format(
            "pamela", "PAMELA", partial(rating_files.cases_of_files, rating_files.PAMELA),
            _load_files, needs_references=True,
            source="data set bethgelab/PAMELA on Hugging Face",
            licence="CC BY 4.0, as its dataset card says",
        ),
        Format(
            "flickr-aes", "FLICKR_AES",
            partial(rating_files.cases_of_files, rating_files.FLICKR_AES),
            _load_files, needs_references=True,
            source="github.com/alanspike/personalizedImageAesthetics, which links to the files",
            licence="not known to us: the authors name none; the photographs are of Flickr users",
        ),
    )
}  # fmt: skip
"""The files are downloaded by the user, who accepts their terms; this project downloads none."""


def files_of(texts: list[str]) -> tuple[Path, ...]:
    """The named files, each once, in the order of their names: their order has no effect."""
    return tuple(sorted({Path(text) for text in texts}))
