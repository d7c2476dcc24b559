"""The OpenAPI document: what FastAPI knows of the endpoints, and the bodies we read ourselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from services.ops.gateway.bodies import CandidatesBody, CorrectionBody, FeedbackBody
from services.ops.gateway.request_body import REF
from services.ops.gateway.responses import ProblemBody
from shared.domain.taste import Value

BODIES: tuple[type[Value], ...] = (CandidatesBody, CorrectionBody, FeedbackBody, ProblemBody)


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once."""
    if app.openapi_schema is None:
        told = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _, bodies = models_json_schema(
            [(model, "validation") for model in BODIES], ref_template=REF
        )
        schemas = told.setdefault("components", {}).setdefault("schemas", {})
        for name, schema in bodies["$defs"].items():
            schemas.setdefault(name, schema)
        app.openapi_schema = told
    return app.openapi_schema
