"""The Helm chart passes lint, renders valid Kubernetes resources, and keeps the project's rules."""

from collections.abc import Mapping
from typing import Any

import helm_python as helm
import kubernetes_validate
import pytest
import yaml

from services.cli.reference.all_settings import known_variables
from shared.events.topics import TOPICS
from tests.integration.infra.chart import CHART, LARGE, SMALL, named, of_kind, pods, render
from tests.support.runnable import is_runnable

KUBERNETES = ("1.29", "1.37")
"""The oldest version that the chart supports, and the newest that the validator supports."""
CUSTOM_RESOURCES = {"keda.sh/v1alpha1", "monitoring.coreos.com/v1"}
"""API versions of custom resources; no package contains their schemas."""
INSTALLATIONS = {
    "small": SMALL,
    "large": LARGE,
    "without KEDA and policies": {
        **SMALL,
        "keda": {"enabled": False},
        "network": {"enabled": False},
        "disruption": {"enabled": False},
        "training": {"enabled": False},
        "services": {"ops": {"enabled": False}},
    },
}


@pytest.fixture(scope="module", params=INSTALLATIONS)
def resources(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return render(INSTALLATIONS[request.param])


@pytest.fixture(scope="module")
def large() -> list[dict[str, Any]]:
    return render(LARGE)


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return selector.items() <= labels.items()


@pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)
def test_the_chart_passes_lint(values: Mapping[str, Any]) -> None:
    report = helm.lint(str(CHART), dict(values), strict=True)
    assert report["errors"] == []
    # Lint also recommends an icon; the chart has none.
    assert {message["error"] for message in report["messages"]} <= {"icon is recommended"}


@pytest.mark.parametrize("version", KUBERNETES)
def test_every_resource_is_valid_for_kubernetes(
    resources: list[dict[str, Any]], version: str
) -> None:
    for resource in resources:
        if resource["apiVersion"] not in CUSTOM_RESOURCES:
            kubernetes_validate.validate(resource, version, strict=True)


def test_a_misspelled_field_is_rejected(large: list[dict[str, Any]]) -> None:
    resource = named(large, "Deployment", "demo-preferstream-monitor")
    wrong = {**resource, "spec": {**resource["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[-1], strict=True)


def test_no_two_resources_share_a_name(resources: list[dict[str, Any]]) -> None:
    names = [(resource["kind"], resource["metadata"]["name"]) for resource in resources]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 63 for _, name in names)


def test_our_services_run_without_privileges(resources: list[dict[str, Any]]) -> None:
    for name, pod in pods(resources):
        assert pod["spec"]["automountServiceAccountToken"] is False
        for container in pod["spec"]["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
            if not name.endswith("-vllm"):
                assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
                assert security["readOnlyRootFilesystem"] is True


def test_every_selector_matches_a_pod(resources: list[dict[str, Any]]) -> None:
    labels = [pod["metadata"]["labels"] for _, pod in pods(resources)]
    for resource in resources:
        spec = resource.get("spec", {})
        match resource["kind"]:
            case "Deployment" | "PodDisruptionBudget" | "PodMonitor":
                wanted = spec["selector"]["matchLabels"]
            case "NetworkPolicy":
                wanted = spec["podSelector"]["matchLabels"]
            case "Service":
                wanted = spec["selector"]
            case _:
                continue
        assert any(selects(wanted, candidate) for candidate in labels), resource["metadata"]["name"]


def test_every_module_and_setting_exists(resources: list[dict[str, Any]]) -> None:
    for name, pod in pods(resources):
        (container,) = pod["spec"]["containers"]
        if not name.endswith("-vllm"):
            assert is_runnable(container["args"][0])
        variables = {entry["name"] for entry in container.get("env", [])}
        variables |= set(named(resources, "ConfigMap", "demo-preferstream-settings")["data"])
        ours = {name for name in variables if name.startswith("PREFERSTREAM_")}
        assert ours <= known_variables()


def test_scaling_uses_the_lag_of_the_group_of_the_topic(
    large: list[dict[str, Any]],
) -> None:
    scaled = list(of_kind(large, "ScaledObject"))
    assert len(scaled) == 2
    for resource in scaled:
        (trigger,) = resource["spec"]["triggers"]
        topic_trigger = trigger["metadata"]
        component = resource["spec"]["scaleTargetRef"]["name"].rpartition("-")[2]
        assert topic_trigger["topic"] in {topic.name for topic in TOPICS}
        assert (
            topic_trigger["consumerGroup"] == f"preferstream.{component}.{topic_trigger['topic']}"
        )
        assert trigger["authenticationRef"] == {"name": "kafka-auth"}
        # More consumers than partitions would be idle.
        settings = named(large, "ConfigMap", "demo-preferstream-settings")["data"]
        partitions = int(settings["PREFERSTREAM_TOPIC_PARTITIONS"])
        assert resource["spec"]["maxReplicaCount"] <= partitions
        # An upgrade must not reset the number of replicas that KEDA has set.
        deployment = resource["spec"]["scaleTargetRef"]["name"]
        assert "replicas" not in named(large, "Deployment", deployment)["spec"]


def test_a_single_pod_may_be_moved(resources: list[dict[str, Any]]) -> None:
    protected = {
        resource["metadata"]["name"] for resource in of_kind(resources, "PodDisruptionBudget")
    }
    for resource in of_kind(resources, "Deployment"):
        if resource["spec"].get("replicas") == 1:
            assert resource["metadata"]["name"] not in protected


def test_a_pod_has_more_time_to_stop_than_to_drain(resources: list[dict[str, Any]]) -> None:
    from shared.messaging.client.settings import MessagingSettings

    for component in ("assessor", "profile", "catalog"):
        resource = named(resources, "Deployment", f"demo-preferstream-{component}")
        grace = resource["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        assert grace > MessagingSettings().drain_seconds + 10


def test_only_the_configured_pods_request_gpus(large: list[dict[str, Any]]) -> None:
    replicas = {
        name: pod["spec"]["containers"][0]["resources"]["limits"].get("nvidia.com/gpu")
        for name, pod in pods(large)
    }
    assert {name.rpartition("-")[2] for name, count in replicas.items() if count} == {
        "assessor", "training", "vllm",
    }  # fmt: skip
    small = render(SMALL)
    assert "nvidia" not in yaml.safe_dump(small)


def test_every_pod_that_promotes_or_serves_mounts_the_checkpoint_of_vllm(
    large: list[dict[str, Any]],
) -> None:
    settings = named(large, "ConfigMap", "demo-preferstream-settings")["data"]
    (vllm,) = (pod for name, pod in pods(large) if name.endswith("-vllm"))
    folder = settings["PREFERSTREAM_MODEL"]
    assert vllm["spec"]["containers"][0]["args"][0] == folder
    mounted_by = {
        name.rpartition("-")[2]
        for name, pod in pods(large)
        for mount in pod["spec"]["containers"][0]["volumeMounts"]
        if mount["mountPath"] == folder and mount["readOnly"]
    }
    assert mounted_by == {
        "assessor", "profile", "catalog", "retrain", "ops", "training", "vllm",
    }  # fmt: skip
    small = named(render(SMALL), "ConfigMap", "demo-preferstream-settings")["data"]
    assert "PREFERSTREAM_MODEL" not in small


def test_only_the_secret_contains_secrets(large: list[dict[str, Any]]) -> None:
    secret = named(large, "Secret", "demo-preferstream-settings")
    assert secret["stringData"]["PREFERSTREAM_QDRANT_API_KEY"] == "a: b # c"
    for resource in large:
        if resource["kind"] != "Secret":
            assert "a: b # c" not in yaml.safe_dump(resource)
    for name, pod in pods(large):
        if not name.endswith("-vllm"):
            sources = pod["spec"]["containers"][0]["envFrom"]
            assert {"secretRef": {"name": "demo-preferstream-settings"}} in sources


def test_an_image_with_a_digest_is_pinned_to_it(large: list[dict[str, Any]]) -> None:
    images = {name: pod["spec"]["containers"][0]["image"] for name, pod in pods(large)}
    assert images["demo-preferstream-monitor"] == "preferstream-light@sha256:" + "0" * 64
    assert images["demo-preferstream-assessor"] == "preferstream-model:0.1.0"


def test_the_alert_rules_are_rendered_unchanged(large: list[dict[str, Any]]) -> None:
    rule = named(large, "PrometheusRule", "demo-preferstream")
    assert rule["spec"] == yaml.safe_load(LARGE["monitoring"]["rules"])


def test_the_assessor_restarts_when_its_settings_change() -> None:
    def checksum(values: Mapping[str, Any]) -> str:
        resource = named(render(values), "Deployment", "demo-preferstream-assessor")
        return str(resource["spec"]["template"]["metadata"]["annotations"]["checksum/settings"])

    changed = {**SMALL, "settings": {"PREFERSTREAM_SEEN_DAYS": "3"}}
    assert checksum(SMALL) == checksum(dict(SMALL))
    assert checksum(SMALL) != checksum(changed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kafka": {"bootstrap": ""}}, "kafka.bootstrap is empty"),
        ({"qdrant": {"url": ""}}, "qdrant.url is empty"),
        ({"lake": ""}, "lake is empty"),
        ({"tokens": {"existing": ""}}, "tokens.existing is empty"),
        ({"ingress": {"enabled": True, "host": "a.example"}}, "ingress.tlsSecret is empty"),
        ({"vllm": {"enabled": True}}, "vllm.model.claim is empty"),
        ({"kafka": {"bootstrap": "kafka"}}, "bootstrap"),
        ({"lake": "/data/lake"}, "lake"),
        ({"images": {"light": {"tag": "latest"}}}, "tag"),
        ({"settings": {"PREFERSTREAM_SEEN_DAYS": 3}}, "string"),
        ({"settings": {"preferstream_seen_days": "3"}}, "preferstream_seen_days"),
        ({"service": {}}, "service"),
        ({"training": {"schedule": "30 2 * * *"}}, "schedule"),
        ({"training": {"at": "2:30"}}, "at"),
        ({"training": {"minutes": 360}}, "training.hours is 6"),
        ({"models": {"accessMode": "ReadWriteMany"}}, "accessMode"),
        ({"services": {"assessor": {"replica": 3}}}, "replica"),
    ],
)
def test_an_invalid_value_is_rejected(change: Mapping[str, Any], message: str) -> None:
    with pytest.raises(helm.HelmError, match=message):
        render({**SMALL, **change})
