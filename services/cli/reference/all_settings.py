"""Every setting there is: for `.env.example`, and to notice a misspelt one."""

import inspect
import textwrap
from functools import cache
from typing import Any

from pydantic import BaseModel

from services.assessor.config import AssessorSettings
from services.local.config import LocalSettings
from services.monitor.config import MonitorSettings
from services.ops.config import OpsSettings
from services.profile.config import ProfileSettings
from services.retrain.config import RetrainSettings
from services.retrain.jobs.settings import JobSettings
from services.retrain.registry.settings import RegistrySettings
from shared.images.settings import ImageSettings
from shared.messaging.client.settings import MessagingSettings
from shared.settings import PREFIX, attribute_docstrings
from shared.store.settings import StoreSettings
from shared.vlm.settings import ModelSettings

GROUPS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("One machine", LocalSettings),
    ("Kafka", MessagingSettings),
    ("The model", ModelSettings),
    ("Images", ImageSettings),
    ("The store", StoreSettings),
    ("Profile service", ProfileSettings),
    ("Assessor service", AssessorSettings),
    ("Retrain service", RetrainSettings),
    ("Nights", JobSettings),
    ("Dashboard and gateway", OpsSettings),
    ("The registry", RegistrySettings),
    ("Monitor service", MonitorSettings),
)
WIDTH = 98


@cache
def known_variables() -> frozenset[str]:
    """Names of all variables that some part of Preferstream reads."""
    return frozenset(variable(name) for _, group in GROUPS for name in group.model_fields)


def variable(field: str) -> str:
    return f"{PREFIX}{field}".upper()


def env_example() -> str:
    """The text of `.env.example`: each variable once, with its reason and its default."""
    told: set[str] = set()
    lines = [
        "# Every setting of Preferstream, with its default. Copy the lines you change to `.env`.",
        "# Written by `python -m services.cli.reference.all_settings --write`.",
    ]
    for title, group in GROUPS:
        lines += ["", f"# {title}"]
        for name, field in group.model_fields.items():
            if name in told:
                continue
            told.add(name)
            reason = inspect.cleandoc(attribute_docstrings(group).get(name, ""))
            lines += [""] + [f"# {line}" for line in textwrap.wrap(reason, WIDTH)]
            lines.append(
                f"# {variable(name)}={_plain(field.get_default(call_default_factory=True))}"
            )
    return "\n".join(lines) + "\n"


def _plain(default: Any) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ":".join(str(part) for part in default)
    return str(getattr(default, "value", default))


if __name__ == "__main__":
    import sys
    from pathlib import Path

    if "--write" in sys.argv:
        Path(".env.example").write_text(env_example(), encoding="utf-8")
    else:
        print(env_example(), end="")
