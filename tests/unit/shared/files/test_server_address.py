"""The address of a server from a setting has no route and no password."""

import pytest

from shared.files.server_address import server_address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://m:8000", "http://m:8000/"),
        ("http://m:8000/v1/", "http://m:8000/"),
        ("https://m/models/v1?x=1#y", "https://m/models"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/"),
    ],
)
def test_an_address_is_read_without_its_route(address: str, expected: str) -> None:
    assert server_address(address, setting="MODEL_SERVER") == expected


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://me:hunter2@m:8000", "put the key into PREFERSTREAM_X_KEY"),
        ("http://hunter2@m", "contains a user or a password"),
        ("http://@m", "contains a user or a password"),
        ("http://m:hunter2/", "is no address of a server"),
        ("http:///v1", "names no host"),
    ],
)
def test_a_bad_address_is_named_by_its_setting(address: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        server_address(address, setting="X")
    assert "PREFERSTREAM_X" in str(refused.value)
    assert "me:hunter2" not in str(refused.value)
