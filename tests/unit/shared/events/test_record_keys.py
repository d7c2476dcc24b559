"""No two users of any two tenants share a record key."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.events.types.base import record_key
from shared.events.types.fields import Identifier


def test_the_key_of_the_default_tenant_is_the_user_id() -> None:
    assert record_key(tenant="default", user_id="u-1") == "u-1"


def test_equal_ids_of_two_tenants_stay_two_users() -> None:
    keys = {record_key(tenant=tenant, user_id="u-1") for tenant in ("default", "a", "b")}
    assert len(keys) == 3


def test_no_identifier_can_contain_the_separator() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Identifier).validate_python("a\x1fb")
