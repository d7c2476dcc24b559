"""Every panel of every Grafana board queries metrics and labels that a running system has."""

import json
from collections import defaultdict
from typing import Any

import promql_parser
import pytest

from tests.e2e.operations.scrape import Scraped
from tests.support.project_root import PROJECT_ROOT
from tests.support.promql_names import groups_in, labels_in, names_in

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.timeout(300)]
BOARDS = sorted((PROJECT_ROOT / "infra" / "grafana" / "boards").glob("*.json"))
SCRAPE_LABELS = {"job", "instance", "service"}
"""Labels that the scrape adds."""
PANELS = [
    (board.stem, panel["title"], target["expr"])
    for board in BOARDS
    for panel in json.loads(board.read_text("utf-8"))["panels"]
    for target in panel["targets"]
]


@pytest.fixture(scope="module")
def series(scraped: list[Scraped]) -> dict[str, set[str]]:
    """The labels of each sample, by name; `up` comes from Prometheus itself."""
    labels_by_sample: dict[str, set[str]] = defaultdict(set)
    for family in scraped:
        for sample in family.samples:
            labels_by_sample[sample.name] |= set(sample.labels)
    # A counter with labels has no sample before its first event, but it has its name.
    from services.cli.reference.all_metrics import known_metrics

    shown = {family.name for family in scraped}
    for metric in known_metrics():
        for name in metric.series if metric.name in shown else ():
            labels_by_sample[name] |= set(metric.labels)
    return {**labels_by_sample, "up": set()}


def _parsed(query: str) -> Any:
    return promql_parser.parse(query.replace("$__rate_interval", "1m"))


@pytest.mark.parametrize(("board", "panel", "query"), PANELS)
def test_a_panel_queries_existing_metrics_and_labels(
    series: dict[str, set[str]], board: str, panel: str, query: str
) -> None:
    expression = _parsed(query)
    missing = names_in(expression) - set(series)
    assert not missing, f"{board}, {panel}: no such metric"
    for name, labels in labels_in(expression).items():
        allowed = series[name] | SCRAPE_LABELS | {"le"}
        assert labels <= allowed, f"{board}, {panel}: {name} has no such label"
    known = set().union(*(series[name] for name in names_in(expression)))
    assert groups_in(expression) <= known | SCRAPE_LABELS | {"le"}, f"{board}, {panel}"


def test_every_metric_of_the_system_is_on_a_board(series: dict[str, set[str]]) -> None:
    from services.cli.reference.all_metrics import known_metrics

    queried = set().union(*(names_in(_parsed(query)) for _, _, query in PANELS))
    unseen = {metric.name for metric in known_metrics() if not metric.series & queried}
    assert not unseen, "add a panel in infra/grafana/boards.py, or remove the metric"
