"""Grafana's boards are as their source says, and provisioned as their queries expect."""

import json
import subprocess
import sys

import yaml

from tests.support.project_root import PROJECT_ROOT

GRAFANA = PROJECT_ROOT / "infra" / "grafana"


def test_the_boards_are_as_their_source_has_them() -> None:
    told = subprocess.run(
        [sys.executable, str(GRAFANA / "boards.py")], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr


def test_every_panel_asks_the_provisioned_source_and_says_what_it_shows() -> None:
    (source,) = yaml.safe_load(
        (GRAFANA / "provisioning" / "datasources" / "prometheus.yml").read_text("utf-8")
    )["datasources"]
    for board in GRAFANA.glob("boards/*.json"):
        for panel in json.loads(board.read_text("utf-8"))["panels"]:
            assert panel["description"].endswith(".")
            for target in panel["targets"]:
                assert target["datasource"] == {"type": source["type"], "uid": source["uid"]}


def test_panels_do_not_lie_over_one_another() -> None:
    for board in GRAFANA.glob("boards/*.json"):
        panels = json.loads(board.read_text("utf-8"))["panels"]
        places = {(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels}
        assert len(places) == len(panels)
        assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in panels)
