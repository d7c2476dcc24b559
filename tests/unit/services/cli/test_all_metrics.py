"""The list of metrics is complete, and every name and label follows the rules."""

import ast

from services.cli.reference.all_metrics import FILE, LABELS, PREFIX, as_page, known_metrics
from tests.support.project_root import PROJECT_ROOT

MAKERS = {
    "Counter", "Gauge", "Histogram", "Summary", "Info", "Enum",
    "GaugeMetricFamily", "CounterMetricFamily", "HistogramMetricFamily", "InfoMetricFamily",
}  # fmt: skip
UNITS_OF_TIME = ("milliseconds", "_ms", "minutes", "hours")


def _names_in_code() -> dict[str, str]:
    """Every metric that the code creates, and the file."""
    names = {}
    for path in [*PROJECT_ROOT.glob("services/**/*.py"), *PROJECT_ROOT.glob("shared/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in MAKERS
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                names[str(node.args[0].value)] = str(path.relative_to(PROJECT_ROOT))
    return names


def test_every_metric_in_the_code_is_listed() -> None:
    known = {metric.name for metric in known_metrics()}
    unknown = {name: path for name, path in _names_in_code().items() if name not in known}
    assert not unknown, (
        f"add their class to SOURCES in services/cli/reference/all_metrics.py: {unknown}"
    )


def test_the_page_of_metrics_matches_the_code() -> None:
    assert FILE.read_text(encoding="utf-8") == as_page(), (
        "run `python -m services.cli.reference.all_metrics --write`"
    )


def test_no_two_metrics_share_a_name() -> None:
    names = [metric.name for metric in known_metrics()]
    assert len(set(names)) == len(names)


def test_every_name_has_the_prefix_and_its_unit() -> None:
    for metric in known_metrics():
        assert metric.name.startswith(PREFIX)
        assert metric.help
        assert not any(unit in metric.name for unit in UNITS_OF_TIME), "seconds are the unit"
        if metric.kind == "histogram":
            assert metric.name.endswith(("_seconds", "_ratio", "_bytes")), metric.name


def test_every_label_has_bounded_values() -> None:
    for metric in known_metrics():
        for label in metric.labels:
            assert label in LABELS, f"{metric.name}: add the allowed values of {label!r} to LABELS"


def test_text_from_a_user_is_not_a_label_value() -> None:
    assert not LABELS["reason"].allows("the image 'cat.png' is gone")
    assert not LABELS["topic"].allows("unknown-topic")
    assert LABELS["reason"].allows("image_too_large")
