"""The demo with a real Kafka and the real model ranks real pictures and drawings as liked."""

import json
from pathlib import Path

import pytest

from services.cli.demo.real_users import colorfulness_of, real_users
from shared.images.packaged.pictures import package_pictures
from tests.e2e.system import preferstream

pytestmark = [pytest.mark.kafka, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]


def test_the_demo_ranks_the_liked_style_first_and_reacts_to_clicks(tmp_path: Path) -> None:
    completed = preferstream("demo", "--headless", "--json", data_dir=tmp_path, timeout=500)

    assert completed.returncode == 0, completed.stderr[-3000:]
    outcome = json.loads(completed.stdout.splitlines()[-1])
    assert outcome["right_pairs"] >= 0.9
    assert outcome["mean_rise"] > 0
    assert outcome["status"] == "ok"
    assert outcome["dead_letter"]["reason"]
    assert outcome["rejected"] == []
    # Users of real pictures need packages that a machine without a network cannot install.
    expected = real_users(pictures := package_pictures(), colorfulness_of(pictures))
    assert [user["name"] for user in outcome["users"]] == [user.name for user in expected]
    assert not expected or outcome["right_pairs_real"] >= 0.75
    page = Path(outcome["page"]).read_text(encoding="utf-8")
    assert page.count('class="card"') >= 2 * 12 + 8 * len(expected)
    assert "data:image/webp" in page
