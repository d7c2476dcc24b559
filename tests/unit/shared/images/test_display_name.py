"""An address in a message is short and contains no secret."""

import pytest

from shared.images.display_name import short


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://images.example/a.png", "https://images.example/a.png"),
        ("https://images.example/a.png?X-Signature=abc", "https://images.example/a.png?…"),
        ("https://bob:hunter2@images.example/a.png", "https://…@images.example/a.png"),
        ("ftp://bob:hunter2@images.example/", "ftp://…@images.example/"),
        ("https://bob:hunter2@[::1/?secret", "https://…@[::1/?…"),
        ("data:image/png;base64,AAAA", "data:image/png;base64,… (26 characters)"),
        ("DATA:image/png;base64,AAAA", "DATA:image/png;base64,… (26 characters)"),
        ("a\nb\x1b[31m", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m"),
    ],
)
def test_an_address_is_shortened_without_its_secrets(uri: str, expected: str) -> None:
    assert short(uri) == expected


@pytest.mark.parametrize("uri", ["https://h/" + "a" * 500, "data:" + "a" * 500, "x" * 500])
def test_a_long_address_is_cut_to_120_characters(uri: str) -> None:
    assert len(short(uri)) <= 120
