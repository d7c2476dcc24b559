"""Read bodies as strictly as events from Kafka are read, and say in the document what they hold."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.ops.http.problems import Problem
from shared.domain.errors import Unprocessable
from shared.domain.taste import Value
from shared.events.wire.strict_json import read_object

BodyT = TypeVar("BodyT", bound=Value)
REF = "#/components/schemas/{model}"
JSON = "application/json"


def body_of(model: type[BodyT]) -> Callable[[Request], Awaitable[BodyT]]:
    """A dependency: the request's body as `model`."""

    async def read(request: Request) -> BodyT:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            raise Problem(415, "not-json", f"Send JSON with Content-Type: {JSON}.")
        try:
            fields = read_object(await request.body())
        except Unprocessable as error:
            raise Problem(400, error.reason.replace("_", "-"), error.detail) from None
        try:
            # As JSON text, since strict validation of JSON takes arrays and texts for what they
            # mean.
            return model.model_validate_json(json.dumps(fields), strict=True)
        except ValidationError as error:
            raise faults_of(error, "body") from None

    return read


def faults_of(error: ValidationError, *at: str | int) -> RequestValidationError:
    """What is wrong with a part of the request, without what was sent."""
    found = error.errors(include_url=False, include_input=False)
    return RequestValidationError([{**fault, "loc": (*at, *fault["loc"])} for fault in found])


def takes(model: type[Value]) -> dict[str, Any]:
    """What the OpenAPI document says of a body that `body_of` reads."""
    schema = {"$ref": REF.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}}}}
