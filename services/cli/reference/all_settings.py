"""List every setting, for `.env.example` and to detect misspelled variables."""

import textwrap
from functools import cache
from typing import Any

from pydantic import BaseModel

from services.assessor.config import AssessorSettings
from services.catalog.config import CatalogSettings
from services.cli.catalog.gateway import GatewaySettings
from services.local.config import LocalSettings
from services.mcp.settings import McpSettings
from services.monitor.config import MonitorSettings
from services.ops.config import OpsSettings
from services.profile.config import ProfileSettings
from services.retrain.config import RetrainSettings
from services.retrain.jobs.settings import JobSettings
from services.retrain.registry.settings import RegistrySettings
from shared.embedding.audience.settings import AudienceSettings
from shared.embedding.images.encoders.settings import ImageEncoderSettings
from shared.embedding.images.settings import SubjectSettings
from shared.images.settings import ImageSettings
from shared.messaging.client.settings import MessagingSettings
from shared.prompting.text_to_image.settings import GenerationSettings
from shared.settings import PREFIX
from shared.store.settings import StoreSettings
from shared.vlm.settings import ModelSettings

GROUPS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("One machine", LocalSettings),
    ("Kafka", MessagingSettings),
    ("The model", ModelSettings),
    ("Text-to-image server", GenerationSettings),
    ("Images", ImageSettings),
    ("Ranking by subject", SubjectSettings),
    ("The image encoder", ImageEncoderSettings),
    ("The store", StoreSettings),
    ("Profile service", ProfileSettings),
    ("Assessor service", AssessorSettings),
    ("Catalog service", CatalogSettings),
    ("The audience of a new image", AudienceSettings),
    ("Retrain service", RetrainSettings),
    ("Training jobs", JobSettings),
    ("Dashboard and gateway", OpsSettings),
    ("The command line", GatewaySettings),
    ("MCP server", McpSettings),
    ("The model registry", RegistrySettings),
    ("Monitor service", MonitorSettings),
)
WIDTH = 98


@cache
def known_variables() -> frozenset[str]:
    """Names of all variables that Preferstream reads."""
    return frozenset(variable(name) for _, group in GROUPS for name in group.model_fields)


def variable(field: str) -> str:
    """Environment variable of a settings field."""
    return f"{PREFIX}{field}".upper()


def env_example() -> str:
    """Text of `.env.example`: each variable once, with its description and default."""
    listed: set[str] = set()
    lines = [
        "# Every setting of Preferstream, with its default. Copy the lines you change to `.env`.",
        "# Written by `python -m services.cli.reference.all_settings --write`.",
    ]
    for title, group in GROUPS:
        lines += ["", f"# {title}"]
        for name, field in group.model_fields.items():
            if name in listed:
                continue
            listed.add(name)
            description = field.description or ""
            lines += [""] + [f"# {line}" for line in textwrap.wrap(description, WIDTH)]
            lines.append(
                f"# {variable(name)}={_as_text(field.get_default(call_default_factory=True))}"
            )
    return "\n".join(lines) + "\n"


def _as_text(default: Any) -> str:
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
