"""Print the agreement, precision and coverage of words, by kind and by set.

A kind of several packages has an interval of a bootstrap over its sets, since pictures of one set
are alike; a single set has one over its pictures, or a Wilson interval where all agree.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from shared.domain.taste import Element
from training.evaluation.markdown import header, line
from training.evaluation.real_words.measure import LABELED, MEASURED, CheckedPicture
from training.statistics.bootstrap import share
from training.statistics.interval import Share

CUT_OUT: Final = "cut-outs"
PHOTOGRAPH: Final = "photograph"
Checked = Mapping[str, Mapping[str, Sequence[CheckedPicture]]]
"""By kind and then by set."""
Judge = Callable[[CheckedPicture], bool]


def report(checked: Checked, *, seed: int) -> str:
    """Two tables, measured words and named words, and the share of photographs like drawings."""
    named = "elements of which a medium or style is named"
    parts = [
        *header("measured words", ["pictures", *(f"{e.label} agrees" for e in MEASURED)]),
        *(
            line(name, [_count(sets), *(_share(sets, _agrees(e), seed) for e in MEASURED)])
            for name, sets in _rows(checked).items()
        ),
        "",
        *header(named, ["pictures", *_columns()]),
        *(line(name, [_count(sets), *_named(sets, seed)]) for name, sets in _rows(checked).items()),
    ]
    if PHOTOGRAPH in checked:
        like_drawings = _share(
            list(checked[PHOTOGRAPH].values()), lambda c: c.has_words_of_a_drawing, seed
        )
        parts += ["", f"Photographs with the medium or style of a drawing: {like_drawings}"]
    everything = [pictures for sets in checked.values() for pictures in sets.values()]
    totals = [
        f"{element.label}: right of named {_precision(everything, element, seed)}, named"
        f" {_share(everything, _names(element), seed)}"
        for element in LABELED
    ]
    return "\n".join([*parts, "", *totals])


def _rows(checked: Checked) -> dict[str, list[Sequence[CheckedPicture]]]:
    """The sets of each kind, each set alone, and cut-outs of all kinds."""
    rows: dict[str, list[Sequence[CheckedPicture]]] = {}
    for kind, sets in checked.items():
        rows[f"**{kind}**"] = list(sets.values())
        rows |= {name: [pictures] for name, pictures in sets.items()}
    cut_outs = [
        [picture for picture in pictures if picture.has_transparency]
        for sets in checked.values()
        for pictures in sets.values()
    ]
    rows[f"**{CUT_OUT} of all kinds**"] = [pictures for pictures in cut_outs if pictures]
    return rows


def _columns() -> list[str]:
    return [f"{e.label} {column}" for e in LABELED for column in ("named", "right of named")]


def _named(sets: Sequence[Sequence[CheckedPicture]], seed: int) -> list[Share | None]:
    cells: list[Share | None] = []
    for element in LABELED:
        cells += [_share(sets, _names(element), seed), _precision(sets, element, seed)]
    return cells


def _precision(
    sets: Sequence[Sequence[CheckedPicture]], element: Element, seed: int
) -> Share | None:
    named = [[picture for picture in pictures if picture.names(element)] for pictures in sets]
    return _share(named, lambda picture: picture.is_right(element), seed)


def _share(sets: Sequence[Sequence[CheckedPicture]], judge: Judge, seed: int) -> Share | None:
    values = [[float(judge(picture)) for picture in pictures] for pictures in sets if pictures]
    if not values:
        return None
    clusters = values if len(values) > 1 else [[value] for value in values[0]]
    return share(clusters, seed=seed)


def _count(sets: Sequence[Sequence[CheckedPicture]]) -> int:
    return sum(len(pictures) for pictures in sets)


def _agrees(element: Element) -> Judge:
    return lambda picture: picture.agrees(element)


def _names(element: Element) -> Judge:
    return lambda picture: picture.names(element)
