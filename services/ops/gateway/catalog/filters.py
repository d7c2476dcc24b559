"""Read the conditions on catalog images from the query string; an unknown parameter is an error."""

import json
from collections.abc import Collection
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from pydantic import ValidationError

from services.ops.gateway.request_body import validation_error
from services.ops.http.problems import Problem
from shared.domain.errors import Unprocessable
from shared.domain.images.catalog_filter import CatalogFilter
from shared.events.wire.strict_json import read_object

LISTS: Final = frozenset({"tags_any", "tags_all", "tags_none", "author_ids", "not_author_ids"})
TIMES: Final = frozenset({"created_after", "created_before"})
Values = Annotated[list[str] | None, Query(description="A field of the filter; may be repeated.")]
Time = Annotated[str | None, Query(description="A field of the filter: RFC 3339 with a zone.")]


def _filter(
    http: Request,
    filter: Annotated[
        str | None,
        Query(description="The filter as a JSON object, as in `from_catalog.filter`."),
    ] = None,
    tags_any: Values = None,
    tags_all: Values = None,
    tags_none: Values = None,
    author_ids: Values = None,
    not_author_ids: Values = None,
    created_after: Time = None,
    created_before: Time = None,
) -> CatalogFilter:
    fields: dict[str, Any] = {
        name: http.query_params.getlist(name) for name in LISTS if name in http.query_params
    }
    fields |= {name: http.query_params[name] for name in TIMES if name in http.query_params}
    if filter is not None and fields:
        raise Problem(
            422, "invalid-filter", "filter and its single fields are both set; send one of both.",
        )  # fmt: skip
    place: tuple[str, ...] = ("query",)
    if filter is not None:
        place = ("query", "filter")
        try:
            fields = read_object(filter.encode())
        except Unprocessable as error:
            raise Problem(422, "invalid-filter", f"filter: {error.detail}.") from None
    try:
        return CatalogFilter.model_validate_json(json.dumps(fields), strict=True)
    except ValidationError as error:
        raise validation_error(error, *place) from None


QueryFilter = Annotated[CatalogFilter, Depends(_filter)]
"""The filter of a GET request."""


def check_parameters(http: Request, allowed: Collection[str]) -> None:
    """Raise a 422 for a parameter that is neither allowed nor a field of the filter."""
    check_no_filter(http, {*allowed, *LISTS, *TIMES, "filter"})


def check_no_filter(http: Request, allowed: Collection[str]) -> None:
    """Raise a 422 for a parameter that is not allowed.

    Ignoring a misspelled condition would let more images pass.
    """
    unknown = sorted(set(http.query_params) - set(allowed))
    if unknown:
        raise Problem(
            422, "unknown-parameter", f"There is no parameter {unknown[0][:80]!r}; the parameters"
            f" are {', '.join(sorted(allowed))}.",
        )  # fmt: skip
