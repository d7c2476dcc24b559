"""Grafana dashboards equal their source, and use the provisioned data source."""

import json
import subprocess
import sys

import yaml

from tests.support.project_root import PROJECT_ROOT

GRAFANA = PROJECT_ROOT / "infra" / "grafana"


def test_the_dashboards_equal_their_source() -> None:
    check = subprocess.run(
        [sys.executable, str(GRAFANA / "boards.py")], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr


def test_every_panel_has_a_description_and_uses_the_provisioned_data_source() -> None:
    (source,) = yaml.safe_load(
        (GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text("utf-8")
    )["datasources"]
    for board in GRAFANA.glob("boards/*.json"):
        for panel in json.loads(board.read_text("utf-8"))["panels"]:
            assert panel["description"].endswith(".")
            for target in panel["targets"]:
                assert target["datasource"] == {"type": source["type"], "uid": source["uid"]}


def test_panels_do_not_overlap() -> None:
    for board in GRAFANA.glob("boards/*.json"):
        panels = json.loads(board.read_text("utf-8"))["panels"]
        positions = {(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels}
        assert len(positions) == len(panels)
        assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in panels)
