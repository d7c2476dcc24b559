"""Write a proof as Markdown tables, and the reliability of its scores as an SVG file."""

from collections.abc import Mapping

from training.evaluation.controls import OTHER_USER, USER_BLIND
from training.evaluation.markdown import header, line
from training.evaluation.simulated.evaluate import CONDITIONS, GIVEN, PREDICTED
from training.evaluation.simulated.metrics import Metrics
from training.evaluation.simulated.report import Proof
from training.plots.charts import reliability
from training.plots.colors import file_style
from training.statistics.calibration import Calibration

TITLES: Mapping[str, str] = {
    PREDICTED: "predicted profile",
    GIVEN: "true profile given",
    USER_BLIND: f"control `{USER_BLIND}`",
    OTHER_USER: f"control `{OTHER_USER}`",
}


def as_markdown(proof: Proof) -> str:
    """Every table of the proof, to paste into LOG.md."""
    lines = [
        f"{proof.model_version}; in brackets 95 % intervals over users, of photographs over"
        " photographs.",
        "",
    ]
    for level, splits in proof.levels.items():
        lines += [*_level(level, splits), ""]
    kinds = list(proof.described)
    lines += header("right words in descriptions", kinds)
    elements = next(iter(proof.described.values()))
    lines += [line(name, [proof.described[kind][name] for kind in kinds]) for name in elements]
    return "\n".join(lines) + "\n"


def _level(level: str, splits: Mapping[str, Metrics]) -> list[str]:
    columns = list(splits.values())
    deciding = sorted({name for column in columns for name in column.by_element})
    return [
        *header(level, list(splits)),
        *(line(f"pairs, {TITLES[c]}", [m.accuracy[c] for m in columns]) for c in CONDITIONS),
        *(line(f"pairs decided by {e}", [m.by_element.get(e) for m in columns]) for e in deciding),
        *(line(f"profile words: {e}", [m.profile[e] for m in columns]) for e in columns[0].profile),
        line("profile similarity", [m.profile_similarity for m in columns]),
        line("NDCG@10 of slates of 20", [m.ndcg for m in columns]),
        line("faithful rationales", [m.faithful for m in columns]),
        line("profiles parsed", [m.well_formed for m in columns]),
        line("calibration error", [f"{m.calibration.error:.3f}" for m in columns]),
    ]


def reliability_plot(calibrations: Mapping[str, Calibration]) -> str:
    """Accuracy by confidence for each level: one SVG file."""
    names = {level: f"{level}: error {c.error:.3f}" for level, c in calibrations.items()}
    plot = reliability(calibrations, title="Accuracy by confidence", names=names)
    return plot.replace(">", f"><style>{file_style()}</style>", 1)
