"""Parse request bodies as strictly as events from Kafka, and describe them for OpenAPI."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.ops.http.problems import Problem
from shared.domain.errors import Unprocessable
from shared.domain.taste import Value
from shared.events.wire.bad_candidates import without_bad_candidates
from shared.events.wire.strict_json import read_object

BodyT = TypeVar("BodyT", bound=Value)
REF = "#/components/schemas/{model}"
JSON = "application/json"


def body_of(model: type[BodyT]) -> Callable[[Request], Awaitable[BodyT]]:
    """Return a FastAPI dependency that parses the request body as `model`."""

    async def read(request: Request) -> BodyT:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            raise Problem(415, "not-json", f"Send JSON with Content-Type: {JSON}.")
        try:
            fields = read_object(await request.body())
        except Unprocessable as error:
            raise Problem(400, error.reason.replace("_", "-"), error.detail) from None
        try:
            # Validate JSON text: strict mode accepts a JSON array as a tuple, and text as a date.
            return model.model_validate_json(json.dumps(fields), strict=True)
        except ValidationError as error:
            kept = without_bad_candidates(fields)
            if kept is None:
                raise validation_error(error, "body") from None
        try:
            return model.model_validate_json(json.dumps(kept), strict=True)
        except ValidationError as error:
            raise validation_error(error, "body") from None

    return read


def body_or_default(model: type[BodyT]) -> Callable[[Request], Awaitable[BodyT]]:
    """Like `body_of`, for a body whose fields all have defaults: an empty body is allowed."""
    read_body = body_of(model)

    async def read(request: Request) -> BodyT:
        if not await request.body():
            return model()
        return await read_body(request)

    return read


def validation_error(error: ValidationError, *path: str | int) -> RequestValidationError:
    """Return the errors of the request part at `path`, without the input."""
    errors = error.errors(include_url=False, include_input=False)
    return RequestValidationError([{**item, "loc": (*path, *item["loc"])} for item in errors])


def request_schema(model: type[Value], *, is_required: bool = True) -> dict[str, Any]:
    """Return the OpenAPI description of a body that `body_of` parses."""
    schema = {"$ref": REF.format(model=model.__name__)}
    return {"requestBody": {"required": is_required, "content": {JSON: {"schema": schema}}}}
