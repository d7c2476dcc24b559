"""Model pages: versions, gate reports, promotion with a reason, and rollback."""

import json
from pathlib import Path

import pytest

from services.ops.pages.models.gate_report import gate_report
from services.retrain.registry.admin import RegistryAdmin
from services.retrain.registry.folders import REPORT
from shared.events import OperatorAction
from tests.unit.services.ops.site import Site, site
from tests.unit.services.retrain.registry.registry_setup import RELEASE, RegistrySetup

WIDE = {"value": 0.05, "low": 0.02, "high": 0.08}
REPORTED = {
    "made_at": "2026-01-31T03:10:00+00:00",
    "decision": {
        "verdict": "keep",
        "code": "benchmark",
        "reason": "It loses on the benchmark.",
        "checks": [
            {"code": "x", "title": "Nothing is lost", "passed": False, "explanation": "-2 points"}
        ],
    },
    "findings": {
        "held_out_users": {
            "users": 60,
            "pairs": 400,
            "means": {
                "champion": {"value": 0.7, "low": 0.66, "high": 0.74},
                "challenger": {"value": 0.75, "low": 0.7, "high": 0.8},
                "difference": WIDE,
            },
        },
        "later_days": None,
        "benchmark": {"means": {"difference": {"value": -0.02, "low": -0.03, "high": -0.01}}},
        "splits": {},
        "calibrations": {
            "champion": {"bins": [{"pairs": 9, "confidence": 0.7, "right": 0.6}], "error": 0.1},
            "challenger": {"bins": [{"pairs": 9, "confidence": 0.8, "right": 0.78}], "error": 0.02},
        },
    },
}


@pytest.fixture
def registry(tmp_path: Path) -> RegistrySetup:
    fake_site = RegistrySetup(tmp_path)
    report = tmp_path / "models" / "nano-2" / REPORT
    report.mkdir()
    (report / "report.json").write_text(json.dumps(REPORTED))
    curves = tmp_path / "models" / "nano-2" / "curves"
    curves.mkdir()
    rows = [{"step": n, "loss": 2 - n / 10, "epoch": 0.1} for n in range(1, 6)]
    (curves / "sft.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return fake_site


def _site(registry: RegistrySetup) -> Site:
    return site(with_tokens=True, models=RegistryAdmin(registry.folders, registry.promoter))


async def test_versions_are_listed_with_the_champion(registry: RegistrySetup) -> None:
    registry.promoter.promote("nano-3", reason="better")
    async with _site(registry).client("reader") as client:
        page = (await client.get("/models")).text
    assert page.index("nano-3") < page.index("nano-2")
    assert RELEASE.version in page
    assert 'href="/models" aria-current="page"' in page


async def test_a_gate_report_is_shown_with_its_checks_and_intervals(
    registry: RegistrySetup,
) -> None:
    async with _site(registry).client("reader") as client:
        page = (await client.get("/model?version=nano-2")).text
        other = (await client.get("/model?version=nano-3")).text
    assert "It loses on the benchmark." in page
    assert "Nothing is lost" in page
    assert "+5.0 points" in page
    assert "-2.0 points" in page
    assert "400 pairs of 60 held-out users" in page
    assert "This version has no gate decision" in other


async def test_a_version_shows_its_training_curves_and_its_calibration(
    registry: RegistrySetup,
) -> None:
    async with _site(registry).client("reader") as client:
        page = (await client.get("/model?version=nano-2")).text
        other = (await client.get("/model?version=nano-3")).text
    assert "Loss, from 1.9 at step 1 to 1.5 at step 5" in page
    assert "calibration error of the champion: 10.0 points" in page
    assert "calibration error of the challenger: 2.0 points" in page
    assert "9 pairs: 80% confident, 78% correct" in page
    assert "Training curves" not in other


async def test_a_version_shows_element_weights_that_are_not_equal(
    registry: RegistrySetup,
) -> None:
    weights = {"art_style": 0.5, "color": 2.25, "medium": 0.25, "saturation": 1.5, "detail": 0.5}
    file = registry.folders.find("nano-2").folder / "manifest.json"
    manifest = json.loads(file.read_text()) | {"element_weights": weights}
    file.write_text(json.dumps(manifest))
    async with _site(registry).client("reader") as client:
        page = (await client.get("/model?version=nano-2")).text
        other = (await client.get("/model?version=nano-3")).text
    assert "<dt>color</dt><dd class=" + '"number">2.25</dd>' in page
    assert "Element weights" not in other


async def test_a_model_that_the_gate_rejected_is_promoted_only_with_force(
    registry: RegistrySetup,
) -> None:
    dashboard = _site(registry)
    form = {"version": "nano-2", "reason": "we know better"}
    async with dashboard.client("operator") as client:
        refused = await client.post("/model/promote", data=form)
        assert not registry.topic.events
        done = await client.post("/model/promote", data={**form, "force": "true"})
    assert refused.status_code == 422
    assert "the gate decided against nano-2" in refused.json()["detail"]
    assert done.status_code == 303
    assert registry.topic.events[-1].model_version == "nano-2"
    assert registry.topic.events[-1].reason == "we know better"
    actions = [(e.action, e.outcome) for e in dashboard.kafka.sent if isinstance(e, OperatorAction)]
    assert actions == [
        ("model.promote", "begun"),
        ("model.promote", "refused"),
        ("model.promote", "begun"),
        ("model.promote", "done"),
    ]


async def test_a_rollback_returns_to_the_release_and_a_second_one_is_rejected(
    registry: RegistrySetup,
) -> None:
    registry.promoter.promote("nano-3", reason="better")
    dashboard = _site(registry)
    async with dashboard.client("operator") as client:
        done = await client.post("/models/rollback", data={"reason": "scores fell"})
        again = await client.post("/models/rollback", data={"reason": "scores fell"})
    assert done.status_code == 303
    assert registry.topic.events[-1].model_version == RELEASE.version
    assert again.status_code == 422


async def test_only_operators_can_change_models(registry: RegistrySetup) -> None:
    async with _site(registry).client("writer") as client:
        response = await client.post("/models/rollback", data={"reason": "x"})
    assert response.status_code == 403


async def test_an_unknown_version_is_not_found(registry: RegistrySetup) -> None:
    async with _site(registry).client("reader") as client:
        for version in ("nano-9", "../nano-2", ""):
            assert (await client.get("/model", params={"version": version})).status_code == 404


async def test_a_site_without_a_registry_has_no_models_page() -> None:
    async with site().client() as client:
        assert (await client.get("/models")).status_code == 404
        assert 'href="/models"' not in (await client.get("/users")).text


def test_a_report_without_findings_is_shown() -> None:
    crashed = gate_report({"decision": {"verdict": "keep", "reason": "It crashed."}})
    assert (crashed.verdict, crashed.accuracies, crashed.differences) == ("keep", (), ())


def test_intervals_share_a_scale_that_includes_zero() -> None:
    first, second = gate_report(REPORTED).differences
    assert first.scale == second.scale
    assert 0 < second.x_low < second.x_high < first.zero < first.x_low < first.x_high < 100


def test_a_control_shows_its_number_of_pairs_if_the_report_has_it() -> None:
    held_out = {"means": {"champion": WIDE, "user_blind": WIDE}}
    with_pairs = gate_report(
        {"findings": {"held_out_users": held_out | {"control_pairs": {"user_blind": 200}}}}
    )
    assert [interval.name for interval in with_pairs.accuracies] == [
        "champion", "without a profile, on 200 pairs",
    ]  # fmt: skip
    without_pairs = gate_report({"findings": {"held_out_users": held_out}})
    assert [interval.name for interval in without_pairs.accuracies] == [
        "champion",
        "without a profile",
    ]
