"""The OpenAPI document: FastAPI's own, with the schemas of the bodies that we parse ourselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from services.ops.gateway.bodies import CandidatesBody, CorrectionBody, FeedbackBody
from services.ops.gateway.catalog.bodies import FeedBody, ImageBody
from services.ops.gateway.generation import PromptBody
from services.ops.gateway.request_body import REF
from services.ops.gateway.responses import ProblemBody
from shared.domain.taste import Value

BODIES: tuple[type[Value], ...] = (
    CandidatesBody, CorrectionBody, FeedbackBody, FeedBody, ImageBody, PromptBody, ProblemBody,
)  # fmt: skip


def document(app: FastAPI) -> dict[str, Any]:
    """Return the whole document. It is built once."""
    if app.openapi_schema is None:
        openapi = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _, bodies = models_json_schema(
            [(model, "validation") for model in BODIES], ref_template=REF
        )
        schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
        for name, schema in bodies["$defs"].items():
            schemas.setdefault(name, schema)
        app.openapi_schema = openapi
    return app.openapi_schema
