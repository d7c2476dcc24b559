"""Write what was measured as Markdown, and the reliability of its scores as a picture."""

from collections.abc import Mapping, Sequence
from typing import Final

from PIL import Image, ImageDraw

from training.evaluation.simulated.metrics import Counted
from training.evaluation.simulated.report import Proof
from training.statistics.calibration import Calibration
from training.statistics.interval import Share

SIDE: Final = 420
MARGIN: Final = 50
COLORS: Final = ("#b4460f", "#1d5fa8")
"""Of the curves, in the order of the levels."""


def as_markdown(proof: Proof) -> str:
    """Every table of the report, to be pasted into LOG.md."""
    lines = [f"{proof.model_version}; in brackets 95 % intervals over users.", ""]
    for level, splits in proof.levels.items():
        lines += [*_of_level(level, splits), ""]
    kinds = list(proof.named)
    lines += header("element named", kinds)
    elements = list(next(iter(proof.named.values())))
    lines += [_line(name, [proof.named[kind][name] for kind in kinds]) for name in elements]
    return "\n".join(lines) + "\n"


def _of_level(level: str, splits: Mapping[str, Counted]) -> list[str]:
    columns = list(splits.values())
    lines = header(level, list(splits))
    lines += [
        _line(f"taste: {whose}", [one.accuracy[whose] for one in columns])
        for whose in columns[0].accuracy
    ]
    deciding = sorted({name for one in columns for name in one.by_element})
    lines += [
        _line(f"decided by {name}", [one.by_element.get(name) for one in columns])
        for name in deciding
    ]
    lines += [
        _line(f"profile: {name}", [one.profile[name] for one in columns])
        for name in columns[0].profile
    ]
    lines += [
        _line("profile similarity", [one.profile_similarity for one in columns]),
        _line("NDCG@10 of slates of 20", [one.ndcg for one in columns]),
        _line("faithful reasons", [one.faithful for one in columns]),
        _line("profiles that could be read", [one.well_formed for one in columns]),
    ]
    errors = " | ".join(f"{one.calibration.error:.3f}" for one in columns)
    return [*lines, f"| calibration error | {errors} |"]


def header(first: str, names: Sequence[str]) -> list[str]:
    """The first two lines of a table in Markdown."""
    return [f"| {first} | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]


def _line(name: str, shares: Sequence[Share | None]) -> str:
    told = ("" if one is None else str(one) for one in shares)
    return f"| {name} | {' | '.join(told)} |"


def reliability_plot(of: Mapping[str, Calibration]) -> Image.Image:
    """Share right against how sure the model was; on the diagonal both are the same."""
    image = Image.new("RGB", (SIDE + 2 * MARGIN, SIDE + 2 * MARGIN), "white")
    draw = ImageDraw.Draw(image)

    def point(sure: float, right: float) -> tuple[float, float]:
        return MARGIN + (sure - 0.5) * 2 * SIDE, MARGIN + (1 - right) * SIDE

    draw.rectangle((MARGIN, MARGIN, MARGIN + SIDE, MARGIN + SIDE), outline="#888888")
    draw.line((*point(0.5, 0.5), *point(1, 1)), fill="#888888")
    for place, (name, found) in enumerate(of.items()):
        color = COLORS[place % len(COLORS)]
        dots = [point(one.confidence, one.right) for one in found.bins]
        draw.line([xy for dot in dots for xy in dot], fill=color, width=2)
        most = max(one.pairs for one in found.bins)
        for (x, y), one in zip(dots, found.bins, strict=True):
            radius = 2 + 6 * (one.pairs / most) ** 0.5
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)
        told = f"{name}: calibration error {found.error:.3f}"
        draw.text((MARGIN + 8, MARGIN + 8 + 16 * place), told, fill=color)
    for share in (0.5, 0.75, 1.0):
        x, y = point(share, share)
        draw.text((x - 10, MARGIN + SIDE + 8), f"{100 * share:.0f} %", fill="black")
        draw.text((6, y - 6), f"{100 * share:.0f} %", fill="black")
    draw.text((MARGIN + SIDE / 2 - 60, MARGIN + SIDE + 26), "how sure the model was", fill="black")
    draw.text((6, MARGIN - 24), "how often it was right", fill="black")
    return image
