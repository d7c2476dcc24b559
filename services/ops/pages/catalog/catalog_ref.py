"""Identify the tenant and the image of a page of the catalog, and check the caller's tenant."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import AfterValidator, TypeAdapter, ValidationError

from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from shared.domain.images.image_key import ImageKey
from shared.events import DEFAULT_TENANT
from shared.events.types.fields import Identifier

_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)
Text = Annotated[str | None, Query(max_length=256)]


def _tenant(principal: Reader, tenant: Text = None) -> str:
    return _valid(tenant_for(principal, tenant or None))


def _image(
    principal: Reader, image: Annotated[str, Query(max_length=1024)], tenant: Text = None
) -> ImageKey:
    return ImageKey(_tenant(principal, tenant), _valid(image))


def _optional(text: str | None) -> str | None:
    return _valid(text) if text else text


OptionalId = Annotated[Text, AfterValidator(_optional)]
"""A user, an author, a tag or an image in the query string of a page; an empty field is none."""
PageTenant = Annotated[str, Depends(_tenant)]
"""The tenant in the query string of a page, else that of the token."""
PageImage = Annotated[ImageKey, Depends(_image)]
"""The image in the query string of a page."""


def address(page: str, tenant: str, **parameters: str) -> str:
    """The address of a page of the catalog; the default tenant is left out."""
    if tenant != DEFAULT_TENANT:
        parameters["tenant"] = tenant
    query = urlencode(parameters)
    return f"{page}?{query}" if query else page


def _valid(text: str) -> str:
    try:
        return _IDENTIFIER.validate_python(text)
    except ValidationError as error:
        detail = "Ids and tags must have 1-256 printable characters."
        raise Problem(422, "invalid-id", detail) from error
