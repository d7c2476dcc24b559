"""Render the Helm chart, and look up resources in the result."""

from collections.abc import Iterator, Mapping
from typing import Any

import helm_python as helm
import yaml

from tests.support.project_root import PROJECT_ROOT

CHART = PROJECT_ROOT / "infra" / "helm" / "preferstream"

SMALL: Mapping[str, Any] = {
    "kafka": {"bootstrap": "kafka-0:9092,kafka-1:9092"},
    "qdrant": {"url": "http://qdrant:6333"},
    "lake": "s3://bucket/lake",
    "tokens": {"existing": "dashboard-tokens"},
}
LARGE: Mapping[str, Any] = {
    **SMALL,
    "mlflow": "http://mlflow:5000",
    "secret": {"values": {"PREFERSTREAM_QDRANT_API_KEY": "a: b # c", "AWS_ACCESS_KEY_ID": "x"}},
    "settings": {"PREFERSTREAM_EXPLORE_SHARE": "0.2"},
    "images": {"pullSecrets": ["registry"], "light": {"digest": "sha256:" + "0" * 64}},
    "services": {
        "assessor": {
            "gpu": {"count": 1, "resource": "nvidia.com/gpu"},
            "nodeSelector": {"gpu": "h100"},
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
            "settings": {"PREFERSTREAM_MODEL_DEVICE": "cuda"},
        },
        "retrain": {"replicas": 2},
    },
    "ingress": {"enabled": True, "host": "taste.example", "tlsSecret": "tls", "className": "nginx"},
    "vllm": {"enabled": True, "model": {"claim": "checkpoints"}},
    "training": {"gpu": {"count": 1, "resource": "nvidia.com/gpu"}},
    "keda": {"authentication": "kafka-auth"},
    "monitoring": {
        "podMonitor": True,
        "rules": (PROJECT_ROOT / "infra" / "prometheus" / "alerts.yml").read_text("utf-8"),
        "labels": {"release": "prometheus"},
    },
}


def render(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    with helm.Chart.load(str(CHART)) as chart:
        files = chart.render(chart.merge_values(dict(values)), name="demo", namespace="prod")
    texts = [text for path, text in files.items() if path.endswith(".yaml")]
    return [document for text in texts for document in yaml.safe_load_all(text) if document]


def of_kind(resources: list[dict[str, Any]], kind: str) -> Iterator[dict[str, Any]]:
    return (resource for resource in resources if resource["kind"] == kind)


def pods(resources: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and pod template of every Deployment and CronJob."""
    for resource in of_kind(resources, "Deployment"):
        yield resource["metadata"]["name"], resource["spec"]["template"]
    for resource in of_kind(resources, "CronJob"):
        yield resource["metadata"]["name"], resource["spec"]["jobTemplate"]["spec"]["template"]


def named(resources: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    (resource,) = (item for item in of_kind(resources, kind) if item["metadata"]["name"] == name)
    return resource


def variables(resources: list[dict[str, Any]], pod: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a pod: the variables of the ConfigMap, then its own."""
    settings = dict(named(resources, "ConfigMap", "demo-preferstream-settings")["data"])
    return settings | {
        entry["name"]: entry["value"] for entry in pod["spec"]["containers"][0].get("env", [])
    }


def mounts(pod: Mapping[str, Any], folder: str) -> dict[str, bool]:
    """The claim that is mounted at `folder`, if any, and whether the mount is writable."""
    claims = {
        volume["name"]: volume.get("persistentVolumeClaim", {}).get("claimName", "")
        for volume in pod["spec"]["volumes"]
    }
    return {
        claims[mount["name"]]: not mount.get("readOnly", False)
        for mount in pod["spec"]["containers"][0]["volumeMounts"]
        if mount["mountPath"] == folder
    }
